"""One execution of a task as Python holds it: looked at, stopped, waited for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import job
from ..core.aws_errors import only_ours
from ..core.job import JobKind
from ..core.layout import TaskPlace
from ..core.specs import Download, TaskOutput
from ..jobs import follow, results
from ..jobs import logs as joblogs
from ..jobs import outcome as ending
from .progress import Progress, watching

if TYPE_CHECKING:
    from ..core.progress import Watcher
    from ..core.services import Services
    from ..jobs.follow import JobResult


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a job ended.

    ``status`` is Completed, Failed or Stopped, ``secondary`` the service's finer word for it, ``reason`` why it failed.
    ``message`` is what the code of a processing job said of its end. ``folder`` is where results were brought, if they
    were. ``described`` is everything that the service says.
    """

    job: str
    task_name: str
    status: str
    secondary: str
    reason: str | None
    message: str | None
    seconds: int | None
    folder: Path | None
    outputs: Mapping[TaskOutput, str]
    described: Mapping[str, Any]

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {one["MetricName"]: one["Value"] for one in self.described.get("FinalMetricDataList", [])}

    def uri(self, kind: TaskOutput) -> str:
        """Where the job's model, output, state or source lies: an ``s3://`` address. Raises KeyError without any."""
        return self.outputs[kind]


class Job:
    """A job of a task, running or ended. Threads may share it."""

    def __init__(
        self,
        name: str,
        place: TaskPlace,
        services: Services,
        *,
        kind: JobKind,
        download: Download,
        progress: Progress,
        hosts: int,
    ) -> None:
        self._name = name
        self._kind: JobKind = kind
        self._place = place
        self._services = services
        self._download = download
        self._progress: Progress = progress
        self._hosts = hosts
        self._waiting = threading.RLock()  # one thread watches, the others wait for it
        self._ended: JobResult | None = None

    def __repr__(self) -> str:
        return f"<Job {self._name} of task {self._place.task}>"

    @property
    def name(self) -> str:
        """The job's name, which SageMaker knows it by."""
        return self._name

    @property
    def task_name(self) -> str:
        """The task that it is a job of."""
        return self._place.task

    @property
    def status(self) -> str:
        """InProgress, Stopping, Completed, Failed or Stopped, as the service says now."""
        return self._ended.status if self._ended else self._described().status

    def logs(self) -> dict[str, list[str]]:
        """The lines that each host has printed so far, by the host's name; a host that printed none is not there."""
        found: dict[str, list[str]] = {}
        with self._our_words():
            group = joblogs.GROUPS[self._kind]
            for stream in joblogs.streams(self._name, self._services.logs, group):
                lines = found.setdefault(f"algo-{joblogs.host_number(stream)}", [])
                for page in joblogs.pages(stream, self._services.logs, group):
                    lines += page
        return found

    def stop(self) -> None:
        """Ask it to stop, and leave: its code gets SIGTERM, and what it wrote is kept. One that has ended is left."""
        with self._our_words():
            if self.status == "InProgress":
                job.stop(self._name, self._kind, self._services.sagemaker)

    def wait(self) -> Result:
        """Wait for its end, however it ends, and bring the results if the task was asked to."""
        with self._waiting:
            if self._ended is None:
                self._ended = self._followed()
            return result_of(self._ended, self._download.path)

    def result(self) -> Result:
        """Wait for its completion, as :meth:`wait` does. Raises JobFailed or JobStopped for other ends."""
        found = self.wait()
        if self._ended:
            ending.check(self._ended)
        return found

    def _followed(self) -> JobResult:
        """How it ended, once it has, with its results brought."""
        with self._our_words():
            described = self._described()
            if described.has_ended and self._download.path is None:
                return follow.result(self._place, described)
            with watching(self._progress, self._hosts) as watcher:
                ended = self._end(described, watcher)
                results.bring(self._download, ended.described, self._services, watcher)
        return ended

    def _end(self, described: job.Job, watcher: Watcher) -> JobResult:
        if described.has_ended:
            return follow.result(self._place, described)
        return follow.Follower(self._name, self._place, self._services, watcher, kind=self._kind).to_the_end()

    def _described(self) -> job.Job:
        with self._our_words():
            return job.describe(self._name, self._kind, self._services.sagemaker)

    def _our_words(self) -> Any:
        return only_ours(region=self._services.region, job=self._name)


def result_of(ended: JobResult, folder: Path | None = None) -> Result:
    """How a job ended, for whoever asked in Python."""
    return Result(
        job=ended.job,
        task_name=ended.place.task,
        status=ended.status,
        secondary=ended.secondary,
        reason=ended.reason,
        seconds=ended.seconds,
        folder=folder,
        message=ended.message,
        outputs=ended.described.outputs,
        described=ended.described.answer,
    )
