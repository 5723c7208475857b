"""What is new in a job's description: phases and the service's messages about them, each reported once and in order."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from ..core.job import Job
from ..core.late_regex import compile_late

# Nothing is decided by these: AWS may change its words, and then the advice is missing and all else stays.
_NO_CAPACITY = compile_late(r"capacity", re.IGNORECASE)
RESTARTS = frozenset({"Interrupted", "Restarting"})  # phases after which all hosts are started again


class Phase(NamedTuple):
    """A phase of a job and the service's message about it."""

    name: str
    message: str

    @property
    def restarts(self) -> bool:
        """Whether all hosts are started again after it."""
        return self.name in RESTARTS


class Phases:
    """Remembers which phases were reported.

    A phase is reported when it begins and whenever its message changes in place; also one that began and ended between
    two descriptions.
    """

    def __init__(self) -> None:
        self._reported: dict[tuple[str, datetime | None, int], str] = {}

    def news(self, job: Job) -> list[Phase]:
        """The phases not reported yet, in the order in which they happened; they count as reported from now on."""
        new = []
        counts: dict[tuple[str, datetime | None], int] = {}
        for name, began, message in job.phases:
            counts[name, began] = number = counts.get((name, began), 0) + 1
            if self._reported.get((name, began, number)) != message:
                self._reported[name, began, number] = message
                new.append(Phase(name, message))
        return new


def waits_for_capacity(message: str) -> bool:
    """Whether the service's message says that it waits for machines."""
    return _NO_CAPACITY.search(message) is not None


def advice(phase: Phase, *, spot: bool) -> str:
    """What a person can do about a phase, or should know about it; "" for most."""
    if phase.name == "Interrupted":
        return "The spot machines were taken back: the job restarts with its saved state as soon as others are free"
    if waits_for_capacity(phase.message):
        other = "another --instance_type or region, or --no_spot," if spot else "another --instance_type or region"
        return f"No such machines are free now, and the service keeps trying: {other} may start sooner"
    return ""
