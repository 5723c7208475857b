"""Requests of tuning jobs that are accepted, and their changes."""

from __future__ import annotations

from typing import Any

MACHINE = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
METRICS = [{"Name": "loss", "Regex": "loss=(.*)"}]
OBJECTIVE = {"Type": "Minimize", "MetricName": "loss"}
ROLE = "arn:aws:iam::000000000000:role/role"


def integers(*names: str, low: int = 1, high: int = 1000) -> dict[str, Any]:
    ranges = [{"Name": name, "MinValue": str(low), "MaxValue": str(high)} for name in names]
    return {"IntegerParameterRanges": ranges}


def words(**values: str) -> dict[str, Any]:
    """Categorical ranges: of each name, the letters of its text."""
    return {"CategoricalParameterRanges": [{"Name": name, "Values": [*text]} for name, text in values.items()]}


def definition(**changes: Any) -> dict[str, Any]:
    """A definition of training jobs; a change to None leaves a member out."""
    members = {
        "AlgorithmSpecification": {
            "TrainingInputMode": "File",
            "TrainingImage": "image",
            "ContainerEntrypoint": ["true"],
            "MetricDefinitions": METRICS,
        },
        "ResourceConfig": MACHINE,
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def of_one(
    member: dict[str, Any] | None = None, *, limits: dict[str, Any] | None = None, **config: Any
) -> dict[str, Any]:
    """A request with a single definition, and its ranges in the configuration."""
    merged = {
        "Strategy": "Random",
        "ResourceLimits": {"MaxParallelTrainingJobs": 1, "MaxNumberOfTrainingJobs": 2, **(limits or {})},
        "HyperParameterTuningJobObjective": OBJECTIVE,
        "ParameterRanges": integers("n"),
        **config,
    }
    return {
        "HyperParameterTuningJobName": "search",
        "HyperParameterTuningJobConfig": {name: value for name, value in merged.items() if value is not None},
        "TrainingJobDefinition": definition() if member is None else member,
    }


def of_several(*changes: dict[str, Any], **config: Any) -> dict[str, Any]:
    """A request with several definitions, each with its changes."""
    members = [
        definition(
            **{
                "DefinitionName": f"d{number}",
                "TuningObjective": OBJECTIVE,
                "HyperParameterRanges": integers("n"),
                **change,
            }
        )
        for number, change in enumerate(changes)
    ]
    request = of_one(**{"HyperParameterTuningJobObjective": None, "ParameterRanges": None, **config})
    del request["TrainingJobDefinition"]
    return {**request, "TrainingJobDefinitions": members}
