"""Hyperparameters and channels are refused in the words of AWS's container, as it was recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.built_ins.algorithms import algorithm
from simple_sagemaker.local.xgboost_algorithm import caveats, channels, hyperparameters
from simple_sagemaker.local.xgboost_algorithm.errors import Failure
from simple_sagemaker.local.xgboost_algorithm.ranges import Interval
from tests.local.xgboost_algorithm.recorded import NAMES, recorded

# What only the data or the training itself shows.
_LATER = ("XGB train call failed", "Failed to load", "No data in", "First line", "Hidden file", "list index", "'SM_")
EARLY = [
    name
    for name in NAMES
    if (error := recorded(name).get("error"))
    and not error["message"].startswith(_LATER)
    and name not in {"bad-f1-binary-multiclass", "bad-gblinear-tree-updater", "bad-hyperparameters-eval-code"}
]
TAKEN = [name for name in NAMES if name not in EARLY and "train" in recorded(name)["channels"]]


def check(case: dict[str, Any]) -> None:
    hyperparameters.validate(case["hyperparameters"])
    channels.check(case["channels"])


@pytest.mark.parametrize("name", EARLY)
def test_a_mistake_is_refused_in_the_containers_words(name: str) -> None:
    case = recorded(name)
    with pytest.raises(Failure) as refused:
        check(case)
    assert str(refused.value).splitlines()[0] == case["error"]["message"]
    assert refused.value.kind == case["error"]["type"]


def test_what_the_container_takes_is_taken() -> None:
    refused = {}
    for name in TAKEN:
        case = recorded(name)
        try:
            check(case)
        except Failure as failure:
            refused[name] = str(failure)
    assert set(refused) <= {"bad-gblinear-tree-updater", "bad-hyperparameters-eval-code"}


def test_a_constraint_is_never_run_as_a_program(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    text = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    with pytest.raises(Failure, match="monotone_constraints"):
        hyperparameters.validate({"num_round": "1", "tree_method": "hist", "monotone_constraints": text})
    assert not trace.exists()


def test_a_mistyped_name_gets_the_one_that_was_meant() -> None:
    with pytest.raises(Failure) as refused:
        hyperparameters.validate({"num_round": "1", "max_dept": "3"})
    assert refused.value.advice == "Did you mean max_depth?"


def test_the_table_for_people_has_the_same_ranges() -> None:
    """Both read the same container; the other table is for every version of it, so it has more."""
    known = algorithm("xgboost").hyperparameters
    assert {*hyperparameters.TABLE} <= {*known}
    for name, one in hyperparameters.TABLE.items():
        if isinstance(one.legal, Interval) and (shown := known[name].interval):
            opening, low, high, closing = shown
            ours = (one.legal.low, one.legal.high)
            assert (low, high) == tuple(
                limit if limit is not None else float(sign) for limit, sign in zip(ours, ("-inf", "inf"), strict=True)
            ), name
            assert (opening == "(") == (one.legal.low_is_open or one.legal.low is None), name
            assert (closing == ")") == (one.legal.high_is_open or one.legal.high is None), name


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"objective": "binary:logistic", "eval_metric": "accuracy"}, "metric-on-probabilities"),
        ({"objective": "multi:softmax", "num_class": "3", "eval_metric": "f1_macro"}, "metric-on-probabilities"),
        ({"objective": "reg:squarederror", "eval_metric": "mse"}, "default-metric"),
        ({"early_stopping_rounds": "3"}, "no-early-stopping"),
        ({"predictor": "auto"}, "unused"),
        ({"_kfold": "3"}, "random-folds"),
    ],
)
def test_what_may_surprise_is_known_before_the_training(texts: dict[str, str], code: str) -> None:
    values = hyperparameters.validate({"num_round": "1", **texts})
    assert code in {one.code for one in caveats.find(values, has_validation=True)}
    assert code not in {
        one.code for one in caveats.find(hyperparameters.validate({"num_round": "1"}), has_validation=True)
    }


@pytest.mark.parametrize(
    ("tag", "said"),
    [("3.2-0", ""), ("1.7-1", "the binary format"), ("0.90-1-cpu-py3", "a pickle"), ("1", "a pickle")],
)
def test_an_older_image_is_named_with_its_models_format(tag: str, said: str) -> None:
    found = caveats.find({}, has_validation=True, image=f"1.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:{tag}")
    assert (said in " ".join(one.text for one in found)) if said else not found


def test_the_cases_are_what_they_were() -> None:
    assert len(NAMES) == 129
    assert json.dumps(recorded("reg-csv")["hyperparameters"], sort_keys=True).count('"') == 16
