"""The metrics that the container computes itself, on numbers that can be worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

numpy = pytest.importorskip("numpy")
container_metrics = pytest.importorskip("simple_sagemaker.local.xgboost_algorithm.container_metrics")


class Matrix:
    """What a metric asks of a matrix."""

    def __init__(self, labels: list[float]) -> None:
        self._labels = numpy.array(labels)

    def get_label(self) -> Any:
        return self._labels


def value(name: str, labels: list[float], predictions: list[Any]) -> float:
    ((named, found),) = container_metrics.evaluate([name])(numpy.array(predictions), Matrix(labels))
    assert named == name
    return float(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("mse", 1.25), ("rmse", math.sqrt(1.25)), ("mae", 0.75), ("r2", 1 - 5 / 5)],
)
def test_errors_are_of_the_predictions_as_they_are(name: str, expected: float) -> None:
    assert value(name, [1, 2, 3, 4], [1, 3, 3, 2]) == pytest.approx(expected)
    assert value(name, [1, 2, 3, 4], [[1], [3], [3], [2]]) == pytest.approx(expected)


def test_the_share_of_what_is_explained_has_its_special_cases() -> None:
    assert value("r2", [2, 2], [2, 2]) == 1.0
    assert value("r2", [2, 2], [1, 2]) == 0.0
    assert math.isnan(value("r2", [2], [2]))
    with pytest.raises(ValueError, match=r"different number of output \(1!=2\)"):
        value("mse", [1, 2], [[1, 2], [3, 4]])


# labels 1 1 0 0 1, classes 1 0 1 0 1: right 1: 2 of 3 predicted, of 3 actual; right 0: 1 of 2 and of 2
LABELS: list[float] = [1, 1, 0, 0, 1]
CLASSES = [0.3, -0.1, 0.9, 0.0, 2.0]  # above 0 is class 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 3 / 5),
        ("balanced_accuracy", (2 / 3 + 1 / 2) / 2),
        ("precision", 2 / 3),
        ("recall", 2 / 3),
        ("f1_binary", 2 / 3),
        ("f1", (2 / 3 + 1 / 2) / 2),
        ("f1_macro", (2 / 3 + 1 / 2) / 2),
        ("precision_macro", (2 / 3 + 1 / 2) / 2),
        ("precision_micro", 3 / 5),
        ("recall_macro", (2 / 3 + 1 / 2) / 2),
        ("recall_micro", 3 / 5),
    ],
)
def test_of_two_classes_those_above_nothing_are_the_second(name: str, expected: float) -> None:
    assert value(name, LABELS, CLASSES) == pytest.approx(expected)


def test_of_several_classes_the_likeliest_is_meant() -> None:
    likely = [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.2, 0.5, 0.3]]
    assert value("accuracy", [2, 0, 0], likely) == pytest.approx(2 / 3)
    assert value("recall_macro", [2, 0, 0], likely) == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert value("precision_macro", [2, 0, 0], likely) == pytest.approx((1 + 0 + 1) / 3)
    for name in ("precision", "recall", "f1_binary"):
        with pytest.raises(ValueError, match="Target is multiclass but average='binary'"):
            value(name, [2, 0, 0], likely)


def test_classes_that_are_missing_count_as_nothing() -> None:
    assert value("precision", [0, 0], [-1, -1]) == 0.0
    assert value("recall", [1, 1], [-1, -1]) == 0.0
    assert value("accuracy", [], []) == 0.0
    with pytest.raises(ValueError, match="pos_label=1 is not a valid label"):
        value("precision", [0, 2], [-1, -1])


def test_what_is_no_class_is_told() -> None:
    with pytest.raises(ValueError, match="a mix of continuous and binary targets"):
        value("accuracy", [0.5, 1], [1, -1])
    with pytest.raises(ValueError, match="a mix of continuous and multiclass targets"):
        value("accuracy", [0.5, 1, 2], [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(ValueError, match="No metric named: nothing"):
        value("nothing", [0, 1], [1, -1])


def test_several_metrics_come_in_the_order_asked_for() -> None:
    found = container_metrics.evaluate(["mae", "mse"])(numpy.array([1.0, 3.0]), Matrix([1, 1]))
    assert found == [("mae", 1.0), ("mse", 2.0)]
