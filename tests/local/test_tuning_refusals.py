"""What CreateHyperParameterTuningJob refuses, and in which words; nothing of it begins a job."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.api import model
from simple_sagemaker.local.requests.tuning import Definition
from simple_sagemaker.tuning import bayesian
from tests.local import searches
from tests.local.conftest import Engine

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)


def integers(low: str, high: str, scale: str = "Auto") -> dict[str, Any]:
    return {"IntegerParameterRanges": [{"Name": "n", "MinValue": low, "MaxValue": high, "ScalingType": scale}]}


def numbers(low: str, high: str, scale: str = "Auto") -> dict[str, Any]:
    return {"ContinuousParameterRanges": [{"Name": "n", "MinValue": low, "MaxValue": high, "ScalingType": scale}]}


def words(*values: str) -> dict[str, Any]:
    return {"CategoricalParameterRanges": [{"Name": "n", "Values": [*values]}]}


COMBINATIONS = (
    "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter combinations for "
    "the provided ranges [3.0] must be equal or greater than the value of MaxNumberOfJobs, [10]. "
    "Provide additional ranges."
)
METRIC = (
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
)
RESOURCE = (
    "The strategy Hyperband needs MaxResource in HyperbandStrategyConfig, or a static hyperparameter epochs, "
    "numepochs, n-epochs, n_epochs or num_epochs."
)
GRID = "With the strategy Grid, MaxNumberOfTrainingJobs must be the number of combinations, 2, or absent; it is 1."
HYPERBAND = {"Strategy": "Hyperband"}
SPOT = {"EnableManagedSpotTraining": True}
EPOCHS = {"static": {"epochs": "9"}}


def refusal(engine: Engine, **changes: Any) -> tuple[str, str]:
    """The code and the message with which a request is refused."""
    with pytest.raises(ClientError) as caught:
        searches.start(engine, **changes)
    assert not [*engine.home.jobs.glob("search*")]
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": {"ParameterRanges": integers("1", "3")}, "trials": 10}, COMBINATIONS),
        ({"config": {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "other"}}}, METRIC),
        ({"config": {"ParameterRanges": integers("3", "1")}}, "MinValue 3 of n must be less than MaxValue 1."),
        ({"config": {"ParameterRanges": integers("1.5", "3")}}, "MinValue and MaxValue of n must be integers."),
        ({"config": {"ParameterRanges": numbers("low", "3")}}, "MinValue and MaxValue of n must be numbers."),
        ({"config": {"ParameterRanges": numbers("nan", "3")}}, "MinValue and MaxValue of n must be numbers."),
        ({"config": {"ParameterRanges": numbers("1", "1e999")}}, "MinValue and MaxValue of n must be numbers."),
        (
            {"config": {"ParameterRanges": numbers("0", "1", "Logarithmic")}},
            "ScalingType Logarithmic of n needs a MinValue greater than 0.",
        ),
        (
            {"config": {"ParameterRanges": numbers("0", "1", "ReverseLogarithmic")}},
            "ScalingType ReverseLogarithmic of n needs a range within 0 <= x < 1.",
        ),
        (
            {"config": {"ParameterRanges": integers("0", "9", "ReverseLogarithmic")}},
            "ScalingType ReverseLogarithmic of n is for continuous ranges only.",
        ),
        ({"config": {"ParameterRanges": {}}}, "At least one hyperparameter range is needed."),
        (
            {"config": {"ParameterRanges": {**integers("1", "9"), **numbers("1", "2")}}},
            "A hyperparameter has two ranges: n.",
        ),
        ({"definition": {"static": {"lr": "1"}}}, "Hyperparameters cannot be both static and searched: lr."),
        (
            {"definition": {"static": {f"h{number}": "1" for number in range(98)}}},
            "There can be 100 hyperparameters, static and searched together with the service's own; there are 102.",
        ),
        (
            {"config": {"Strategy": "Grid"}, "trials": None},
            "The strategy Grid supports categorical hyperparameter ranges only.",
        ),
        (
            {"config": {"Strategy": "Grid", "ParameterRanges": words("a", "b")}, "trials": 1},
            GRID,
        ),
        (
            {"config": HYPERBAND},
            RESOURCE,
        ),
        (
            {"config": HYPERBAND, "definition": {"static": {"epochs": "20001"}}},
            "Hyperband needs 1 <= MinResource <= MaxResource <= 20000, not 1 and 20001.",
        ),
        (
            {"config": {**HYPERBAND, "TrainingJobEarlyStoppingType": "Auto"}},
            "TrainingJobEarlyStoppingType must be Off with the strategy Hyperband, which stops jobs itself.",
        ),
        (
            {"config": {"StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 3}}}},
            "StrategyConfig is for the strategy Hyperband only, not for Random.",
        ),
        (
            {"TrainingJobDefinition": None},
            "Provide either TrainingJobDefinition or TrainingJobDefinitions, and not both.",
        ),
        (
            {"config": {"HyperParameterTuningJobObjective": None}},
            "HyperParameterTuningJobConfig needs a HyperParameterTuningJobObjective.",
        ),
        (
            {"definition": {"ResourceConfig": None}},
            "Provide either ResourceConfig or HyperParameterTuningResourceConfig, and not both.",
        ),
        (
            {"definition": {**SPOT, "StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxWaitTimeInSeconds": 1}}},
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds",
        ),
        (
            {"config": {"ParameterRanges": {"AutoParameters": [{"Name": "lr", "ValueHint": "1"}], **searches.RANGES}}},
            "A hyperparameter has two ranges: lr.",
        ),
    ],
)
def test_a_mistaken_request_is_refused_in_these_words(engine: Engine, changes: dict[str, Any], message: str) -> None:
    assert refusal(engine, **changes) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a" * 33}, "hyperParameterTuningJobName"),
        ({"config": {"Strategy": "Guessing"}}, "strategy"),
        ({"limits": {"MaxRuntimeInSeconds": 119}}, "maxRuntimeInSeconds"),
        ({"definition": {"RoleArn": "me"}}, "roleArn"),
        ({"definition": {"OutputDataConfig": {"S3OutputPath": "here"}}}, "s3OutputPath"),
    ],
)
def test_the_model_is_checked_first(engine: Engine, changes: dict[str, Any], message: str) -> None:
    code, text = refusal(engine, **changes)
    assert code == "ValidationException"
    assert " detected: " in text
    assert message in text


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"parallel": 101}, 100),
        ({"trials": 10_001}, 10_000),
        ({"trials": 751, "config": HYPERBAND, "definition": EPOCHS}, 750),
    ],
)
def test_the_accounts_limits_are_limits(engine: Engine, changes: dict[str, Any], number: int) -> None:
    code, text = refusal(engine, **changes)
    assert code == "ResourceLimitExceeded"
    assert f"is {number}, with a request of" in text


def test_definitions_are_checked_together(engine: Engine) -> None:
    def several(*changes: dict[str, Any], **config: Any) -> str:
        definitions = [
            {
                **searches.definition(engine),
                "DefinitionName": f"d{number}",
                "TuningObjective": {"Type": "Minimize", "MetricName": "loss"},
                "HyperParameterRanges": searches.RANGES,
                **change,
            }
            for number, change in enumerate(changes)
        ]
        config = {"ParameterRanges": None, "HyperParameterTuningJobObjective": None, **config}
        return refusal(engine, config=config, TrainingJobDefinition=None, TrainingJobDefinitions=definitions)[1]

    assert "belong into each definition" in several({}, ParameterRanges=searches.RANGES)
    assert "must be unique" in several({"DefinitionName": "d1"}, {})
    assert "the same Type" in several({}, {"TuningObjective": {"Type": "Maximize", "MetricName": "loss"}})
    assert "several training job definitions" in several({}, {}, TrainingJobEarlyStoppingType="Auto")
    assert "48 environment variables; there are 60" in several(
        *[{"Environment": {f"V{number}": "" for number in range(30)}}] * 2
    )


def test_bayesian_search_without_optuna_names_the_extra(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayesian, "is_installed", lambda: False)
    code, text = refusal(engine, config={"Strategy": "Bayesian"})
    assert code == "ValidationException"
    assert "pip install optuna (the extra 'tune')" in text


def test_every_member_that_both_shapes_have_reaches_the_training_job(engine: Engine) -> None:
    """By the service's own model: a member that a later version adds to both is carried too, or this test fails."""
    known = model.load(engine.home.cache)
    create, definition = (
        known.shapes[name]["members"] for name in ("CreateTrainingJobRequest", "HyperParameterTrainingJobDefinition")
    )
    members = {name: object() for name in create.keys() & definition.keys()}
    made = Definition(
        name=None,
        objective="loss",
        goal="min",
        space=(),
        member={
            **members,
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/x"},
            "ResourceConfig": {"InstanceGroups": [], "KeepAlivePeriodInSeconds": 60},
        },
    ).request("job", {}, ())
    own = {"AlgorithmSpecification", "CheckpointConfig", "ResourceConfig"}
    assert all(made[name] is members[name] for name in members.keys() - own)
    assert made.keys() - members.keys() == {"TrainingJobName", "HyperParameters"}
    assert made["CheckpointConfig"] == {"S3Uri": "s3://b/c/job", "LocalPath": "/x"}
    assert made["ResourceConfig"] == {"InstanceGroups": [], "VolumeSizeInGB": 30}
