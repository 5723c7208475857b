"""What is new in a job's description: phases and the service's reasons for them, each told once and in order."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from ..core.job import Job

# Nothing is decided by these: AWS may change its words, and then the advice is missing and all else stays.
_NO_CAPACITY = re.compile(r"capacity", re.IGNORECASE)
_RESTARTS = frozenset({"Interrupted", "Restarting"})


class Phase(NamedTuple):
    """A phase of a job and what the service says of it."""

    name: str
    message: str

    @property
    def restarts(self) -> bool:
        """Whether all hosts are started again after it."""
        return self.name in _RESTARTS


class Phases:
    """Remembers which phases were told.

    A phase is told when it begins and whenever its message changes, which it does in place; also one that came and went
    between two looks.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[str, datetime | None, int], str] = {}

    def news(self, job: Job) -> list[Phase]:
        """What was not told yet, in the order in which it happened."""
        found = []
        alike: dict[tuple[str, datetime | None], int] = {}
        for name, began, message in job.phases:
            alike[name, began] = number = alike.get((name, began), 0) + 1
            if self._told.get((name, began, number)) != message:
                self._told[name, began, number] = message
                found.append(Phase(name, message))
        return found


def advice(phase: Phase, *, spot: bool) -> str:
    """What a person can do about a phase, or should know of it; "" for most."""
    if phase.name == "Interrupted":
        return "The machines were taken back: the job begins again with its saved state as soon as there are others"
    if _NO_CAPACITY.search(phase.message):
        other = "another --instance_type or region, or --no_spot," if spot else "another --instance_type or region"
        return f"No such machines are free now, and the service goes on trying: {other} may start sooner"
    return ""
