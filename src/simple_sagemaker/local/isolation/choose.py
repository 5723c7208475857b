"""How hosts are kept apart on this machine: in namespaces where the kernel lets us, else as plain processes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..job.home import ISOLATIONS
from . import bubblewrap, namespaces, plain
from .mounts import View
from .namespaces import Launch, Started

__all__ = ["Choice", "Isolation", "Launch", "Started", "choose", "start"]

Isolation = Literal["namespaces", "bwrap", "plain"]


class CannotIsolate(Exception):
    """The isolation that was asked for does not work on this machine."""


@dataclass(frozen=True)
class Choice:
    """What was found to work, or why what was asked for does not."""

    how: Isolation | None
    problem: str = ""

    def settled(self) -> Isolation:
        """The isolation. Raises CannotIsolate when there is none."""
        if self.how is None:
            raise CannotIsolate(self.problem)
        return self.how


def choose(wanted: str) -> Choice:
    """The isolation to use: the one asked for, or for ``auto`` the first of namespaces, bwrap and plain that works.

    Tried by starting a program that does nothing.
    """
    if wanted == "plain" or sys.platform != "linux":
        return Choice("plain")
    if wanted not in ISOLATIONS:
        return Choice(None, f"SSM_ISOLATION={wanted} is none of {', '.join(ISOLATIONS)}")
    candidates: tuple[Isolation, ...] = ("namespaces", "bwrap")
    problems = []
    for candidate in candidates:
        if wanted in {"auto", candidate}:
            problem = _trial(candidate)
            if not problem:
                return Choice(candidate)
            problems.append(f"{candidate}: {problem}")
    return Choice("plain") if wanted == "auto" else Choice(None, "; ".join(problems))


def start(how: Isolation, launch: Launch, view: View, *, root: str, close: Sequence[int]) -> Started:
    """Start a host's first process."""
    if how == "namespaces":
        return namespaces.start(launch, view, root=root, close=close)
    if how == "bwrap":
        return bubblewrap.start(launch, view, close=close)
    return plain.start(launch, close=close)


def _trial(how: Isolation) -> str:
    """Start ``true`` with a private folder; empty when that worked, else what went wrong."""
    if how == "bwrap" and not shutil.which("bwrap"):
        return "not installed"
    scratch = Path(tempfile.mkdtemp(prefix="ssm-trial-"))
    private, root = scratch / "private", scratch / "root"
    private.mkdir()
    root.mkdir()
    output = os.open("/dev/null", os.O_WRONLY)
    launch = Launch(argv=["true"], environment={"PATH": os.defpath}, cwd="/", hostname="algo-1", output=output)
    try:
        started = start(how, launch, View(private={"/opt/ml": str(private)}), root=str(root), close=[])
        _, status = os.waitpid(started.pid, 0)
        with os.fdopen(started.errors, "rb") as errors:
            said = errors.read().decode("utf-8", "replace")
        return said or ("" if status == 0 else f"ended with status {os.waitstatus_to_exitcode(status)}")
    finally:
        os.close(output)
        shutil.rmtree(scratch)
