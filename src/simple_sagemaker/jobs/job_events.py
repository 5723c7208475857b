"""What happens to a job while it is followed, as records: for programs, in the order in which it was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Literal

from ..core.progress import WithoutStatusLine
from ..core.records import dataclass, replace
from . import timeline
from .follow import JobResult
from .logs import Event


@dataclass(frozen=True, kw_only=True)
class LineEvent:
    """A host printed a line. ``host`` is its number, ``time`` when the service got the line."""

    event: Literal["line"] = "line"
    time: datetime
    host: int
    line: str


@dataclass(frozen=True, kw_only=True)
class PhaseEvent:
    """The job entered a phase; name and message are the service's."""

    event: Literal["phase"] = "phase"
    time: datetime
    phase: str
    message: str


@dataclass(frozen=True, kw_only=True)
class MetricEvent:
    """A metric's newest value, after lines in which it was found."""

    event: Literal["metric"] = "metric"
    time: datetime
    metric: str
    value: float


@dataclass(frozen=True, kw_only=True)
class NoteEvent:
    """Something worth knowing was done, or went wrong for a while."""

    event: Literal["note"] = "note"
    time: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class StartEvent:
    """A job was started, or joined."""

    event: Literal["start"] = "start"
    time: datetime
    job: str


@dataclass(frozen=True, kw_only=True)
class EndEvent:
    """The job has ended. ``reason`` is why it failed; ``seconds`` are those of each host.

    ``skipped`` is whether nothing ran, as the job had completed the task before.
    """

    event: Literal["end"] = "end"
    time: datetime
    job: str
    status: str
    reason: str | None
    seconds: int | None
    skipped: bool = False


JobEvent = LineEvent | PhaseEvent | MetricEvent | NoteEvent | StartEvent | EndEvent


class EventWatcher(WithoutStatusLine):
    """A watcher that makes an event of everything it is told, and passes it on.

    ``take`` gets each event, ``now`` is the clock. Lines come with their times by :meth:`host_events`, as the
    ``on_events`` of a Follower.
    """

    def __init__(self, take: Callable[[JobEvent], None], now: Callable[[], datetime]) -> None:
        self._take = take
        self._now = now
        self._values: dict[str, float] = {}

    def phase(self, name: str, message: str) -> None:
        """Pass on a phase."""
        self._take(PhaseEvent(time=self._now(), phase=name, message=message))

    def lines(self, host: str, lines: list[str]) -> None:
        """Pass on lines without times of their own."""
        number = int(host.rpartition("-")[2])
        for line in lines:
            self._take(LineEvent(time=self._now(), host=number, line=line))

    def host_events(self, host: str, events: list[Event]) -> None:
        """Pass on lines with their times."""
        number = int(host.rpartition("-")[2])
        for event in events:
            self._take(line_event(number, event))

    def metrics(self, newest: Mapping[str, float]) -> None:
        """Pass on the values that are new."""
        for name, value in newest.items():
            if self._values.get(name) != value:
                self._values[name] = value
                self._take(MetricEvent(time=self._now(), metric=name, value=value))

    def note(self, text: str) -> None:
        """Pass on a note."""
        self._take(NoteEvent(time=self._now(), text=text))

    def started(self, job: str) -> None:
        """Pass on that a job was started, or joined."""
        self._take(StartEvent(time=self._now(), job=job))

    def ended(self, result: JobResult, *, skipped: bool = False) -> None:
        """Pass on the end."""
        self._take(replace(end_event(result, self._now()), skipped=skipped))


def line_event(host: int, event: Event) -> LineEvent:
    """The event of a line, from one of the service's."""
    return LineEvent(time=moment(event.at_ms), host=host, line=event.line)


def end_event(result: JobResult, now: datetime) -> EndEvent:
    """The event of a job's end."""
    return EndEvent(
        time=timeline.ended_at(result.described) or now,
        job=result.job,
        status=result.status,
        reason=result.reason,
        seconds=result.seconds,
    )


def moment(at_ms: int) -> datetime:
    """The moment so many milliseconds after 1970 began, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, tz=timezone.utc)
