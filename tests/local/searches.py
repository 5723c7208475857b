"""Tuning jobs made in a line, whose trials are quick scripts of sh in script mode."""

from __future__ import annotations

import io
import tarfile
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.local.conftest import FINAL, IMAGE, ROLE, Engine

PRINTS_LR = 'echo "loss=$SM_HP_LR"\n'
LR = {"Name": "lr", "MinValue": "0.1", "MaxValue": "0.9"}
RANGES = {"ContinuousParameterRanges": [LR]}


def pack(script: str) -> bytes:
    """The archive of a script mode job's code."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("train.sh")
        member.size = len(script.encode())
        archive.addfile(member, io.BytesIO(script.encode()))
    return buffer.getvalue()


def definition(engine: Engine, script: str = PRINTS_LR, **changes: Any) -> dict[str, Any]:
    """A legal TrainingJobDefinition; changed members win, None takes a member out."""
    key = f"code/{zlib.crc32(script.encode())}.tar.gz"
    engine.store.write(engine.bucket, key, pack(script))
    members = {
        "AlgorithmSpecification": {
            "TrainingInputMode": "File",
            "TrainingImage": IMAGE,
            "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}],
        },
        "RoleArn": ROLE,
        "StaticHyperParameters": {
            "sagemaker_program": "train.sh",
            "sagemaker_submit_directory": f"s3://{engine.bucket}/{key}",
            **changes.pop("static", {}),
        },
        "OutputDataConfig": {"S3OutputPath": f"s3://{engine.bucket}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def request(engine: Engine, script: str = PRINTS_LR, **changes: Any) -> dict[str, Any]:
    """A legal request of a tuning job. Members of its config and its definition are changed by their own names."""
    name = changes.pop("name", "search")
    limits = {
        "MaxNumberOfTrainingJobs": changes.pop("trials", 3),
        "MaxParallelTrainingJobs": changes.pop("parallel", 2),
        **changes.pop("limits", {}),
    }
    config = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": changes.pop("goal", "Minimize"), "MetricName": "loss"},
        "ResourceLimits": {name: value for name, value in limits.items() if value is not None},
        "ParameterRanges": RANGES,
        "RandomSeed": 1,
        **changes.pop("config", {}),
    }
    members = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {name: value for name, value in config.items() if value is not None},
        "TrainingJobDefinition": definition(engine, script, **changes.pop("definition", {})),
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def several(engine: Engine, **values: int) -> dict[str, Any]:
    """What makes a request one of several definitions, each of whose trials has an objective of its own name."""
    definitions = []
    for metric, value in values.items():
        one = definition(engine, f'echo "{metric}={value}"')
        one["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": metric, "Regex": rf"{metric}=(\S+)"}]
        one |= {
            "DefinitionName": f"by-{metric}",
            "TuningObjective": {"Type": "Maximize", "MetricName": metric},
            "HyperParameterRanges": RANGES,
        }
        definitions.append(one)
    config = {"ParameterRanges": None, "HyperParameterTuningJobObjective": None}
    return {"config": config, "TrainingJobDefinition": None, "TrainingJobDefinitions": definitions}


def start(engine: Engine, script: str = PRINTS_LR, **changes: Any) -> str:
    """Start a tuning job and give its name."""
    made = request(engine, script, **changes)
    engine.client.create_hyper_parameter_tuning_job(**made)
    return str(made["HyperParameterTuningJobName"])


def run(engine: Engine, script: str = PRINTS_LR, **changes: Any) -> Mapping[str, Any]:
    """Run a tuning job to its end and give its description."""
    return end(engine, start(engine, script, **changes))


def describe(engine: Engine, name: str) -> Mapping[str, Any]:
    """The description of a tuning job."""
    described: Mapping[str, Any] = engine.client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return described


def end(engine: Engine, name: str, within_s: float = 120) -> Mapping[str, Any]:
    """Wait for the end of a tuning job and give its description."""
    return until(engine, name, lambda described: described["HyperParameterTuningJobStatus"] in FINAL, within_s)


def until(
    engine: Engine, name: str, holds: Callable[[Mapping[str, Any]], bool], within_s: float = 120
) -> Mapping[str, Any]:
    """Wait until something holds of a tuning job's description."""
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        if holds(described := describe(engine, name)):
            return described
        time.sleep(0.03)
    raise TimeoutError(f"{name} after {within_s} s: {describe(engine, name)}")


def trials(engine: Engine, name: str, **changes: Any) -> list[dict[str, Any]]:
    """The summaries of a tuning job's training jobs."""
    page = engine.client.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, **{"MaxResults": 100, **changes}
    )
    summaries: list[dict[str, Any]] = page["TrainingJobSummaries"]
    return summaries


def objective(summary: Mapping[str, Any]) -> float | None:
    """The objective of a trial by its summary."""
    metric = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
    return metric["Value"] if metric else None
