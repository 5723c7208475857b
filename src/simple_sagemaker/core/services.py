"""Who runs jobs and keeps data: the frozen bundle that every step of a task is handed, whoever composed it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .access import Access
from .aws_api import Logs, SageMaker
from .image_builder import Images, NoImages
from .store import Store


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a job's lines are read while it is watched. The defaults are for a service that nothing is too much for.

    ``pace`` says how many seconds to wait between two looks, after so many seconds of watching. A look reads at most
    ``pages`` pages, and where there is more, the next one comes ``breath_s`` later. New streams are asked for at least
    once in ``listing`` rounds. After the job's end lines may be late: it is waited for as long as ``settle_s`` says,
    and read again each time.
    """

    pace: Callable[[float], float] = lambda _: 0.02
    pages: int = sys.maxsize
    breath_s: float = 0.0
    listing: int = 1
    settle_s: tuple[float, ...] = ()


def no_price(_: str) -> float | None:
    """Nobody says what a machine costs."""
    return None


@dataclass(frozen=True, kw_only=True)
class Services:
    """Who runs jobs, where data is, and what the place where jobs run is called.

    ``pace`` says how many seconds to wait before looking at a job again, after so many seconds of watching it.
    ``images`` makes images of one's own. ``price`` gives the dollars an hour of an instance type, or None. ``cache`` is
    a folder for what may be forgotten.
    """

    engine: str
    sagemaker: SageMaker
    logs: Logs
    store: Store
    access: Access
    region: str
    now: Callable[[], datetime]
    token: Callable[[], str]
    pace: Callable[[float], float]
    images: Images = field(default_factory=NoImages)
    reading: Reading = Reading()
    price: Callable[[str], float | None] = no_price
    cache: Path | None = None
    buckets: Path | None = None
    jobs: Path | None = None

    def bucket_folder(self, bucket: str) -> str:
        """Where a bucket is on this machine, as a person would type it; only for engines that keep it there."""
        return str(self.buckets / bucket) if self.buckets else bucket
