"""The local engine's folder and its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.records import dataclass, field

ACCOUNT = "000000000000"
REGION = "us-east-1"
ISOLATIONS = ("auto", "namespaces", "bwrap", "plain", "docker")


@dataclass(frozen=True)
class Home:
    """The engine's folder and the places in it."""

    root: Path

    @property
    def jobs(self) -> Path:
        """A folder for each job."""
        return self.root / "jobs"

    @property
    def buckets(self) -> Path:
        """A folder for each bucket."""
        return self.root / "buckets"

    @property
    def cache(self) -> Path:
        """Files that can be deleted at any time; they are made again when needed."""
        return self.root / "cache"

    @property
    def environments(self) -> Path:
        """Python environments made from requirement files, kept between jobs."""
        return self.cache / "environments"

    @property
    def upload_index(self) -> Path:
        """What was uploaded where, so that unchanged files are neither read nor uploaded again."""
        return self.cache / "sent"

    @property
    def mlflow(self) -> Path:
        """A folder for each project whose jobs keep runs of MLflow on this machine."""
        return self.root / "mlflow"

    @property
    def of_jobs(self) -> tuple[Path, ...]:
        """Everything but what can be made again: without these, a home is as new."""
        return (self.jobs, self.buckets, self.experiments, self.models, self.mlflow, self.regions)

    @property
    def experiments(self) -> Path:
        """The records of classic experiments and their trials."""
        return self.root / "experiments"

    @property
    def models(self) -> Path:
        """The records of models, from which transform jobs are made."""
        return self.root / "models"

    @property
    def regions(self) -> Path:
        """A home for each region beside the emulator's own."""
        return self.root / "regions"

    @property
    def locks(self) -> Path:
        """Lock files of the ports and address blocks that running jobs use."""
        return self.root / "locks"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the engine runs jobs. All times in seconds.

    ``python`` is the interpreter of the jobs. ``isolation`` is ``auto`` (the best this system allows), ``namespaces``,
    ``bwrap``, ``plain`` or ``docker``; for the latter, ``docker`` is the command that runs containers, as a list, and
    ``docker_environment`` the variables that it needs to find its engine.

    ``stop_grace_s`` is the time between SIGTERM and SIGKILL; on AWS it is 120.

    For spot jobs only: attempt number i is interrupted ``interrupt_after_s[i]`` after its training began, attempts
    beyond the last entry are not; every attempt waits ``spot_wait_s`` for capacity before it starts.

    ``clock_speed`` is how many times as fast as here SageMaker's clock goes, by which a job's time limits count and its
    time is billed.

    ``log_limit_mb`` is how much of what each host of a job prints is kept.

    ``region`` is the one that jobs are in. With ``s3_endpoint`` buckets are on that server, with ``callers_s3`` on the
    S3 of the caller's own configuration, else they are folders of the home.
    ``credentials_uri`` is where supervisor and job get the credentials of the job's role, as AWS's containers get them
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). ``aws_endpoint`` is where a
    job's own AWS clients go.
    """

    python: str
    isolation: str = "auto"
    stop_grace_s: float = 120.0
    interrupt_after_s: tuple[float, ...] = ()
    spot_wait_s: float = 0.0
    clock_speed: float = 1.0
    log_limit_mb: int = 1024
    region: str = REGION
    s3_endpoint: str | None = None
    callers_s3: bool = False
    credentials_uri: str | None = None
    aws_endpoint: str | None = None
    docker: Sequence[str] = ()
    docker_environment: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Settings:
        """Build the settings from a job's ``settings.json``, which holds the home beside them."""
        return Settings(**{name: value for name, value in stored.items() if name != "home"})

    def variables(self) -> dict[str, str]:
        """The environment variables that point a job's AWS clients to the right region and endpoints."""
        variables = {"AWS_REGION": self.region}
        if self.aws_endpoint:
            variables |= {"AWS_DEFAULT_REGION": self.region, "AWS_ENDPOINT_URL": self.aws_endpoint}
        if self.s3_endpoint and self.s3_endpoint != self.aws_endpoint:
            variables["AWS_ENDPOINT_URL_S3"] = self.s3_endpoint
        if self.credentials_uri:
            variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = self.credentials_uri
        return variables
