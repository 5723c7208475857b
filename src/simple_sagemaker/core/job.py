"""A job as the service describes it, training or processing, with one set of names for what we need of it.

Training and processing jobs have different operations, members and statuses; outside this module they are the same.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeProcessingJob.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from . import layout
from .aws_api import error_code
from .late_regex import compile_late
from .records import dataclass
from .specs import TaskOutput

if TYPE_CHECKING:
    from .aws_api import SageMaker

JobKind = Literal["training", "processing"]
KINDS: tuple[JobKind, ...] = ("training", "processing")
_ABSENT = compile_late(r"not f(ou|i)nd", re.IGNORECASE)  # as each kind's operation says it
DAMAGED = "DamagedJob"  # the code of the error about a job on this machine whose files cannot be read
FINAL = frozenset({"Completed", "Failed", "Stopped"})


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job, as it was when the service was called.

    ``phases`` are the phases so far: each with its start, where the service keeps a list, and the service's message;
    ``phase`` is the current one. ``outputs`` has the address of each kind of output that the job writes. ``seconds``
    and ``billed_s`` are for each host, None while unknown. ``message`` is the exit message of the code itself.
    ``answer`` is the service's response.
    """

    kind: JobKind
    name: str
    status: str
    phase: str
    phases: Sequence[tuple[str, datetime | None, str]]
    created: datetime
    has_started: bool
    seconds: int | None
    billed_s: int | None
    hosts: int
    instance_type: str | None
    is_spot: bool
    reason: str | None
    message: str | None
    outputs: Mapping[TaskOutput, str]
    answer: Mapping[str, Any]

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, in any way."""
        return self.status in FINAL

    @property
    def metrics(self) -> dict[str, str]:
        """The regular expressions that find its metrics' values in its lines, by the metrics' names."""
        defined = self.answer.get("AlgorithmSpecification", {}).get("MetricDefinitions") or ()
        return {one["Name"]: one["Regex"] for one in defined if "Name" in one and "Regex" in one}

    def lies_under(self, folder: str) -> bool:
        """Whether its outputs are under an address."""
        return any(address.startswith(folder) for kind, address in self.outputs.items() if kind != "source")


def describe(name: str, kind: JobKind, sagemaker: SageMaker) -> Job:
    """Describe a job of a kind, by its name. Raises the service's error if there is none."""
    if kind == "training":
        return of_training(sagemaker.describe_training_job(TrainingJobName=name))
    return of_processing(sagemaker.describe_processing_job(ProcessingJobName=name))


def find(name: str, kind: JobKind, sagemaker: SageMaker) -> Job | None:
    """Describe a job of a kind; None when there is no such job. Raises every other error of the service."""
    try:
        return describe(name, kind, sagemaker)
    except Exception as error:
        if error_code(error) in {"ValidationException", "ResourceNotFound"} and _ABSENT.search(str(error)):
            return None
        raise


def stop(name: str, kind: JobKind, sagemaker: SageMaker) -> None:
    """Ask a job to stop."""
    if kind == "training":
        sagemaker.stop_training_job(TrainingJobName=name)
    else:
        sagemaker.stop_processing_job(ProcessingJobName=name)


def stop_unless_ended(name: str, kind: JobKind, sagemaker: SageMaker) -> None:
    """Ask a job to stop, unless it has ended or is stopping already."""
    try:
        stop(name, kind, sagemaker)
    except Exception as error:
        if error_code(error) != "ValidationException" or describe(name, kind, sagemaker).status == "InProgress":
            raise


def of_training(answer: Mapping[str, Any]) -> Job:
    """The job in a response of DescribeTrainingJob."""
    phases = [(one["Status"], one["StartTime"], one.get("StatusMessage", "")) for one in _transitions(answer)]
    machines = answer.get("ResourceConfig") or {}  # a serverless job has none
    phase = answer.get("SecondaryStatus") or answer["TrainingJobStatus"]
    return Job(
        kind="training",
        name=answer["TrainingJobName"],
        status=answer["TrainingJobStatus"],
        phase=phase,
        phases=phases or [(phase, None, "")],
        created=answer["CreationTime"],
        has_started="TrainingStartTime" in answer,
        seconds=answer.get("TrainingTimeInSeconds"),
        billed_s=answer.get("BillableTimeInSeconds"),
        hosts=_host_count(machines),
        instance_type=machines.get("InstanceType"),
        is_spot=answer.get("EnableManagedSpotTraining", False),
        reason=answer.get("FailureReason"),
        message=None,
        outputs=_training_outputs(answer),
        answer=answer,
    )


def _host_count(machines: Mapping[str, Any]) -> int:
    """How many machines there are: of all groups, where they come in groups."""
    groups = machines.get("InstanceGroups")
    if groups:
        return sum(one.get("InstanceCount", 1) for one in groups)
    count: int = machines.get("InstanceCount", 1)
    return count


def _transitions(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    transitions: Sequence[Mapping[str, Any]] = answer.get("SecondaryStatusTransitions") or ()
    return transitions


def _training_outputs(answer: Mapping[str, Any]) -> dict[TaskOutput, str]:
    outputs: dict[TaskOutput, str] = {}
    model = (answer.get("ModelArtifacts") or {}).get("S3ModelArtifacts")
    if isinstance(model, str) and model.startswith("s3://"):
        outputs["model"] = model
        outputs["output"] = model.removesuffix("model.tar.gz") + "output.tar.gz"
        outputs["source"] = model.removesuffix("output/model.tar.gz") + f"source/{layout.TARBALL}"
    if state := (answer.get("CheckpointConfig") or {}).get("S3Uri"):
        outputs["state"] = state.rstrip("/") + "/"
    return outputs


def of_processing(answer: Mapping[str, Any]) -> Job:
    """The job in a response of DescribeProcessingJob."""
    machines = (answer.get("ProcessingResources") or {}).get("ClusterConfig") or {}
    started, ended = answer.get("ProcessingStartTime"), answer.get("ProcessingEndTime")
    seconds = max(1, round((ended - started).total_seconds())) if started and ended else None
    phase = _processing_phase(answer, seconds)
    return Job(
        kind="processing",
        name=answer["ProcessingJobName"],
        status=answer["ProcessingJobStatus"],
        phase=phase,
        phases=[(phase, None, "")],
        created=answer["CreationTime"],
        has_started=started is not None,
        seconds=seconds,
        billed_s=seconds,
        hosts=machines.get("InstanceCount", 1),
        instance_type=machines.get("InstanceType"),
        is_spot=False,
        reason=answer.get("FailureReason"),
        message=answer.get("ExitMessage"),
        outputs=_processing_outputs(answer),
        answer=answer,
    )


def _processing_phase(answer: Mapping[str, Any], seconds: int | None) -> str:
    """The phase, named as for training jobs: the service returns only a status and two times."""
    status: str = answer["ProcessingJobStatus"]
    if status == "InProgress":
        return "Processing" if "ProcessingStartTime" in answer else "Starting"
    limit = answer.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    if status == "Stopped" and limit and (seconds or 0) >= limit:
        return "MaxRuntimeExceeded"
    return status


def _processing_outputs(answer: Mapping[str, Any]) -> dict[TaskOutput, str]:
    """The folders of the outputs that have our names."""
    written = (answer.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    by_name = {one["OutputName"]: one for one in written if (one.get("S3Output") or {}).get("S3Uri")}
    kinds: tuple[TaskOutput, ...] = ("model", "output", "state")
    outputs: dict[TaskOutput, str] = {
        kind: by_name[kind]["S3Output"]["S3Uri"].rstrip("/") + "/" for kind in kinds if kind in by_name
    }
    for one in answer.get("ProcessingInputs") or ():
        if one.get("InputName") == layout.SOURCE_CHANNEL and "S3Input" in one:
            outputs["source"] = one["S3Input"]["S3Uri"].rstrip("/") + f"/{layout.TARBALL}"
    return outputs
