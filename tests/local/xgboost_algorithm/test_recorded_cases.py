"""A training here does as AWS's container did: the same lines, predictions and files, or the same failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.local.xgboost_algorithm.recorded import NAMES, Trained, prepare, recorded, train

pytestmark = pytest.mark.xgboost

FAILING = [name for name in NAMES if "error" in recorded(name)]
FOLDS = [name for name in NAMES if name.startswith("kfold")]  # drawn at random there
CHANCE = "gblinear-default-updater"  # whose updates race with each other
TRAINING = [name for name in NAMES if name not in {*FAILING, *FOLDS, CHANCE}]
# The container's text spells a generator's name letter by letter.
BETTER_SAID = {"bad-gblinear-tree-updater": "Linear updater should be one of these options: 'shotgun', 'coord_descent'"}
# Where the container computes metrics too, it prints xgboost's in an order that changes from run to run.
ANY_ORDER = {"custom-and-builtin-order", "gamma"}
NEAR = 1e-5


def fields(line: str) -> list[str]:
    return sorted(line.split("\t"))


@pytest.mark.parametrize("name", TRAINING)
def test_a_training_prints_predicts_and_leaves_what_awss_container_does(name: str, tmp_path: Path) -> None:
    case = recorded(name)
    trained = train(prepare(name, tmp_path / "ml"))
    assert trained.exit_status == 0, trained.errors
    if name in ANY_ORDER:
        assert [fields(line) for line in trained.lines] == [fields(line) for line in case["lines"]]
    else:
        assert trained.lines == case["lines"]
    assert sorted(path.name for path in (trained.base / "model").iterdir()) == sorted(case["model_files"])
    assert not (trained.base / "output" / "failure").exists()
    assert worst_prediction(name, trained) < NEAR


def worst_prediction(name: str, trained: Trained) -> float:
    """By how much a prediction of the model differs from the recorded one at most."""
    import numpy as np
    import xgboost

    from simple_sagemaker.local.xgboost_algorithm import channels, matrices

    case = recorded(name)
    booster = xgboost.Booster(model_file=bytearray(trained.model))
    worst = 0.0
    for path, rows in case["predictions"].items():
        expected: Any = np.array([[float(cell) for cell in row.split(",")] for row in rows.split()])
        file = str(trained.base / "input" / "data" / path)
        has_weights = case["hyperparameters"].get("csv_weights") == "1"
        matrix = matrices.read([file], channels.check(case["channels"]), has_weights=has_weights)
        predicted = booster.predict(matrix).reshape(expected.shape)
        worst = max(worst, float(np.abs(predicted - expected).max()))
    return worst


@pytest.mark.parametrize("name", FAILING)
def test_a_mistake_fails_as_on_aws_and_is_said_first(name: str, tmp_path: Path) -> None:
    error = recorded(name)["error"]
    trained = train(prepare(name, tmp_path / "ml"))
    assert trained.exit_status == 1
    assert trained.lines == []
    message = BETTER_SAID.get(name, error["message"])
    assert trained.failure.startswith(f"framework error: \n{error['type']}: {message}")
    assert not list((trained.base / "model").iterdir())


def test_an_updater_that_races_comes_near(tmp_path: Path) -> None:
    trained = train(prepare(CHANCE, tmp_path / "ml"))
    last, expected = (float(lines[-1].rpartition(":")[2]) for lines in (trained.lines, recorded(CHANCE)["lines"]))
    assert last == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("name", FOLDS)
def test_cross_validation_prints_and_leaves_as_much(name: str, tmp_path: Path) -> None:
    case = recorded(name)
    trained = train(prepare(name, tmp_path / "ml"))
    assert trained.exit_status == 0, trained.errors

    def shape(lines: list[str]) -> list[list[str]]:
        return [[field.partition(":")[0] for field in line.split("\t")] for line in lines]

    assert shape(trained.lines) == shape(case["lines"])
    assert sorted(path.name for path in (trained.base / "model").iterdir()) == sorted(case["model_files"])
    rows = (trained.base / "output" / "data" / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert [float(row.split(",")[0]) for row in rows] == case["output_labels"]
    assert train(prepare(name, tmp_path / "again")).lines == trained.lines
