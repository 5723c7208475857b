"""What xgboost is asked for: parameters, metrics and early stopping, made from hyperparameters; and the call itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xgboost

from . import callbacks, container_metrics
from .metric_names import HIGHER_IS_BETTER, OF_CONTAINER

MODEL = "xgboost-model"
_FOR_US = ("num_round", "save_model_on_termination", "_tuning_objective_metric", "early_stopping_rounds", "_kfold")


@dataclass(frozen=True, kw_only=True)
class Data:
    """The matrices: ``both`` has the rows of train and validation, for cross-validation."""

    train: Any
    validation: Any | None
    both: Any | None = None


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where results go. ``checkpoints`` is None without a CheckpointConfig."""

    model: Path
    output: Path
    checkpoints: str | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What xgboost is asked for, made from hyperparameters."""

    parameters: dict[str, Any]
    rounds: int
    metrics: list[str]  # that the container computes
    stop_metric: str | None
    stop_rounds: int | None
    saves_on_termination: bool

    @property
    def custom_metric(self) -> Any:
        return container_metrics.evaluate(self.metrics) if self.metrics else None

    @property
    def draws(self) -> bool:
        """Whether rounds draw at random, so that one that goes on elsewhere would draw other numbers."""
        shares = ("subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode")
        return self.parameters.get("booster") == "dart" or any(self.parameters.get(name, 1) < 1 for name in shares)


def make_plan(values: Mapping[str, Any]) -> Plan:
    """Divide hyperparameters into what xgboost takes and what the training does."""
    parameters = {name: value for name, value in values.items() if name not in _FOR_US}
    if "updater" in parameters:
        parameters["updater"] = ",".join(parameters["updater"])
    asked = values.get("eval_metric")
    tuned = values["_tuning_objective_metric"].partition(":")[2].split(",") if _is_tuned(values) else None
    names = sorted({*(asked or ()), *tuned}) if tuned and asked else (tuned or asked or [])
    builtin = [name for name in names if name not in OF_CONTAINER]
    parameters.pop("eval_metric", None)
    if builtin:
        parameters["eval_metric"] = builtin
    stop_rounds = values.get("early_stopping_rounds")
    return Plan(
        parameters=parameters,
        rounds=values["num_round"],
        metrics=[name for name in names if name in OF_CONTAINER],
        stop_metric=(tuned or asked or [None])[-1] if stop_rounds else None,
        stop_rounds=stop_rounds,
        saves_on_termination=values.get("save_model_on_termination") == "true",
    )


def _is_tuned(values: Mapping[str, Any]) -> bool:
    return "_tuning_objective_metric" in values


def boost(plan: Plan, matrix: Any, data: Data, **more: Any) -> Any:
    """Train a model on a matrix, evaluated on the whole channels."""
    evaluated = [(data.train, "train")] + ([(data.validation, "validation")] if data.validation is not None else [])
    return xgboost.train(
        dict(plan.parameters), matrix, evals=evaluated, custom_metric=plan.custom_metric, verbose_eval=False, **more
    )


def stop_early(plan: Plan, data: Data) -> list[Any]:
    """Early stopping, where hyperparameters and data allow it."""
    if plan.stop_metric is None or plan.stop_rounds is None or data.validation is None:
        return []
    maximize = plan.stop_metric in HIGHER_IS_BETTER
    return [callbacks.StopEarly(rounds=plan.stop_rounds, metric=plan.stop_metric, maximize=maximize)]
