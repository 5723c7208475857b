"""One execution of a task as Python holds it: looked at, stopped, waited for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.aws_errors import translate_all_errors
from ..core.records import dataclass, field
from ..core.specs import TaskOutput
from ..errors import JobEnded
from ..jobs import logs, outcome
from .progress import Progress, display_progress
from .records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..jobs.follow import JobResult
    from ..jobs.job_events import JobEvent
    from ..jobs.metrics import Point
    from ..tasks.differences import Difference
    from ..tasks.run import Run


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a job ended.

    ``status`` is Completed, Failed or Stopped, ``secondary`` the service's finer word for it, ``reason`` why it failed.
    ``message`` is what the code of a processing job said of its end. ``folder`` is where results were brought, if they
    were. ``described`` is the service's whole description of the job.
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
    described: Mapping[str, Any] = field(repr=False)

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {one["MetricName"]: one["Value"] for one in self.described.get("FinalMetricDataList", [])}

    def _repr_html_(self) -> str:
        """A table, for notebooks."""
        from html import escape

        rows: dict[str, object] = {
            "job": self.job,
            "status": self.status,
            "reason": self.reason,
            "message": self.message,
        }
        rows |= {"message": self.message, "seconds": self.seconds, "results": self.folder, **self.metrics}
        cells = (
            f"<tr><th>{escape(name)}</th><td><pre>{escape(str(value))}</pre></td></tr>"
            for name, value in rows.items()
            if value is not None
        )
        return f"<table>{''.join(cells)}</table>"

    def uri(self, kind: TaskOutput) -> str:
        """The ``s3://`` address of the job's model, output, state or source. Raises KeyError without any."""
        return self.outputs[kind]


class Job:
    """A job of a task, running or ended. Threads may share it."""

    def __init__(self, run: Run, *, progress: Progress, hosts: int) -> None:
        self._run = run
        self._progress: Progress = progress
        self._hosts = hosts
        self._waiting = threading.RLock()  # one thread watches, the others wait for it
        self._ended: JobResult | None = None

    def __repr__(self) -> str:
        return f"<Job {self.name} of task {self.task_name}>"

    @property
    def name(self) -> str:
        """The job's name, which SageMaker knows it by."""
        return self._run.name

    @property
    def skipped(self) -> bool:
        """Whether nothing ran: the job had completed before."""
        return self._run.is_skipped

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What differs between what was asked for and what a job had that was skipped or joined; empty for a new job.

        Each has a ``name``, and texts ``before`` and ``now``, which are None where they are not known.
        """
        return self._run.differences

    @property
    def unseen(self) -> tuple[str, ...]:
        """The channels of a skipped job that read S3 or much, which was not looked at (``if_changed=True`` does).

        Their addresses, and the jobs whose outcomes they are, were compared.
        """
        return self._run.unseen

    @property
    def task_name(self) -> str:
        """The task that it is a job of."""
        return self._run.place.task

    @property
    def status(self) -> str:
        """InProgress, Stopping, Completed, Failed or Stopped, as the service says now."""
        if self._ended:
            return self._ended.status
        with self._our_errors():
            return self._run.describe().status

    def logs(self) -> dict[str, list[str]]:
        """The lines that each host has printed so far, by the host's name; a host that printed none is not there."""
        lines_of: dict[str, list[str]] = {}
        with self._our_errors():
            cloudwatch, group = self._run.services.logs, logs.GROUPS[self._run.kind]
            for stream in logs.streams(self.name, cloudwatch, group):
                lines = lines_of.setdefault(f"algo-{logs.host_number(stream)}", [])
                for page in logs.pages(stream, cloudwatch, group):
                    lines += page
        return lines_of

    def metrics(self, step_regex: str | None = None) -> Records[Point]:
        """Every value of its metrics so far, read from its lines, in the order of their times.

        Each has a time, a host, a metric, a number (counted for each host and metric), a step and a value. The step is
        what ``step_regex`` finds in the lines, or None. ``to_dataframe()`` of the result is a table for pandas.
        """
        from ..jobs import metric_values

        with self._our_errors():
            described = self._run.describe()
            notes = logging.getLogger("simple_sagemaker.task").warning
            return Records(metric_values.points(described, self._run.services, notes, step_regex))

    def follow(self) -> Iterator[JobEvent]:
        """Follow it to its end, and yield what happens: lines with times, phases, new values of metrics, the end.

        The job goes on if the iterator is left. Raises what ``wait`` raises where AWS does not answer; how the job
        ended is in the last event alone.
        """
        from .following import events

        with self._our_errors():
            yield from events(self._run)

    def stop(self) -> None:
        """Ask it to stop, and return at once: its code gets SIGTERM, and what it wrote is kept.

        A job that has ended is left alone.
        """
        with self._our_errors():
            if self.status == "InProgress":
                self._run.stop()

    def wait(self) -> Result:
        """Wait for its end, however it ends, and bring the results if the task was asked to."""
        with self._waiting:
            if self._ended is None:
                self._ended = self._follow()
            return result_of(self._ended, self._run.place.task, self._run.download.path)

    def result(self) -> Result:
        """Wait for its completion, as :meth:`wait` does. Raises JobFailed or JobStopped for other ends."""
        result = self.wait()
        if self._ended:
            try:
                outcome.check(self._ended, *outcome.advise(self._ended, self._run.services.engine))
            except JobEnded as error:
                error.job, error.result = self, result
                raise
        return result

    def _follow(self) -> JobResult:
        """Follow the job to its end and bring its results."""
        with self._our_errors(), display_progress(self._progress, self._hosts) as watcher:
            self._run.describe()
            ended = self._run.follow(watcher)
            self._run.bring(ended, watcher)
        return ended

    def _our_errors(self) -> Any:
        return translate_all_errors(region=self._run.services.region, job=self.name)


def result_of(ended: JobResult, task: str, folder: Path | None = None) -> Result:
    """How a job ended, as the Python API shows it."""
    return Result(
        job=ended.job,
        task_name=task,
        status=ended.status,
        secondary=ended.secondary,
        reason=ended.reason,
        seconds=ended.seconds,
        folder=folder,
        message=ended.message,
        outputs=ended.described.outputs,
        described=ended.described.answer,
    )
