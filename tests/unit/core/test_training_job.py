"""What the product reads out of a training job's description, and how a job of either kind is found and stopped."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core import job as jobs
from simple_sagemaker.core.aws_api import SageMaker
from simple_sagemaker.core.job import Job, JobKind, of_processing, of_training
from tests.unit.tasks.service import refused

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
BARE: dict[str, Any] = {"TrainingJobName": "j", "TrainingJobStatus": "InProgress", "CreationTime": NOON}


def training(**members: Any) -> Job:
    return of_training({**BARE, **members})


def test_a_bare_description_is_a_job() -> None:
    job = training()
    assert (job.kind, job.name, job.status, job.phase, job.created) == (
        "training",
        "j",
        "InProgress",
        "InProgress",
        NOON,
    )
    assert (job.phases, job.has_started, job.has_ended) == ([("InProgress", None, "")], False, False)
    assert (job.seconds, job.billed_s, job.hosts, job.instance_type, job.is_spot) == (None, None, 1, None, False)
    assert (job.reason, job.message, dict(job.outputs), job.metrics) == (None, None, {}, {})


def test_a_whole_description_is_read() -> None:
    transitions = [
        {"Status": "Starting", "StartTime": NOON, "StatusMessage": "m"},
        {"Status": "Failed", "StartTime": NOON},
    ]
    metrics = [{"Name": "a", "Regex": "x"}, {"Name": "b"}, {"Regex": "y"}]
    job = training(
        TrainingJobStatus="Failed",
        SecondaryStatus="MaxRuntimeExceeded",
        SecondaryStatusTransitions=transitions,
        TrainingStartTime=NOON,
        TrainingTimeInSeconds=7,
        BillableTimeInSeconds=3,
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 3},
        EnableManagedSpotTraining=True,
        FailureReason="r",
        AlgorithmSpecification={"MetricDefinitions": metrics},
    )
    assert (job.phase, job.phases) == ("MaxRuntimeExceeded", [("Starting", NOON, "m"), ("Failed", NOON, "")])
    assert (job.has_started, job.has_ended, job.seconds, job.billed_s) == (True, True, 7, 3)
    assert (job.hosts, job.instance_type, job.is_spot, job.reason, job.metrics) == (
        3,
        "ml.m5.large",
        True,
        "r",
        {"a": "x"},
    )


@pytest.mark.parametrize(
    ("status", "has_ended"),
    [("InProgress", False), ("Stopping", False), ("Completed", True), ("Failed", True), ("Stopped", True)],
)
def test_which_statuses_are_ends(status: str, has_ended: bool) -> None:
    assert training(TrainingJobStatus=status).has_ended is has_ended


@pytest.mark.parametrize(
    ("machines", "hosts"),
    [
        ({"InstanceCount": 2}, 2),
        ({}, 1),
        ({"InstanceGroups": [{"InstanceCount": 2}, {"InstanceCount": 3}]}, 5),
        ({"InstanceGroups": [{"InstanceCount": 2}, {}]}, 3),
        ({"InstanceGroups": [], "InstanceCount": 4}, 4),
    ],
)
def test_hosts_are_those_of_all_groups(machines: dict[str, Any], hosts: int) -> None:
    assert training(ResourceConfig=machines).hosts == hosts


def test_outputs_are_named_by_the_model_and_the_checkpoints() -> None:
    job = training(
        ModelArtifacts={"S3ModelArtifacts": "s3://b/p/t/j/output/model.tar.gz"},
        CheckpointConfig={"S3Uri": "s3://b/p/t/state"},
    )
    assert job.outputs == {
        "model": "s3://b/p/t/j/output/model.tar.gz",
        "output": "s3://b/p/t/j/output/output.tar.gz",
        "source": "s3://b/p/t/j/source/sourcedir.tar.gz",
        "state": "s3://b/p/t/state/",
    }
    assert job.lies_under("s3://b/p/t/")
    assert not training(CheckpointConfig={"S3Uri": "s3://b/x//"}).lies_under("s3://b/p/")
    assert training(CheckpointConfig={"S3Uri": "s3://b/x//"}).outputs == {"state": "s3://b/x/"}


def processing(**members: Any) -> Job:
    return of_processing({"ProcessingJobName": "j", "ProcessingJobStatus": "Stopped", "CreationTime": NOON, **members})


@pytest.mark.parametrize(
    ("took_s", "limit_s", "phase", "seconds"),
    [(0.2, 60, "Stopped", 1), (59.4, 60, "Stopped", 59), (60, 60, "MaxRuntimeExceeded", 60), (90, None, "Stopped", 90)],
)
def test_a_processing_jobs_time_is_what_passed(took_s: float, limit_s: int | None, phase: str, seconds: int) -> None:
    times = {"ProcessingStartTime": NOON, "ProcessingEndTime": NOON + timedelta(seconds=took_s)}
    job = processing(**times, StoppingCondition={"MaxRuntimeInSeconds": limit_s} if limit_s else {})
    assert (job.phase, job.seconds, job.billed_s) == (phase, seconds, seconds)
    assert processing(ProcessingStartTime=NOON).seconds is None
    assert processing(ProcessingEndTime=NOON).seconds is None
    assert processing(StoppingCondition={"MaxRuntimeInSeconds": 60}).phase == "Stopped"


def test_the_code_of_a_processing_job_is_known_by_our_input_alone() -> None:
    inputs = [
        {"InputName": "other", "S3Input": {"S3Uri": "s3://b/other"}},
        {"InputName": "ssm_source"},
        {"InputName": "ssm_source", "S3Input": {"S3Uri": "s3://b/p/t/j/source/"}},
        {"InputName": "later", "S3Input": {"S3Uri": "s3://b/later"}},
    ]
    assert processing(ProcessingInputs=inputs).outputs == {"source": "s3://b/p/t/j/source/sourcedir.tar.gz"}
    outputs = [{"OutputName": "mine", "S3Output": {"S3Uri": "s3://b/x"}}, {"OutputName": "model"}]
    assert processing(ProcessingOutputConfig={"Outputs": outputs}).outputs == {}


class Service:
    """Describes and stops one job, or raises an error."""

    def __init__(self, *errors: Exception, status: str = "InProgress") -> None:
        self.errors, self.status, self.asked = list(errors), status, list[str]()

    def _called(self, what: str) -> Any:
        self.asked.append(what)
        if self.errors:
            raise self.errors.pop(0)
        return {**BARE, "TrainingJobStatus": self.status, "ProcessingJobName": "j", "ProcessingJobStatus": self.status}

    def describe_training_job(self, **request: str) -> Any:
        return self._called(f"describe training {request['TrainingJobName']}")

    def describe_processing_job(self, **request: str) -> Any:
        return self._called(f"describe processing {request['ProcessingJobName']}")

    def stop_training_job(self, **request: str) -> Any:
        return self._called(f"stop training {request['TrainingJobName']}")

    def stop_processing_job(self, **request: str) -> Any:
        return self._called(f"stop processing {request['ProcessingJobName']}")


@pytest.mark.parametrize("kind", jobs.KINDS)
def test_a_job_is_described_and_stopped_by_the_operations_of_its_kind(kind: JobKind) -> None:
    service = Service()
    found = jobs.find("j", kind, cast("SageMaker", service))
    assert found
    assert found.kind == kind
    jobs.stop("j", kind, cast("SageMaker", service))
    assert service.asked == [f"describe {kind} j", f"stop {kind} j"]


@pytest.mark.parametrize(
    ("code", "message", "is_absent"),
    [
        ("ValidationException", "Requested resource not found.", True),
        ("ResourceNotFound", "Could not find: NOT FIND", True),
        ("ValidationException", "a bad name", False),
        ("AccessDeniedException", "not found", False),
    ],
)
def test_a_job_that_is_not_there_is_told_from_other_errors(code: str, message: str, is_absent: bool) -> None:
    service = cast("SageMaker", Service(refused(code, message, "DescribeTrainingJob")))
    if is_absent:
        assert jobs.find("j", "training", service) is None
    else:
        with pytest.raises(ClientError):
            jobs.find("j", "training", service)


@pytest.mark.parametrize(
    ("code", "status", "is_error"),
    [
        (None, "InProgress", False),
        ("ValidationException", "Completed", False),
        ("ValidationException", "Stopping", False),
        ("ValidationException", "InProgress", True),
        ("AccessDeniedException", "Completed", True),
    ],
)
def test_a_job_that_has_ended_need_not_be_stopped(code: str | None, status: str, is_error: bool) -> None:
    service = Service(*([refused(code, "no", "StopTrainingJob")] if code else []), status=status)
    if is_error:
        with pytest.raises(ClientError):
            jobs.stop_unless_ended("j", "training", cast("SageMaker", service))
    else:
        jobs.stop_unless_ended("j", "training", cast("SageMaker", service))
    assert service.asked[0] == "stop training j"
