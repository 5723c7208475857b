"""An engine for each test, and jobs made in a line."""

from __future__ import annotations

import atexit
import functools
import io
import os
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.images import frameworks as images
from simple_sagemaker.local.api.cloudwatch_logs import GROUP, LocalLogs
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.supervisor.nursery import Nursery
from simple_sagemaker.local.supervisor.start import Starter
from simple_sagemaker.storage.folder_store import FolderStore
from tests.counts import LONG
from tests.local.doors import boto3_client, http_client
from tests.warm_homes import warm

FINAL = {"Completed", "Failed", "Stopped"}
ROLE = "arn:aws:iam::000000000000:role/SageMakerIAMRole_p"
ISOLATION = os.environ.get("SSM_ISOLATION") or "auto"
PLAIN = ISOLATION == "plain"
DOCKER = ISOLATION == "docker"  # in a run that `python -m tests.docker.daemon` has given a daemon
IMAGE = images.framework_image("pytorch", instance_type="ml.m5.large", region="us-east-1")
processes_only = pytest.mark.skipif(DOCKER, reason="a container has its image's programs and its own network")


def settings(**changes: Any) -> Settings:
    """How the engine of a test runs jobs."""
    result: dict[str, Any] = {"python": sys.executable, "isolation": ISOLATION, "stop_grace_s": 3}
    if DOCKER:
        environment = {"PATH": os.environ["PATH"], "DOCKER_HOST": os.environ["TESTS_DOCKER_HOST"]}
        result |= {"docker": ["docker"], "docker_environment": environment}
    return Settings(**{**result, **changes})


@functools.cache
def nursery() -> Nursery:
    """What starts the supervisors of this process's tests, but in a long run: most of a short job is their start."""
    made = Nursery(loads_s3=False)
    atexit.register(made.close)
    return made


class Engine:
    """The engine behind one door, with its bucket and logs."""

    bucket = "b"

    def __init__(self, root: Path, door: str) -> None:
        self.home = Home(root)
        warm(root)
        self.store = FolderStore(self.home.buckets)
        self.store.make_bucket(self.bucket)
        self.direct = self.service(settings(), nursery=None if LONG else nursery())
        self.doors = ExitStack()
        self.client: Any = self._through(door)
        self.logs = LocalLogs(self.home)
        self._count = 0

    def service(
        self, settings: Settings, variables: Mapping[str, str] | None = None, nursery: Nursery | None = None
    ) -> LocalSageMaker:
        """The service, whose supervisors get a caller's ``variables`` and come from a nursery."""
        return LocalSageMaker(
            self.home, settings=settings, starter=lambda: Starter(self.home.jobs, variables, nursery=nursery)
        )

    def _through(self, door: str) -> Any:
        if door == "http":
            return self.doors.enter_context(http_client(self.direct))
        return boto3_client(self.direct) if door == "boto3" else self.direct

    def request(self, script: str, **changes: Any) -> dict[str, Any]:
        """A legal request whose hosts run ``script`` in sh; changed members win, None takes a member out."""
        self._count += 1
        name = changes.pop("name", f"job-{self._count}")
        hosts = changes.pop("hosts", 1)
        channels = changes.pop("channels", [])
        self.store.write(self.bucket, f"code-{name}/run.sh", script.encode())
        request = {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": {
                "TrainingInputMode": "File",
                "TrainingImage": IMAGE,
                "ContainerEntrypoint": ["/bin/sh", "/opt/ml/input/data/run/run.sh"],
                **changes.pop("algorithm", {}),
            },
            "InputDataConfig": [*channels, channel("run", f"s3://{self.bucket}/code-{name}/")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/p/t"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": hosts, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "Environment": {"BASE": "/opt/ml"},
            **changes,
        }
        return {key: value for key, value in request.items() if value is not None}

    def start(self, script: str, **changes: Any) -> str:
        """Start a job and give its name."""
        request = self.request(script, **changes)
        self.client.create_training_job(**request)
        return str(request["TrainingJobName"])

    def run(self, script: str, **changes: Any) -> Mapping[str, Any]:
        """Run a job to its end and give its description."""
        return self.end(self.start(script, **changes))

    def end(self, name: str, within_s: float = 300) -> Mapping[str, Any]:
        """Wait for a job's end and give its description."""
        return self.until(name, lambda described: described["TrainingJobStatus"] in FINAL, within_s)

    def until(self, name: str, holds: Callable[[Mapping[str, Any]], bool], within_s: float = 300) -> Mapping[str, Any]:
        """Wait until something holds of a job's description."""
        limit = time.monotonic() + within_s
        while True:
            described: Mapping[str, Any] = self.client.describe_training_job(TrainingJobName=name)
            if holds(described):
                return described
            if time.monotonic() > limit:
                break
            time.sleep(0.02)
        raise TimeoutError(f"{name} after {within_s} s: {described}")

    def until_printed(self, name: str, text: str, within_s: float = 300) -> None:
        """Wait until some host has printed a text."""
        limit = time.monotonic() + within_s
        while time.monotonic() < limit:
            if any(text in line for lines in self.printed(name).values() for line in lines):
                return
            time.sleep(0.02)
        raise TimeoutError(f"{name} did not print {text!r}: {self.printed(name)}")

    def printed(self, name: str) -> dict[str, list[str]]:
        """The lines of each host of a job."""
        page = self.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")
        result: dict[str, list[str]] = {}
        for stream in page["logStreams"]:
            host = stream["logStreamName"].partition("/")[2].rpartition("-")[0]
            events = self.logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
            result.setdefault(host, []).extend(event["message"] for event in events)
        return result

    def release(self, name: str) -> None:
        """Let the hosts of a running job go on that wait for ``tests.local.scripts.RELEASED``."""
        for config in (self.home.jobs / name).glob("algo-*/opt/ml/**/config"):
            (config / "released").touch()

    def archive(self, job: str, name: str) -> dict[str, bytes | None]:
        """The members of ``model`` or ``output`` of a job; None for a folder. Raises FileNotFoundError."""
        data = self.store.read(self.bucket, f"p/t/{job}/output/{name}.tar.gz")
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            return {
                member.name: content.read() if (content := archive.extractfile(member)) else None for member in archive
            }

    def keys(self, prefix: str) -> list[str]:
        """The keys under a prefix, without it."""
        return [result.key[len(prefix) :] for result in self.store.list(self.bucket, prefix)]


def with_time(
    run: Callable[[int], Mapping[str, Any]], got_there: Callable[[Mapping[str, Any]], bool]
) -> Mapping[str, Any]:
    """The description of a job that had time, in seconds, to get as far as a test needs: more on a busy machine."""
    for time_s in (4, 16) if DOCKER else (1, 4, 16):
        if got_there(described := run(time_s)):
            return described
    return run(64)


def channel(name: str, uri: str, **changes: Any) -> dict[str, Any]:
    """A member of InputDataConfig."""
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    source |= changes.pop("source", {})
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **changes}


@pytest.fixture(params=["direct", "boto3", "http"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine of its own for the test, through each door; what still runs at the end is stopped."""
    made = Engine(tmp_path / "home", request.param)
    yield made
    for one in made.direct.list_hyper_parameter_tuning_jobs(StatusEquals="InProgress", MaxResults=100)[
        "HyperParameterTuningJobSummaries"
    ]:
        made.direct.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=one["HyperParameterTuningJobName"])
    for summary in made.direct.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]:
        made.direct.stop_training_job(TrainingJobName=summary["TrainingJobName"])
        made.end(summary["TrainingJobName"])
    made.doors.close()
