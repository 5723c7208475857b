"""Copies jobs' log lines and metrics into moto's CloudWatch, under SageMaker's names.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html names groups and streams. The platform writes
them as the job's role: a role that is not allowed to is reported once, and its jobs have no logs.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..local.api.cloudwatch_logs import GROUP, group_of
from ..local.api.describe import metric_lines
from ..local.api.job_index import JobIndex
from ..local.job import log_stream
from ..local.job.folder import JobFolder, find_job, has_ended, open_job
from ..local.job.home import ACCOUNT, Home
from ..local.job.kinds import Kind, resource_of
from ..local.job.shortage import shortage
from .mock_aws import MockAws
from .platform import Platform

NAMESPACE = GROUP
_PAUSE_S = 0.2
_MOST_FAULTS = 25
_MOST_EVENTS, _MOST_BYTES = 10_000, 1 << 20  # of a PutLogEvents


class Shipper:
    """Follows the logs of all jobs of a home; ``settle`` waits for one job's. ``report`` gets messages for users."""

    def __init__(
        self,
        home: Home,
        index: JobIndex,
        aws: MockAws,
        platform: Platform,
        *,
        region: str,
        report: Callable[[str], None],
    ) -> None:
        self._index = index
        self._report = report
        self._home = home
        self._aws = aws
        self._platform = platform
        self._region = region
        self._offsets: dict[tuple[str, str], int] = {}
        self._points: dict[str, int] = defaultdict(int)
        self._done: set[str] = set()
        self._folders: Mapping[str, object] = {}
        self._waiting: list[str] = []
        self._faults: Counter[str] = Counter()
        self._silent: set[str] = set()
        self._allowed: dict[str, bool] = {}
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._is_held_up = False
        self._thread = threading.Thread(target=self._run, name="shipper", daemon=True)

    def start(self) -> None:
        """Start following, beginning with what earlier emulators left in the home."""
        self._thread.start()

    def stop(self) -> None:
        """Ship everything that has been printed, then end."""
        self._ended.set()
        self._thread.join()

    def settle(self, kind: Kind, name: str) -> None:
        """Ship what one job has printed so far. What fails is reported; the answer that waits for it is not held up."""
        self._try_to_ship(find_job(self._home.jobs, kind, name))

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_S):
            self._try_all()
        self._try_all()

    def _try_all(self) -> None:
        try:
            self._ship_all()
        except Exception as error:  # noqa: BLE001 - such as no free descriptor: it ends, and this thread must not
            if not self._is_held_up:
                self._report(f"Logs and metrics are not shipped now: {type(error).__name__}: {error}")
            self._is_held_up = True
        else:
            self._is_held_up = False

    def _ship_all(self) -> None:
        folders = self._index.names()
        if folders is not self._folders:
            self._folders = folders
            self._done &= folders.keys()
            self._waiting = [folder for folder in folders if folder not in self._done]
        for folder in self._waiting:
            self._try_to_ship(open_job(self._home.jobs, folder))
        self._waiting = [folder for folder in self._waiting if folder not in self._done and folder in folders]

    def _try_to_ship(self, job: JobFolder | None) -> None:
        """Ship a job's output; report the first fault, and pass over a job that keeps failing."""
        if job is None:
            return
        with self._turn:
            try:
                self._ship(job)
            except FileNotFoundError:  # deleted meanwhile
                return
            except Exception as error:  # noqa: BLE001 - one job's logs must not cost another job's, or an answer
                if shortage(error):  # which ends: what is not shipped now is shipped then
                    return
                self._faults[job.folder] += 1
                if self._faults[job.folder] == 1:
                    self._report(f"Logs and metrics of {job.name} are not shipped: {type(error).__name__}: {error}")
                if self._faults[job.folder] >= _MOST_FAULTS:
                    self._done.add(job.folder)

    def _ship(self, job: JobFolder) -> None:
        if job.folder in self._done:
            return
        ended = has_ended(job.entries())
        if group_of(job) and self._may_write_logs(job):
            try:
                for stream in log_stream.streams(job.logs):
                    self._ship_stream(job, stream)
            finally:
                self._ship_metrics(job)
        if ended:
            self._done.add(job.folder)
            self._platform.forget(f"{self._region}/{resource_of(job.request())}")

    def _may_write_logs(self, job: JobFolder) -> bool:
        """Whether the job's role may write logs; checked once a job."""
        if job.folder not in self._allowed:
            role = job.request()["RoleArn"]
            allowed = self._platform.role_allows(role, "logs:PutLogEvents", self._group_arn(group_of(job)))
            self._allowed[job.folder] = allowed
            if not allowed and role not in self._silent:
                self._silent.add(role)
                self._report(f"The role {role} may not do logs:PutLogEvents: its jobs have no logs")
        return self._allowed[job.folder]

    def _group_arn(self, group: str) -> str:
        return f"arn:aws:logs:{self._region}:{ACCOUNT}:log-group:{group}:log-stream:any"

    def _ship_stream(self, job: JobFolder, stream: str) -> None:
        from moto.logs.models import logs_backends

        path, name, group = job.logs / stream, f"{job.name}/{stream}", group_of(job)
        backend = logs_backends[ACCOUNT][self._region]
        while True:
            start = self._offsets.get((job.folder, stream), 0)
            events, end = log_stream.read(path, start, most_bytes=_MOST_BYTES, most=_MOST_EVENTS)
            if end == start:
                return
            lines = [{"timestamp": event["timestamp"], "message": event["message"]} for event in events]
            with self._aws.lock():
                if group not in backend.groups:
                    backend.create_log_group(group, {})
                if name not in backend.groups[group].streams:
                    backend.create_log_stream(group, name)
                backend.put_log_events(group, name, lines)
            self._offsets[job.folder, stream] = end

    def _ship_metrics(self, job: JobFolder) -> None:
        points = metric_lines(job, after=self._points[job.folder])
        if not points:
            return
        from moto.cloudwatch.models import cloudwatch_backends

        data: list[dict[str, Any]] = [
            {
                "MetricName": point["name"],
                "Value": point["value"],
                "Timestamp": datetime.fromtimestamp(point["at"], tz=timezone.utc).replace(tzinfo=None),  # as moto's
                "Dimensions": [{"Name": "TrainingJobName", "Value": job.name}],
            }
            for point in points
            if abs(point["value"]) <= log_stream.LARGEST_VALUE  # a home may be older than the check where it is written
        ]
        with self._aws.lock():
            cloudwatch_backends[ACCOUNT][self._region].put_metric_data(NAMESPACE, data)
        self._points[job.folder] += len(points)
