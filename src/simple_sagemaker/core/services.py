"""The services that run jobs and keep data: a frozen bundle, passed to every step of a task."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from .access import Access
from .aws_api import Experiments, Logs, SageMaker, Tagging
from .image_builder import Images, NoImages
from .job import JobKind
from .records import dataclass, field
from .store import Store


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a job's log lines are read while it is followed. The defaults are for a service without rate limits.

    ``pace`` returns the seconds to wait between two polls, given the seconds of following so far. A poll reads at most
    ``pages`` pages, and if there are more, the next one comes ``breath_s`` later. New streams are listed at least once
    in ``listing`` polls. After the job's end lines may be late: each number of seconds in ``settle_s`` is waited, and
    the lines are read again.
    """

    pace: Callable[[float], float] = lambda _: 0.02
    pages: int = sys.maxsize
    breath_s: float = 0.0
    listing: int = 1
    settle_s: tuple[float, ...] = ()


def no_price(_instance_type: str, _kind: str) -> float | None:
    """Return no price."""
    return None


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services that run jobs and keep data, and the name of the engine.

    ``pace`` returns the seconds to wait before polling a job again, given the seconds of following it so far.
    ``tagging`` connects to the service of tags. ``images`` builds custom images. ``price`` returns the dollars an hour
    of an instance type for a kind of job, or None. ``cache`` is a folder whose content may be deleted at any time.
    ``python`` is the interpreter that runs the code where no image is used. ``process`` identifies this process to
    other commands, and ``lives`` returns whether such a process lives, or None where that cannot be known here.
    ``processors`` and ``gpus`` are those of this machine where it runs the jobs: how many, and their identities.
    ``is_emulated``: AWS is an emulator of this machine. ``experiments`` connects to the service of SageMaker's own
    experiments.
    ``remote_debug`` makes AWS's sessions with hosts (``aws.remote_debug.RemoteDebug``), where jobs are AWS's.
    """

    engine: str
    sagemaker: SageMaker
    tagging: Callable[[], Tagging]
    logs: Logs
    store: Store
    access: Access
    region: str
    now: Callable[[], datetime]
    token: Callable[[], str]
    pace: Callable[[float], float]
    images: Images = field(default_factory=NoImages)
    reading: Reading = Reading()
    price: Callable[[str, JobKind], float | None] = no_price
    cache: Path | None = None
    buckets: Path | None = None
    jobs: Path | None = None
    python: str = ""
    process: str = ""
    processors: int = 1
    gpus: Callable[[], Sequence[str]] = lambda: ()
    lives: Callable[[str], bool | None] = lambda _: None
    remote_debug: Callable[[], Any] | None = None
    experiments: Callable[[], Experiments] | None = None
    is_emulated: bool = False

    @property
    def typed_engine(self) -> str:
        """What a command that is advised needs behind it to be about the same jobs, wherever it is typed."""
        return " --it local" if self.jobs else ""

    def bucket_folder(self, bucket: str) -> str:
        """The path of a bucket on this machine, for display; only for engines that keep buckets there."""
        return str(self.buckets / bucket) if self.buckets else bucket
