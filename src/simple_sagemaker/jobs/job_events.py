"""What happens to a job while it is followed, as records: for programs, in the order in which it was seen."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Literal

from ..core.records import dataclass
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
class EndEvent:
    """The job has ended. ``reason`` is why it failed; ``seconds`` are those of each host."""

    event: Literal["end"] = "end"
    time: datetime
    job: str
    status: str
    reason: str | None
    seconds: int | None


JobEvent = LineEvent | PhaseEvent | MetricEvent | NoteEvent | EndEvent


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
