"""What a training will do that its author may not expect: which is said when, and where it holds."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.xgboost_algorithm import caveats
from simple_sagemaker.local.xgboost_algorithm.caveats import Caveat


def found(
    *, has_validation: bool = True, image: str = "", has_checkpoints: bool = False, **values: Any
) -> list[Caveat]:
    return caveats.find(values, has_validation=has_validation, image=image, has_checkpoints=has_checkpoints)


def codes(**asked: Any) -> list[str]:
    return [one.code for one in found(**asked)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"objective": "binary:logistic", "eval_metric": ["accuracy", "error"]}, ["metric-on-probabilities"]),
        ({"objective": "reg:logistic", "eval_metric": ["f1", "error"]}, ["metric-on-probabilities"]),
        ({"objective": "binary:logitraw", "eval_metric": ["f1", "error"]}, []),
        ({"objective": "binary:logistic", "eval_metric": ["mse", "error"]}, []),
        ({"eval_metric": ["mse", "r2"]}, ["default-metric"]),
        ({"eval_metric": ["rmsle"]}, []),
        ({"eval_metric": ["mse", "rmsle"]}, []),
        ({"eval_metric": ["mse", "rmsle", "mape"]}, ["metric-order"]),
        ({"eval_metric": ["rmsle", "mape"]}, []),
        ({"eval_metric": ["rmsle", "mape"], "_tuning_objective_metric": "validation:mse"}, ["metric-order"]),
        ({"_tuning_objective_metric": "validation:mse"}, ["default-metric"]),
        ({"early_stopping_rounds": 2, "eval_metric": ["auc"]}, []),
        ({"early_stopping_rounds": 2, "eval_metric": ["auc", "ndcg@3"]}, ["early-stopping-direction"]),
        ({"early_stopping_rounds": 2, "eval_metric": ["ndcg@3", "auc"]}, []),  # the last one decides
        ({"early_stopping_rounds": 2, "eval_metric": ["error@0.3"]}, []),  # lower is better
        ({"early_stopping_rounds": 2}, ["no-early-stopping"]),
        ({"predictor": "auto", "dsplit": "row"}, ["unused"]),
        ({"interaction_constraints": "[[0, 1]]"}, ["interaction-constraints"]),
        ({"interaction_constraints": ""}, []),
        ({"_kfold": 3}, ["random-folds"]),
    ],
)
def test_each_thing_is_said_where_it_holds_and_nowhere_else(values: dict[str, Any], expected: list[str]) -> None:
    assert codes(**values) == expected


def test_early_stopping_says_what_it_lacks() -> None:
    (one,) = found(has_validation=False, early_stopping_rounds=2, eval_metric=["rmsle"])
    assert one.text == "early_stopping_rounds is ignored without a validation channel."
    (one,) = found(early_stopping_rounds=2)
    assert one.text == "early_stopping_rounds is ignored without eval_metric."


def test_the_better_objective_is_named() -> None:
    (one,) = found(objective="binary:logistic", eval_metric=["accuracy", "f1", "error"])
    assert one.text.startswith("accuracy, f1 with binary:logistic counts")
    assert "binary:logitraw makes it right" in one.text
    one, _ = found(objective="multi:softmax", eval_metric=["f1"])
    assert "multi:softprob makes it right" in one.text
    (one,) = found(predictor="auto", dsplit="row")
    assert one.text == "xgboost 3 does not use predictor, dsplit."


def test_checkpoints_go_on_here_and_not_on_aws() -> None:
    (one,) = found(has_checkpoints=True)
    assert (one.code, one.here, one.on_aws) == ("no-resume", False, True)
    assert codes(has_checkpoints=True, _kfold=3) == ["no-resume", "folds-and-checkpoints", "random-folds"]
    assert not any(one.here for one in found(has_checkpoints=True, _kfold=3))


@pytest.mark.parametrize(
    ("image", "objective", "says"),
    [
        ("r/xgboost:3.2-0", "multi:softmax", None),
        ("r/xgboost", "", None),
        ("", "", None),
        ("r/xgboost:3.0-5", "reg:squarederror", None),
        ("r/xgboost:3.0-5", "multi:softmax", "begin with another base score"),
        ("r/xgboost:1.3-1", "", "UBJSON and not the binary format"),
        ("r/xgboost:1.5-1-cpu-py3", "", "The image is of 1.5-1;"),
        ("r/xgboost:1.2-2", "", "UBJSON and not a pickle"),
    ],
)
def test_another_version_of_the_image_is_told(image: str, objective: str, says: str | None) -> None:
    versions = found(image=image, objective=objective)
    assert (len(versions) == 1) == (says is not None)
    if says:
        assert (versions[0].code, versions[0].here, versions[0].on_aws) == ("other-version", True, False)
        assert says in versions[0].text


def test_the_differences_are_what_only_one_side_does() -> None:
    assert [(one.code, one.here) for one in caveats.differences()] == [
        *(("metric-order", False), ("no-resume", False), ("folds-and-checkpoints", False), ("random-folds", False)),
        ("other-version", True),
    ]
