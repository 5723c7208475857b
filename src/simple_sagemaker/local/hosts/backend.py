"""What a job's hosts run on: the seam between a job's attempts and the ways of keeping hosts apart.

An attempt brings data to folders; whoever carries out :class:`Machines` starts a program that sees those folders at the
job's own paths, and sees to it that nothing is left of it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ..isolation.namespaces import Started
from .host import Host


class CannotRun(Exception):
    """No host of the job can be started, for a reason that the job's owner can do something about."""


class Machines(Protocol):
    """One kind of machine. ``how`` is its name in the journal."""

    @property
    def how(self) -> str: ...

    def bring(self) -> Iterator[None]:
        """Whatever has to be on this machine before hosts can be made, a moment a step. Raises CannotRun."""
        ...

    def ready(self, hosts: Sequence[Host]) -> None:
        """Make what the hosts need besides their folders, which are there. Raises CannotRun."""
        ...

    def start(self, host: Host, *, output: int, close: Sequence[int]) -> Started:
        """Start a host's first process, its output going to a descriptor; ``close`` are those that it must not keep.

        Call with one thread only: it forks.
        """
        ...

    def introduce(self, hosts: Sequence[Host]) -> None:
        """Once all hosts were started: have each find the others by name, those that have ended included."""
        ...

    def settle(self) -> None:
        """Once no host is watched any more: end what is left of them, and have all that they wrote be ours to read."""
        ...
