"""From a search and the request of one of its training jobs to the request of a tuning job: pure values in and out.

The shape and its limits:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ..core import layout
from ..errors import UsageError
from ..tuning.ranges import Categorical, Integer, Range
from .spec import TuneSpec

# What a training job's request and the definition of a tuning job's trials both have. A test holds it against the
# installed model of the service.
CARRIED = frozenset(
    """
    CheckpointConfig EnableInterContainerTrafficEncryption EnableManagedSpotTraining EnableNetworkIsolation Environment
    InputDataConfig OutputDataConfig ResourceConfig RetryStrategy RoleArn StoppingCondition VpcConfig
    """.split()  # noqa: SIM905 - a list to be read
)
CARRIED_OF_ALGORITHM = frozenset({"AlgorithmName", "MetricDefinitions", "TrainingImage", "TrainingInputMode"})
# Of a training job's request: what has another place here, what belongs to one job alone, and what we add ourselves.
PLACED = frozenset({"AlgorithmSpecification", "HyperParameters", "Tags", "TrainingJobName"})
_OURS = frozenset({"TensorBoardOutputConfig"})
_OF_ONE_JOB = "sagemaker_job_name"
_SCALES = {"linear": "Linear", "log": "Logarithmic", "reverselog": "ReverseLogarithmic"}
_STRATEGIES = {"random": "Random", "grid": "Grid", "bayesian": "Bayesian", "hyperband": "Hyperband"}
_LEAST_MINS = 2  # 120 seconds
_MOST_VALUES = 30
_MOST_VARIABLES = 48
_USUAL_FAILURES = 5


def check(spec: TuneSpec) -> None:
    """Raise UsageError for what a tuning job cannot have, by the option that asks for it."""
    for one in spec.space:
        if not isinstance(one, Categorical) and (one.step is not None and one.step != 1):
            raise UsageError.naming(
                "{tune_on} aws: SageMaker has no steps. Write the values of {name!r} as a list: {values}",
                name=one.name,
                values="|".join(one.nth(index) for index in range(min(one.count or 0, 4))) + "|…",
            )
        if isinstance(one, Categorical) and one.count > _MOST_VALUES:
            raise UsageError.naming(
                "{tune_on} aws: {name!r} has {count} values; SageMaker takes at most {most}.",
                name=one.name,
                count=one.count,
                most=_MOST_VALUES,
            )
        if spec.strategy == "grid" and not isinstance(one, Categorical):
            raise UsageError.naming(
                "{tune_on} aws with {tune_by} grid: SageMaker takes lists of values alone; {name!r} is a range.",
                name=one.name,
            )
    if spec.max_mins is not None and spec.max_mins < _LEAST_MINS:
        raise UsageError.naming("{tune_on} aws: {tune_mins} is at least {least}.", least=_LEAST_MINS)
    if spec.failures != _USUAL_FAILURES:
        raise UsageError.naming("{tune_on} aws: SageMaker itself gives up after 5 failures: drop {tune_failures}.")
    if spec.task.experiment is not None:
        raise UsageError.naming(
            "{tune_on} aws: a tuning job makes an experiment of its own: drop {in_experiment:name}.",
            name=spec.task.experiment.name,
        )
    if spec.task.instances.keep_alive_mins:
        raise UsageError.naming("{tune_on} aws: a tuning job keeps no machines: drop {keep_alive_mins}.")
    if len(spec.task.environment) > _MOST_VARIABLES:
        raise UsageError.naming(
            "{tune_on} aws: {count} variables with {job_env}; a tuning job can have {most}.",
            count=len(spec.task.environment),
            most=_MOST_VARIABLES,
        )


def check_unchanged(spec: TuneSpec, config: Mapping[str, Any], name: str) -> None:
    """Raise UsageError where the words have other ends of the search than the tuning job of that name and config."""
    limits, criteria = config.get("ResourceLimits", {}), config.get("TuningJobCompletionCriteria") or {}
    seconds = None if spec.max_mins is None else spec.max_mins * 60
    gains = (criteria.get("BestObjectiveNotImproving") or {}).get("MaxNumberOfTrainingJobsNotImproving")
    at_once = limits.get("MaxParallelTrainingJobs")
    for option, before, now in (
        ("tune_at_once", at_once, spec.at_once or at_once),
        ("tune_mins", limits.get("MaxRuntimeInSeconds"), seconds),
        ("tune_target", criteria.get("TargetObjectiveMetricValue"), spec.target),
        ("tune_patience", gains, spec.patience),
    ):
        is_same = before == now if before is None or now is None else math.isclose(before, now, rel_tol=1e-6)
        if not is_same:
            raise UsageError.naming(
                f"{{{option}}}: SageMaker cannot change the tuning job {{name}}, which was begun "
                f"{'without it' if before is None else 'with another'}.\n"
                "Give what it was begun with, or search under another task name.",
                name=name,
            )


def tuning_request(
    spec: TuneSpec,
    training: Mapping[str, Any],
    *,
    name: str,
    place: layout.TaskPlace,
    seed: int,
    trials: int,
    at_once: int,
    parent: str | None,
) -> dict[str, Any]:
    """The whole request.

    ``training`` is that of a training job of the study's task, ``parent`` a tuning job to learn from. Raises UsageError
    for a member of the training job that a tuning job has no place for.
    """
    lost = sorted(training.keys() - CARRIED - PLACED - _OURS)
    lost += sorted(training["AlgorithmSpecification"].keys() - CARRIED_OF_ALGORITHM)
    if lost:
        raise UsageError.naming("{tune_on} aws: a tuning job has no {lost}.", lost=", ".join(lost))
    config: dict[str, Any] = {
        "Strategy": _STRATEGIES[spec.strategy],
        "HyperParameterTuningJobObjective": {
            "Type": "Minimize" if spec.goal == "min" else "Maximize",
            "MetricName": spec.metric,
        },
        "ResourceLimits": {"MaxParallelTrainingJobs": at_once, "MaxNumberOfTrainingJobs": trials},
        "ParameterRanges": _ranges(spec),
        "TrainingJobEarlyStoppingType": "Auto" if spec.stops_early else "Off",
        "RandomSeed": seed,
    }
    if spec.max_mins is not None:
        config["ResourceLimits"]["MaxRuntimeInSeconds"] = spec.max_mins * 60
    if criteria := _criteria(spec):
        config["TuningJobCompletionCriteria"] = criteria
    if spec.resource is not None:
        limits = {"MinResource": spec.resource.least, "MaxResource": spec.resource.most}
        config["StrategyConfig"] = {"HyperbandStrategyConfig": limits}
    request: dict[str, Any] = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinition": _definition(spec, training, place),
        "Tags": list(training.get("Tags", [])),
    }
    if parent is not None:
        request["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
            "WarmStartType": "TransferLearning",
        }
    return request


def _definition(spec: TuneSpec, training: Mapping[str, Any], place: layout.TaskPlace) -> dict[str, Any]:
    algorithm = training["AlgorithmSpecification"]
    constants = {key: value for key, value in training.get("HyperParameters", {}).items() if key != _OF_ONE_JOB}
    if spec.resource is not None:  # every trial may run so long; the service stops it earlier
        most = str(spec.resource.most)
        constants[spec.resource.name] = most if spec.task.kind == "algorithm" else json.dumps(most)
    definition = {key: value for key, value in training.items() if key in CARRIED}
    trials = layout.uri(place.bucket, place.trials.rstrip("/"))
    if "CheckpointConfig" in definition:
        definition["CheckpointConfig"] = {**definition["CheckpointConfig"], "S3Uri": f"{trials}/state"}
    return {
        **definition,
        "AlgorithmSpecification": {key: value for key, value in algorithm.items() if key in CARRIED_OF_ALGORITHM},
        "StaticHyperParameters": constants,
        "OutputDataConfig": {**training["OutputDataConfig"], "S3OutputPath": trials},
    }


def _criteria(spec: TuneSpec) -> dict[str, Any]:
    criteria: dict[str, Any] = {}
    if spec.target is not None:
        criteria["TargetObjectiveMetricValue"] = spec.target
    if spec.patience is not None:
        criteria["BestObjectiveNotImproving"] = {"MaxNumberOfTrainingJobsNotImproving": spec.patience}
    return criteria


def _ranges(spec: TuneSpec) -> dict[str, Any]:
    """The ranges in lists of their kinds; of values that the toolkit decodes, texts are JSON, as in AWS's SDK."""
    is_plain = spec.task.kind == "algorithm"
    ranges: dict[str, Any] = {}
    for one in spec.space:
        ranges.setdefault(f"{_kind(one)}ParameterRanges", []).append(_range(one, is_plain=is_plain))
    return ranges


def _kind(one: Range) -> str:
    return "Categorical" if isinstance(one, Categorical) else "Integer" if isinstance(one, Integer) else "Continuous"


def _range(one: Range, *, is_plain: bool) -> dict[str, Any]:
    if isinstance(one, Categorical):
        return {"Name": one.name, "Values": [value if is_plain else json.dumps(value) for value in one.values]}
    return {
        "Name": one.name,
        "MinValue": str(one.low),
        "MaxValue": str(one.high),
        "ScalingType": _SCALES[one.scale],
    }
