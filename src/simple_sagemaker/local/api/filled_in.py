"""What the service adds to a request where it describes the job, as recorded answers to Describe have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.late_regex import compile_late
from ..job.kinds import TRAINING, TRANSFORM, kind_of
from ..requests.metric_definitions import metric_definitions

_DAY_S = 24 * 60 * 60
_SWITCHES = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
_CHANNEL = {"CompressionType": "None", "RecordWrapperType": "None"}
_INPUT = {"S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}
# AWS's own images that have time series without a metric definition; here not those of its built-in algorithms.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AlgorithmSpecification.html
_WITH_TIME_SERIES = compile_late(r"[0-9]{12}\.dkr\.ecr[^/]*/([a-z]+-)*(pytorch|tensorflow|mxnet)(-training)?[:@].*")


def fill_in(request: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a request as Describe answers them. The request stays as it is."""
    kind = kind_of(request)
    if kind == TRANSFORM:
        return _transform(request)
    return _training(request) if kind == TRAINING else _processing(request)


def _training(request: Mapping[str, Any]) -> dict[str, Any]:
    algorithm = request.get("AlgorithmSpecification", {})
    if definitions := metric_definitions(request):
        algorithm = {**algorithm, "MetricDefinitions": definitions}
    filled = {
        **dict.fromkeys(_SWITCHES, False),
        **request,
        "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": _has_time_series(algorithm), **algorithm},
        "OutputDataConfig": {"KmsKeyId": "", **request["OutputDataConfig"]},
        "StoppingCondition": {"MaxRuntimeInSeconds": _DAY_S, **request.get("StoppingCondition", {})},
    }
    if "InputDataConfig" in request:
        filled["InputDataConfig"] = [{**_CHANNEL, **channel} for channel in request["InputDataConfig"]]
    for member in ("DebugRuleConfigurations", "ProfilerRuleConfigurations"):
        if member in request:
            filled[member] = [{"VolumeSizeInGB": 0, **rule} for rule in request[member]]
    return filled | _profiling(request)


def _profiling(request: Mapping[str, Any]) -> dict[str, Any]:
    config = request.get("ProfilerConfig", {})
    if not config or config.get("DisableProfiler"):
        return {"ProfilingStatus": "Disabled"}
    return {"ProfilerConfig": {"ProfilingIntervalInMilliseconds": 500, **config}, "ProfilingStatus": "Enabled"}


def _has_time_series(algorithm: Mapping[str, Any]) -> bool:
    image = algorithm.get("TrainingImage", "")
    return bool(algorithm.get("MetricDefinitions") or _WITH_TIME_SERIES.fullmatch(image))


def _processing(request: Mapping[str, Any]) -> dict[str, Any]:
    filled = {"StoppingCondition": {"MaxRuntimeInSeconds": _DAY_S}, **request}
    if "ProcessingInputs" in request:
        filled["ProcessingInputs"] = [_input(one) for one in request["ProcessingInputs"]]
    if "Outputs" in (output := request.get("ProcessingOutputConfig", {})):
        outputs = [{"AppManaged": False, **one} for one in output["Outputs"]]
        filled["ProcessingOutputConfig"] = {**output, "Outputs": outputs}
    return filled


def _transform(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **request,
        "TransformInput": {"CompressionType": "None", "SplitType": "None", **request["TransformInput"]},
        "TransformOutput": {"AssembleWith": "None", "KmsKeyId": "", **request["TransformOutput"]},
        "DataProcessing": {
            "InputFilter": "$",
            "OutputFilter": "$",
            "JoinSource": "None",
            **request.get("DataProcessing", {}),
        },
    }


def _input(config: Mapping[str, Any]) -> dict[str, Any]:
    source = {"S3Input": {**_INPUT, **config["S3Input"]}} if "S3Input" in config else {}
    return {"AppManaged": False, **config, **source}
