"""The interface between a job's attempts and what its hosts run on: processes or containers.

An attempt downloads data into folders; a :class:`Backend` starts a program that sees those folders at the job's own
paths, and leaves nothing of it behind afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ..isolation.namespaces import Started
from .host import Host


class CannotRun(Exception):
    """The job's hosts cannot be started, for a reason that the job's owner can fix."""


class Backend(Protocol):
    """One way to run hosts. ``isolation`` is its name in the journal."""

    @property
    def isolation(self) -> str: ...

    def provision(self) -> Iterator[None]:
        """Get what hosts need on this machine, such as an image, in steps of a moment each. Raises CannotRun."""
        ...

    def prepare(self, hosts: Sequence[Host]) -> None:
        """Make what the hosts need besides their folders, which exist. Raises CannotRun."""
        ...

    def start(self, host: Host, *, output: int, close: Sequence[int]) -> Started:
        """Start a host's first process with its output to a descriptor; ``close`` are descriptors it must not inherit.

        Call with one thread only: it forks.
        """
        ...

    def publish_addresses(self, hosts: Sequence[Host]) -> None:
        """Once all hosts are started: let each find the others by name, including those that have ended."""
        ...

    def clean_up(self) -> None:
        """Once no host is monitored any more: end what is left of them, and make all that they wrote readable to us."""
        ...
