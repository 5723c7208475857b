"""What happens after each round: its line, early stopping, a checkpoint, the model so far."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from xgboost import collective
from xgboost.callback import EarlyStopping, TrainingCallback

from . import checkpoints


class Lines(TrainingCallback):  # type: ignore[misc]
    """Prints a round's metrics, as xgboost's own monitor does, with rounds counted through interruptions.

    ``first`` is the number of the first round that runs here, ``silent`` the number of those at the beginning that an
    earlier attempt has printed.
    """

    def __init__(self, *, first: int, silent: int) -> None:
        super().__init__()
        self._first = first
        self._silent = silent

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        del model
        if evals_log and epoch >= self._silent and collective.get_rank() == 0:
            scores = [
                f"\t{data}-{name}:{values[-1]:.5f}"
                for data, metrics in evals_log.items()
                for name, values in metrics.items()
            ]
            print(f"[{epoch + self._first}]{''.join(scores)}", flush=True)
        return False


class StopEarly(EarlyStopping):  # type: ignore[misc]
    """xgboost's early stopping, which knows after an interruption what the best round was."""

    def __init__(self, *, rounds: int, metric: str, maximize: bool) -> None:
        super().__init__(rounds=rounds, data_name="validation", metric_name=metric, maximize=maximize, save_best=True)

    def before_training(self, model: Any) -> Any:
        model = super().before_training(model)
        best, score = model.attr("best_iteration"), model.attr("best_score")
        if best is not None and score is not None:
            self.stopping_history = {self.data: {self.metric_name: [float(score)]}}
            self.best_scores = {self.data: {self.metric_name: [float(score)]}}
            self.current_rounds = self.starting_round - 1 - int(best)
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Stop before a round where the earlier attempt had stopped after its last."""
        del model, epoch, evals_log
        return bool(self.current_rounds >= self.rounds)


class SaveCheckpoints(TrainingCallback):  # type: ignore[misc]
    """Writes a checkpoint after each round but the first ``silent``."""

    def __init__(self, folder: str, *, first: int, silent: int) -> None:
        super().__init__()
        self._folder = folder
        self._first = first
        self._silent = silent

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        del evals_log
        if epoch >= self._silent:
            checkpoints.save(model, self._folder, epoch + self._first)
        return False


class SaveModel(TrainingCallback):  # type: ignore[misc]
    """Keeps the model of the newest round at ``place``."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self._place = place

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        del epoch, evals_log
        save_model(model, self._place)
        return False


def save_model(booster: Any, place: Path) -> None:
    """Write a model as UBJSON, at once or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = place.with_name(f".{place.name}.part")
    scratch.write_bytes(booster.save_raw(raw_format="ubj"))
    os.replace(scratch, place)
