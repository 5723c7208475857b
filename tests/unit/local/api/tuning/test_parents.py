"""Tuning jobs that begin with the trials of earlier ones: which can be parents, and what a child gets of them."""

from __future__ import annotations

import sys
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.api.tuning.plan import read_plan
from tests.unit.local.api.tuning.machine import NAME, Machine, facts, refusal
from tests.unit.local.api.tuning.requests import definition, integers, of_one, of_several


def warm(*parents: str, kind: str = "TransferLearning", **config: Any) -> dict[str, Any]:
    named = [{NAME: parent} for parent in parents]
    return {
        **of_one(**config),
        "WarmStartConfig": {"WarmStartType": kind, "ParentHyperParameterTuningJobs": named},
    }


def test_a_parent_must_exist_and_have_ended(machine: Machine) -> None:
    machine.create("parent")
    absent = "Amazon SageMaker can't find a tuning job called {}. Type another name."
    assert refusal(machine, **warm("parent", "none", "nobody")) == ("ResourceNotFound", absent.format("none"))
    not_ended = "The parent tuning job parent has not ended."
    assert refusal(machine, **warm("PARENT")) == ("ValidationException", not_ended)
    machine.end("parent")
    machine.create("child", **warm("PARENT"))


def test_a_parent_has_one_definition_and_the_same_objective(machine: Machine) -> None:
    machine.create("several", **of_several({}))
    machine.end("several")
    assert refusal(machine, **warm("several"))[1] == (
        "The parent tuning job several has several training job definitions."
    )
    machine.create("parent")
    machine.end("parent")
    maximize: dict[str, Any] = {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "loss"}}
    assert refusal(machine, **warm("parent", **maximize))[1] == (
        "The tuning job cannot be warm started from parent: the objective metric is not the same."
    )


def test_only_identical_data_need_the_same_image(machine: Machine) -> None:
    machine.create("parent")
    machine.end("parent")
    other = definition()
    other["AlgorithmSpecification"]["TrainingImage"] = "other"
    identical = {**warm("parent", kind="IdenticalDataAndAlgorithm"), "TrainingJobDefinition": other}
    code, message = refusal(machine, **identical)
    assert code == "ValidationException"
    assert message.endswith("with IdenticalDataAndAlgorithm, input data and training image must be the same.")
    machine.create("child", **{**warm("parent"), "TrainingJobDefinition": other})


def test_a_child_gets_the_trials_of_its_parents_that_have_an_objective(machine: Machine) -> None:
    machine.create("parent", **of_one(definition(StaticHyperParameters={"s": "2"})))
    machine.add_trials(facts(objective=3.0), facts("Failed", None), name="parent")
    machine.end("parent")
    child = {**warm("parent"), "TrainingJobDefinition": definition(StaticHyperParameters={"s": "2"})}
    machine.create("child", **child)
    (one,) = read_plan(machine.job("child")).parents
    assert (one.tuning_job, one.name, one.tuned, one.facts) == ("parent", "trial-z", {"n": "1"}, facts(objective=3.0))
    assert one.values == {"n": "1", "s": "2", "_tuning_objective_metric": "loss"}


def test_all_trials_of_parents_count_towards_the_accounts_limit(machine: Machine) -> None:
    machine.create("parent", **of_one(ParameterRanges=integers("n", high=10_000)))
    machine.add_trials(facts(), facts("Failed", None), name="parent")
    machine.end("parent")
    wide = integers("n", high=10_000)
    code, message = refusal(machine, **warm("parent", limits={"MaxNumberOfTrainingJobs": 9_999}, ParameterRanges=wide))
    assert code == "ResourceLimitExceeded"
    assert "is 10000, with a request of 10001." in message
    machine.create("child", **warm("parent", limits={"MaxNumberOfTrainingJobs": 9_998}, ParameterRanges=wide))
