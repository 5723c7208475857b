"""SageMaker and a clock as small classes: jobs are what a test puts there, and time passes where a command waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from botocore.exceptions import ClientError

from simple_sagemaker.core.access import LocalAccess
from simple_sagemaker.core.aws_api import Logs, SageMaker, Tagging
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.progress import WithoutStatusLine
from simple_sagemaker.core.services import Services
from simple_sagemaker.core.store import Store

PLACE = TaskPlace(bucket="b", project="p", task="task")
NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


def refused(code: str, message: str, operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, operation)


def training(name: str, status: str, *, created: datetime = NOON) -> Mapping[str, Any]:
    return {
        "TrainingJobName": name,
        "TrainingJobStatus": status,
        "SecondaryStatus": "Training" if status == "InProgress" else status,
        "CreationTime": created,
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://b/p/task/{name}/output/model.tar.gz"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
    }


def processing(name: str, status: str) -> Mapping[str, Any]:
    return {
        "ProcessingJobName": name,
        "ProcessingJobStatus": status,
        "CreationTime": NOON,
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1}},
    }


@dataclass
class Sage:
    """The jobs that there are, by name. ``on_create`` is called with each request, and may raise."""

    jobs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    on_create: Callable[[Mapping[str, Any]], object] = lambda _: None

    def create_training_job(self, **request: Any) -> Any:
        self.on_create(request)
        self.jobs[request["TrainingJobName"]] = training(request["TrainingJobName"], "InProgress")
        return {}

    def describe_training_job(self, *, TrainingJobName: str) -> Any:  # noqa: N803 - the service's name
        job = self.jobs.get(TrainingJobName, {})
        if "TrainingJobName" not in job:
            raise refused("ValidationException", "Requested resource not found.", "DescribeTrainingJob")
        return job

    def describe_processing_job(self, *, ProcessingJobName: str) -> Any:  # noqa: N803 - the service's name
        job = self.jobs.get(ProcessingJobName, {})
        if "ProcessingJobName" not in job:
            raise refused("ValidationException", "Could not find the job.", "DescribeProcessingJob")
        return job


@dataclass
class World:
    """The services of one command. ``passing`` is called at each wait, which takes a second of the clock."""

    store: Store
    sage: Sage = field(default_factory=Sage)
    now: datetime = NOON
    passing: Callable[[], object] = lambda: None
    living: dict[str, bool] = field(default_factory=dict)
    waits: int = 0

    def wait(self, _: float) -> float:
        self.waits += 1
        assert self.waits < 10_000, "it waits for ever"
        self.now += timedelta(seconds=1)
        self.passing()
        return 0.0

    def services(self, process: str = "here:7:1") -> Services:
        return Services(
            engine="aws",
            sagemaker=cast("SageMaker", self.sage),
            tagging=lambda: cast("Tagging", None),  # nothing is looked up by its tags
            logs=cast("Logs", None),
            store=self.store,
            access=LocalAccess(self.store, account="123456789012", region="eu-west-1"),
            region="eu-west-1",
            now=lambda: self.now,
            token=lambda: "a1B2c3D4",
            pace=self.wait,
            process=process,
            lives=self.living.get,
        )


@dataclass
class Notes(WithoutStatusLine):
    """A watcher that keeps the lines."""

    notes: list[str] = field(default_factory=list)

    def phase(self, name: str, message: str) -> None:
        self.notes.append(f"{name}: {message}")

    def lines(self, host: str, lines: list[str]) -> None:
        self.notes += lines

    def note(self, text: str) -> None:
        self.notes.append(text)
