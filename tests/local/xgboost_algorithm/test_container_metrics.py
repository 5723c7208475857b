"""The container's metrics are scikit-learn's, to the value and to the error."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from simple_sagemaker.local.xgboost_algorithm.metric_names import CLASSES, ERRORS

pytestmark = pytest.mark.xgboost


class Matrix:
    """What a metric asks of a matrix."""

    def __init__(self, labels: Any) -> None:
        self._labels = labels

    def get_label(self) -> Any:
        return self._labels


def learned(name: str) -> Callable[[Any, Any], Any]:
    """scikit-learn's function for a metric."""
    from sklearn import metrics

    special: dict[str, Callable[[Any, Any], Any]] = {
        "accuracy": metrics.accuracy_score,
        "balanced_accuracy": metrics.balanced_accuracy_score,
        "f1": lambda truth, guess: metrics.f1_score(truth, guess, average="macro"),
        "mse": metrics.mean_squared_error,
        "rmse": metrics.root_mean_squared_error,
        "mae": metrics.mean_absolute_error,
        "r2": metrics.r2_score,
    }
    if name in special:
        return special[name]
    measure, _, average = name.partition("_")
    function = getattr(metrics, f"{measure}_score")
    return lambda truth, guess: function(truth, guess, average=average or "binary")


def outcome(compute: Callable[[Any, Any], Any], *arguments: Any) -> Any:
    """A number, or the words of an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return round(float(compute(*arguments)), 5)
        except ValueError as error:
            return str(error).split("[", maxsplit=1)[0]


@pytest.mark.parametrize("name", [*CLASSES, *ERRORS])
def test_a_metric_is_scikit_learns(name: str) -> None:
    import numpy as np

    from simple_sagemaker.local.xgboost_algorithm.container_metrics import evaluate

    chance = random.Random(7)
    for _ in range(60):
        rows, classes = chance.randint(1, 40), chance.choice([1, 2, 3, 5])
        labels = np.array([chance.randrange(classes) for _ in range(rows)], dtype=np.float32)
        if chance.random() < 0.15:
            labels += np.float32(0.5)
        shape = (rows, 3) if classes > 2 and name in CLASSES else (rows,)
        scores = np.array([chance.uniform(-1, 1) for _ in range(int(np.prod(shape)))], dtype=np.float32).reshape(shape)
        guess = scores if name in ERRORS else scores.argmax(axis=-1) if len(shape) == 2 else (scores > 0).astype(int)
        ours = outcome(lambda predicted, truth: evaluate([name])(predicted, Matrix(truth))[0][1], scores, labels)
        theirs = outcome(learned(name), labels, guess)
        assert ours == pytest.approx(theirs, nan_ok=True) if isinstance(ours, float) else ours == theirs
