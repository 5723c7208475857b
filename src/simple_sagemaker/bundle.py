"""Who runs jobs and keeps data: the frozen bundle that every step of a task is handed, whoever composed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .access import Access
from .api import Logs, SageMaker
from .storage import Store


@dataclass(frozen=True, kw_only=True)
class Services:
    """Who runs jobs, where data is, and what the place where jobs run is called.

    ``pace`` says how many seconds to wait before looking at a job again, after so many seconds of watching it.
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
    buckets: Path | None = None
    jobs: Path | None = None

    def bucket_folder(self, bucket: str) -> str:
        """Where a bucket is on this machine, as a person would type it; only for engines that keep it there."""
        return str(self.buckets / bucket) if self.buckets else bucket
