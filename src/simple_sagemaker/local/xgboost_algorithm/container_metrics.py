"""The metrics that the container computes itself, by scikit-learn's definitions, in numpy.

https://scikit-learn.org/stable/modules/model_evaluation.html. They get predictions as xgboost 3 hands them over: after
its transformation. So with binary:logistic every probability above 0 counts as class 1, here as on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .metric_names import CLASSES, ERRORS

_BINARY_ONLY = (
    "Target is multiclass but average='binary'. Please choose another average setting, one of "
    "[None, 'micro', 'macro', 'weighted']."
)


def evaluate(names: Sequence[str]) -> Callable[[Any, Any], list[tuple[str, float]]]:
    """A function for xgboost that computes these metrics, in this order, from predictions and a matrix."""

    def compute(predictions: Any, matrix: Any) -> list[tuple[str, float]]:
        labels = matrix.get_label()
        return [(name, _compute(name, labels, predictions)) for name in names]

    return compute


def _compute(name: str, labels: Any, predictions: Any) -> float:
    if name in ERRORS:
        return _error(name, labels, predictions)
    if predictions.size == 0:
        return 0.0
    classes = np.argmax(predictions, axis=-1) if predictions.ndim > 1 else (predictions > 0.0).astype(int)
    return _of_classes(name, labels, classes)


def _error(name: str, labels: Any, predictions: Any) -> float:
    """Errors are computed in the labels' own precision, as scikit-learn does."""
    truth = labels.reshape(-1, 1)
    columns = predictions.reshape(len(predictions), -1)
    if columns.shape[1] != 1:
        raise ValueError(f"y_true and y_pred have different number of output (1!={columns.shape[1]})")
    if name == "mae":
        return float(np.average(np.abs(columns - truth), axis=0)[0])
    if name == "r2":
        if len(truth) < 2:
            return float("nan")
        residual = ((truth - columns) ** 2).sum(axis=0)[0]
        total = ((truth - np.average(truth, axis=0)) ** 2).sum(axis=0)[0]
        return float(1 - residual / total) if total else float(not residual)
    mean_square = np.average((truth - columns) ** 2, axis=0)[0]
    return float(np.sqrt(mean_square) if name == "rmse" else mean_square)


def _of_classes(name: str, labels: Any, classes: Any) -> float:
    if name not in CLASSES:
        raise ValueError(f"No metric named: {name}")
    present = np.union1d(labels, classes)
    if np.any(labels != labels.astype(int)):
        kind = "binary" if len(np.unique(classes)) <= 2 else "multiclass"
        raise ValueError(f"Classification metrics can't handle a mix of continuous and {kind} targets")
    if name == "accuracy":
        return float(np.average(labels == classes))
    right = np.array([np.sum((labels == one) & (classes == one)) for one in present], dtype=float)
    predicted = np.array([np.sum(classes == one) for one in present], dtype=float)
    actual = np.array([np.sum(labels == one) for one in present], dtype=float)
    if name == "balanced_accuracy":
        return float(np.mean((right / actual)[actual > 0])) if np.any(actual > 0) else float("nan")
    measure, _, average = name.partition("_")
    average = average or ("macro" if measure == "f1" else "binary")
    if average == "micro":
        right, predicted, actual = right.sum(keepdims=True), predicted.sum(keepdims=True), actual.sum(keepdims=True)
    scores = {
        "precision": lambda: _divide(right, predicted),
        "recall": lambda: _divide(right, actual),
        "f1": lambda: _divide(2 * right, predicted + actual),
    }[measure]()
    return float(_one_class(present, scores)) if average == "binary" else float(np.average(scores))


def _one_class(present: Any, scores: Any) -> float:
    """The score of class 1, where there are two. Raises ValueError."""
    if len(present) > 2:
        raise ValueError(_BINARY_ONLY)
    if 1 not in present:
        if len(present) == 2:
            raise ValueError(f"pos_label=1 is not a valid label. It should be one of {present}")
        return 0.0
    return float(scores[list(present).index(1)])


def _divide(above: Any, below: Any) -> Any:
    """Quotients, and 0 where nothing is to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
