"""A job's phases with their times, how often it was started, and what it waits for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..core.job import Job
from ..core.records import dataclass
from .phases import RESTARTS, waits_for_capacity

_WAITS = frozenset({"Starting", "Pending", *RESTARTS})
_WORKS = frozenset({"Training", "Processing"})


@dataclass(frozen=True, kw_only=True)
class TimedPhase:
    """A phase: the service's name and message, when it began and ended (None: it goes on, or is not known)."""

    name: str
    message: str
    began: datetime | None
    ended: datetime | None

    def seconds(self, now: datetime) -> float:
        """How long it took, or has taken so far."""
        return ((self.ended or now) - self.began).total_seconds() if self.began else 0.0


def timeline(job: Job) -> list[TimedPhase]:
    """The phases of a job so far, oldest first, without the end itself, which takes no time."""
    if job.kind == "processing":
        return _of_processing(job)
    transitions: Sequence[Any] = job.answer.get("SecondaryStatusTransitions") or ()
    return [
        TimedPhase(
            name=one["Status"], message=one.get("StatusMessage", ""), began=one["StartTime"], ended=one.get("EndTime")
        )
        for one in transitions
        if one["Status"] != job.status or not job.has_ended
    ]


def _of_processing(job: Job) -> list[TimedPhase]:
    """The service returns two times of a processing job, and no phases."""
    started, ended = job.answer.get("ProcessingStartTime"), job.answer.get("ProcessingEndTime")
    first_ended = started or ended
    phases = [TimedPhase(name="Starting", message="", began=job.created, ended=first_ended)]
    if started:
        phases.append(TimedPhase(name="Processing", message="", began=started, ended=ended))
    return phases


def ended_at(job: Job) -> datetime | None:
    """When a job ended; None while it has not, or where the service does not say."""
    if not job.has_ended:
        return None
    end: datetime | None = job.answer.get("ProcessingEndTime" if job.kind == "processing" else "TrainingEndTime")
    return end or job.answer.get("LastModifiedTime")


def ran_s(job: Job, now: datetime) -> int | None:
    """The seconds that each host ran, so far if it still does; None for one that never started."""
    if job.seconds is not None or job.has_ended:
        return job.seconds
    started: datetime | None = job.answer.get(
        "ProcessingStartTime" if job.kind == "processing" else "TrainingStartTime"
    )
    return max(0, round((now - started).total_seconds())) if started else None


def attempts(job: Job) -> int:
    """How often its hosts were started: once more after each interruption and restart."""
    return 1 + sum(1 for name, _, _ in job.phases if name in RESTARTS)


def condition(job: Job) -> str:
    """Why a job has its status, in few words: what a running one waits for or does, why another one ended; or ""."""
    if job.status == "Failed":
        return reason_in_short(job.reason or "")
    if job.status == "Stopped":
        return {"MaxRuntimeExceeded": "ran too long", "MaxWaitTimeExceeded": "waited too long"}.get(job.phase, "")
    if job.has_ended:
        return ""
    if job.status == "Stopping":
        return "saves what it wrote"
    message = job.phases[-1][2] if job.phases else ""
    number = attempts(job)
    again = f", start {number}" if number > 1 else ""
    if job.phase == "Pending" or (job.phase in _WAITS and waits_for_capacity(message)):
        return f"waits for machines{again}"
    if job.phase == "Interrupted":
        return "interrupted, waits for machines"
    if job.phase == "Restarting":
        return "restarts"
    return f"{job.phase.lower()}{again}" if job.phase not in _WORKS else again.lstrip(", ")


def waited_s(job: Job, now: datetime) -> float:
    """The seconds before a job's hosts worked: of every start, from its beginning to the data's download."""
    return sum(phase.seconds(now) for phase in timeline(job) if phase.name in _WAITS)


def reason_in_short(reason: str) -> str:
    """The part of a failure's reason that tells most: the code's own words, else its exit code, else the first line."""
    from ..core.printable import clean

    text = clean(reason)
    _, quote, message = text.partition('ErrorMessage "')
    if quote and message.partition('"\n')[0].strip():
        return " ".join(message.partition('"\n')[0].split())
    if quote and (code := re.search(r"^ExitCode .+$", text, re.MULTILINE)):
        return " ".join(code[0].split())
    return next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")
