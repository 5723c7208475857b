"""Cross-validation: models of all folds, their mean metrics, and a prediction for each row by a model that lacks it.

As scikit-learn's RepeatedKFold and RepeatedStratifiedKFold divide
(https://scikit-learn.org/stable/modules/cross_validation.html), but drawn from the hyperparameter ``seed``: the
container draws other folds every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import callbacks
from .log import note
from .plan import MODEL, Data, Places, Plan, boost, stop_early


@dataclass(frozen=True, kw_only=True)
class Folds:
    """How rows are divided: ``count`` folds, ``repeats`` times. ``classes`` is whether labels are classes."""

    count: int
    repeats: int
    classes: bool
    seed: int
    matrix: Any

    @staticmethod
    def of(values: Mapping[str, Any], matrix: Any) -> Folds:
        """Read the division from hyperparameters. Raises AttributeError without an objective, as the container does."""
        objective = values.get("objective")
        if objective is None and not values.get("num_class"):
            raise AttributeError("'NoneType' object has no attribute 'startswith'")
        return Folds(
            count=values["_kfold"],
            repeats=values.get("_num_cv_round", 1),
            classes=bool(values.get("num_class")) or str(objective).startswith("binary:"),
            seed=values.get("seed", 0),
            matrix=matrix,
        )

    def divide(self) -> Iterator[tuple[Any, Any]]:
        """The rows to train on and the others, for each fold of each repeat. Raises ValueError for too few rows."""
        draw = np.random.default_rng(abs(self.seed))
        labels = self.matrix.get_label()
        if self.count > len(labels):
            raise ValueError(
                f"Cannot have number of splits n_splits={self.count} greater than the number of samples: "
                f"n_samples={len(labels)}."
            )
        for _ in range(self.repeats):
            of_row = self._stratified(labels, draw) if self.classes else self._plain(len(labels), draw)
            for fold in range(self.count):
                yield np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold)

    def _plain(self, rows: int, draw: Any) -> Any:
        """The fold of each row."""
        return draw.permutation(np.arange(rows) % self.count)

    def _stratified(self, labels: Any, draw: Any) -> Any:
        """The same, with each class divided evenly."""
        if np.any(labels != labels.astype(int)):
            raise ValueError("Supported target types are: ('binary', 'multiclass'). Got 'continuous' instead.")
        kinds, sizes = np.unique(labels, return_counts=True)
        if self.count > sizes.max():
            raise ValueError(f"n_splits={self.count} cannot be greater than the number of members in each class.")
        of_row: Any = np.empty(len(labels), dtype=int)
        dealt = 0
        for kind, size in zip(kinds, sizes, strict=True):
            of_row[labels == kind] = draw.permutation((dealt + np.arange(size)) % self.count)
            dealt += size
        return of_row


def cross_validate(plan: Plan, folds: Folds, data: Data, places: Places) -> dict[str, Any]:
    """Train a model for each fold; print and write what they come to. Returns the models by their files' names."""
    models: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    predictions = _Predictions(folds)
    note(f"Run {folds.repeats}-round of {folds.count}-fold cross validation with {folds.matrix.num_row()} rows")
    for inside, outside in folds.divide():
        result: dict[str, Any] = {}
        name = f"{MODEL}-{len(models)}"
        after: list[Any] = [callbacks.Lines(first=0, silent=0), *stop_early(plan, data)]
        if plan.saves_on_termination:
            after.append(callbacks.SaveModel(places.model / name))
        booster = boost(
            plan,
            folds.matrix.slice(inside),
            data,
            callbacks=after,
            num_boost_round=plan.rounds,
            evals_result=result,
        )
        models[name] = booster
        results.append(result)
        predictions.record(outside, booster.predict(folds.matrix.slice(outside)))
        if len(models) % folds.count == 0:
            _print_means(plan.rounds, results[-folds.count :])
    predictions.save(places)
    if folds.repeats > 1:
        _print_means(plan.rounds, results)
    return models


def _print_means(rounds: int, results: list[dict[str, Any]]) -> None:
    """A line of means over folds: by metric, then by channel, unlike the lines of rounds."""
    channels = [channel for channel in ("train", "validation") if channel in results[0]]
    fields = [
        f"\t{channel}-{metric}:{np.mean([result[channel][metric][-1] for result in results]):.5f}"
        for metric in results[0]["train"]
        for channel in channels
    ]
    print(f"[{rounds}]{''.join(fields)}", flush=True)


class _Predictions:
    """What each row was predicted to be, once in each repeat."""

    def __init__(self, folds: Folds) -> None:
        self._labels = folds.matrix.get_label()
        self._classes = folds.classes
        shape = (len(self._labels), folds.repeats)
        self._values, self._probabilities = np.zeros(shape), np.zeros(shape)
        self._counts: Any = np.zeros(len(self._labels), dtype=int)

    def record(self, rows: Any, predicted: Any) -> None:
        turns = self._counts[rows]
        if self._classes and predicted.ndim > 1:
            chosen = np.argmax(predicted, axis=-1)
            self._values[rows, turns] = chosen
            self._probabilities[rows, turns] = predicted[np.arange(len(chosen)), chosen]
        elif self._classes:
            self._values[rows, turns] = predicted > 0.5
            self._probabilities[rows, turns] = predicted
        else:
            self._values[rows, turns] = predicted
        self._counts[rows] += 1

    def save(self, places: Places) -> None:
        """Write label, probability (for classes) and prediction of each row."""
        columns = [self._labels]
        if self._classes:
            columns += [self._probabilities.mean(axis=1), _most_frequent(self._values)]
        else:
            columns.append(self._values.mean(axis=1))
        places.output.mkdir(parents=True, exist_ok=True)
        np.savetxt(places.output / "predictions.csv", np.column_stack(columns), delimiter=",", fmt="%f")


def _most_frequent(values: Any) -> Any:
    """The most frequent value of each row; of several, the smallest."""
    kinds = np.unique(values)
    counts = np.stack([(values == kind).sum(axis=1) for kind in kinds], axis=1)
    return kinds[np.argmax(counts, axis=1)]
