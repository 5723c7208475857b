"""A job watched to its end: whoever watches is told of phases and lines, and gets the result."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from . import history, joblogs
from .layout import TaskPlace

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

    from .bundle import Services


class Watcher(Protocol):
    """Whoever is told what happens while a task runs."""

    def phase(self, name: str, message: str) -> None:
        """The job has come to a phase, in the service's words."""
        ...

    def lines(self, host: str, lines: list[str]) -> None:
        """A host has printed lines."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line has been done."""
        ...


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """How a job ended: its name, the service's two statuses, why it failed, and the seconds it took."""

    job: str
    place: TaskPlace
    status: str
    secondary: str
    reason: str | None
    seconds: int | None
    described: DescribeTrainingJobResponseTypeDef


class Follower:
    """Watches one job; left at any time (by an exception, say), it goes on where it was."""

    def __init__(self, job: str, place: TaskPlace, services: Services, watcher: Watcher) -> None:
        self._job = job
        self._place = place
        self._services = services
        self._watcher = watcher
        self._shown = ("", "")
        self._began = time.monotonic()
        self._tokens: dict[str, str | None] = {}

    def to_the_end(self) -> JobResult:
        """Tell the watcher what the job does until it has ended; its last lines come before its end."""
        while True:
            described = self._services.sagemaker.describe_training_job(TrainingJobName=self._job)
            ended = described["TrainingJobStatus"] in history.FINAL
            if ended:
                self._read()
            self._tell(described)
            if ended:
                return result(self._job, self._place, described)
            self._read()
            time.sleep(self._services.pace(time.monotonic() - self._began))

    def _tell(self, described: DescribeTrainingJobResponseTypeDef) -> None:
        phase = (described["SecondaryStatus"], _message(described))
        if phase != self._shown:
            self._watcher.phase(*phase)
            self._shown = phase

    def _read(self) -> None:
        """Pass on every line that was printed since the last time."""
        for name in joblogs.streams(self._job, self._services.logs):
            self._tokens.setdefault(name, None)
        for name in self._tokens:
            while self._read_page(name):
                pass

    def _read_page(self, name: str) -> bool:
        token = self._tokens[name]
        lines, self._tokens[name] = joblogs.read(name, token, self._services.logs)
        if lines:
            self._watcher.lines(f"algo-{joblogs.host_number(name)}", lines)
        return self._tokens[name] != token


def _message(described: DescribeTrainingJobResponseTypeDef) -> str:
    """What the service last said about the job."""
    transitions = described.get("SecondaryStatusTransitions")
    return transitions[-1].get("StatusMessage", "") if transitions else ""


def result(job: str, place: TaskPlace, described: DescribeTrainingJobResponseTypeDef) -> JobResult:
    """The result of a job, from its description."""
    return JobResult(
        job=job,
        place=place,
        status=described["TrainingJobStatus"],
        secondary=described["SecondaryStatus"],
        reason=described.get("FailureReason"),
        seconds=described.get("TrainingTimeInSeconds"),
        described=described,
    )
