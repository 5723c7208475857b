"""Where the local engine keeps what it keeps: one folder that anyone can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
        """What can be deleted at any time: it is made again."""
        return self.root / "cache"

    @property
    def environments(self) -> Path:
        """Python environments made from requirement files, kept between jobs."""
        return self.cache / "environments"

    @property
    def sent(self) -> Path:
        """What was sent to which place, so that unchanged files are neither read nor sent again."""
        return self.cache / "sent"

    @property
    def locks(self) -> Path:
        """Ports and address blocks that running jobs hold."""
        return self.root / "locks"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the engine runs jobs. All times in seconds.

    ``python`` is the interpreter of the jobs. ``isolation`` is ``auto`` (the best this system allows), ``namespaces``,
    ``bwrap``, ``plain`` or ``docker``: then ``docker`` are the words of the command that runs containers, and
    ``docker_environment`` is what it needs to find its engine.

    ``stop_grace_s`` is the time between SIGTERM and SIGKILL; AWS gives 120.

    Of spot jobs alone: attempt number i is interrupted ``interrupt_after_s[i]`` after its training began, attempts
    beyond the last entry are not; every attempt waits ``spot_wait_s`` for capacity before it starts.

    ``region`` is the one that jobs are in. With ``s3_endpoint`` buckets are there, with ``callers_s3`` on the S3 that
    the caller's own configuration leads to, else they are folders of the home.
    ``credentials_uri`` is where supervisor and job get the credentials of the job's role, as AWS's containers get them
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). ``aws_endpoint`` is where a
    job's own AWS clients go.
    """

    python: str
    isolation: str = "auto"
    stop_grace_s: float = 120.0
    interrupt_after_s: tuple[float, ...] = ()
    spot_wait_s: float = 0.0
    region: str = REGION
    s3_endpoint: str | None = None
    callers_s3: bool = False
    credentials_uri: str | None = None
    aws_endpoint: str | None = None
    docker: Sequence[str] = ()
    docker_environment: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(kept: Mapping[str, Any]) -> Settings:
        """The settings that a job's folder holds, where the home stands among them."""
        return Settings(**{name: value for name, value in kept.items() if name != "home"})

    def variables(self) -> dict[str, str]:
        """What a job finds in its environment of the AWS that it runs in."""
        found = {"AWS_REGION": self.region}
        if self.aws_endpoint:
            found |= {"AWS_DEFAULT_REGION": self.region, "AWS_ENDPOINT_URL": self.aws_endpoint}
        if self.s3_endpoint and self.s3_endpoint != self.aws_endpoint:
            found["AWS_ENDPOINT_URL_S3"] = self.s3_endpoint
        if self.credentials_uri:
            found["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = self.credentials_uri
        return found
