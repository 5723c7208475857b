"""The emulator as AWS's own clients meet it: a process of its own, reached by nothing but the variables it prints."""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.running_ssm import run, start
from tests.warm_homes import warm

if TYPE_CHECKING:
    import boto3

_DATA = {"s3.GetObject", "s3.PutObject", "s3.HeadObject", "s3.DeleteObjects", "s3.ListObjectsV2"}
_LOGS = {"logs.DescribeLogStreams", "logs.GetLogEvents"}
_POLLS = {"sagemaker.DescribeTrainingJob", "sagemaker.DescribeProcessingJob"}
_EXPORT = re.compile(r"export (\w+)='?([^'\n]*)'?")


class Emulator:
    """A running emulator. ``environment`` is what a shell has that took over the printed lines, the ``variables``."""

    def __init__(self, folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.home = folder / "home"
        warm(self.home)
        self._exports = folder / "exports"
        self._exports.unlink(missing_ok=True)
        words = ["emulator", "--port", "0", "--home", str(self.home), "--env_file", str(self._exports), *options]
        self.process = start(words, folder=None, environment={**os.environ, **(environment or {})})
        atexit.register(self.process.kill)  # of a test that fails before it stops it
        self.variables = self._printed()
        self.environment = {**os.environ, **self.variables}

    def _printed(self) -> dict[str, str]:
        until = time.monotonic() + 300
        while not self._exports.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                raise RuntimeError(f"no emulator: {self.process.communicate()[1]}")
            time.sleep(0.05)
        return dict(_EXPORT.findall(self._exports.read_text(encoding="utf-8")))

    @property
    def url(self) -> str:
        return self.environment["AWS_ENDPOINT_URL"]

    def page(self, name: str, method: str = "GET", data: bytes | None = None) -> Any:
        """One of the emulator's own pages."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        unsigned = AWSRequest(method=method, url=f"{self.url}/_ssm/{name}", data=data)
        keys = Credentials(self.environment["AWS_ACCESS_KEY_ID"], self.environment["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "sagemaker", self.environment["AWS_REGION"]).add_auth(unsigned)
        asked = urllib.request.Request(
            f"{self.url}/_ssm/{name}", method=method, data=data, headers=dict(unsigned.headers)
        )
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    def calls(self) -> dict[str, int]:
        """How often each operation was called since this was asked the last time."""
        found: dict[str, int] = self.page("requests", "DELETE")
        return found

    def requests(self) -> dict[str, int]:
        """The same without what depends on sizes and on time: objects' bytes and listings, logs, and repeated polls."""
        counted = {name: count for name, count in self.calls().items() if name not in _DATA | _LOGS}
        return {name: 1 if name in _POLLS else count for name, count in counted.items()}

    def session(self) -> boto3.Session:
        """A session of boto3 that has the printed keys; its clients need :attr:`url` too."""
        import boto3

        return boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_REGION"],
        )

    def client(self, service: Any, **options: Any) -> Any:
        """A client of boto3 for a service."""
        return self.session().client(service, endpoint_url=self.url, **options)

    def ssm(self, folder: Path, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run ``ssm`` in a folder against this emulator; ``changes`` are of its environment."""
        return run(*words, folder=folder, environment={**self.environment, **changes})

    def stop(self) -> str:
        """End it; what it said on stderr."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.communicate(timeout=300)[1]
        finally:
            self.process.kill()
            atexit.unregister(self.process.kill)


def ended(sagemaker: Any, name: str, within_s: float = 300) -> Mapping[str, Any]:
    """The description of a job, once it has ended."""
    until = time.monotonic() + within_s
    while True:
        found: Mapping[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
        if found["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"}:
            return found
        assert time.monotonic() < until, found
        time.sleep(0.1)


def request(name: str, bucket: str, **changes: Any) -> dict[str, Any]:
    """A request whose one host runs ``s3://<bucket>/code/run.sh``."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/code/", "S3DataDistributionType": "FullyReplicated"}
    return {
        "TrainingJobName": name,
        "RoleArn": "arn:aws:iam::000000000000:role/Jobs",
        "AlgorithmSpecification": {
            "TrainingImage": "an-image",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/sh", "/opt/ml/input/data/code/run.sh"],
        },
        "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **changes,
    }
