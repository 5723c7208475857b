"""Who runs jobs and keeps data: the frozen bundle that every step of a task is handed, whoever composed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import names
from .api import Logs, SageMaker
from .storage import Store


@dataclass(frozen=True, kw_only=True)
class Services:
    """Who runs jobs, where data is, and what the place where jobs run is called. ``poll_s``: how often to look."""

    engine: str
    sagemaker: SageMaker
    logs: Logs
    store: Store
    account: str
    region: str
    now: Callable[[], datetime]
    token: Callable[[], str]
    poll_s: float
    buckets: Path | None = None
    jobs: Path | None = None

    def bucket_folder(self, bucket: str) -> str:
        """Where a bucket is on this machine, as a person would type it; only for engines that keep it there."""
        return str(self.buckets / bucket) if self.buckets else bucket

    @property
    def default_bucket(self) -> str:
        """The bucket when none is named, as AWS's own tools call it."""
        return f"sagemaker-{self.region}-{self.account}"

    def role_arn(self, project: str) -> str:
        """The role of a project's jobs."""
        return f"arn:aws:iam::{self.account}:role/SageMakerIAMRole_{project[: names.PROJECT_ROLE_LIMIT]}"
