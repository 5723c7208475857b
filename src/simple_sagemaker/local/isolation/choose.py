"""How hosts are isolated on this machine: in namespaces where the kernel allows them, else as plain processes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ...core.records import dataclass
from ..job.home import ISOLATIONS
from . import bubblewrap, namespaces, plain
from .mounts import View
from .namespaces import Launch, Started

Isolation = Literal["namespaces", "bwrap", "plain"]


class CannotIsolate(Exception):
    """The requested isolation does not work on this machine."""


@dataclass(frozen=True)
class Choice:
    """The isolation that works here, or why the requested one does not."""

    how: Isolation | None
    problem: str = ""

    def require(self) -> Isolation:
        """Return the isolation. Raises CannotIsolate when none works."""
        if self.how is None:
            raise CannotIsolate(self.problem)
        return self.how


def choose(isolation: str) -> Choice:
    """Choose the requested isolation, or for ``auto`` the first of namespaces, bwrap and plain that works.

    Each candidate is tested by starting a program that does nothing.
    """
    if isolation == "plain" or sys.platform != "linux":
        return Choice("plain")
    if isolation not in ISOLATIONS:
        return Choice(None, f"SSM_ISOLATION={isolation} is none of {', '.join(ISOLATIONS)}")
    candidates: tuple[Isolation, ...] = ("namespaces", "bwrap")
    problems = []
    for candidate in candidates:
        if isolation in {"auto", candidate}:
            problem = _problem_of(candidate)
            if not problem:
                return Choice(candidate)
            problems.append(f"{candidate}: {problem}")
    return Choice("plain") if isolation == "auto" else Choice(None, "; ".join(problems))


def start_host(how: Isolation, launch: Launch, view: View, *, root: str, close: Sequence[int]) -> Started:
    """Start a host's first process in the given isolation."""
    if how == "namespaces":
        return namespaces.start(launch, view, root=root, close=close)
    if how == "bwrap":
        return bubblewrap.start(launch, view, close=close)
    return plain.start(launch, close=close)


def _problem_of(how: Isolation) -> str:
    """Start ``true`` with a private folder; return what went wrong, or an empty text."""
    if how == "bwrap" and not shutil.which("bwrap"):
        return "not installed"
    scratch = Path(tempfile.mkdtemp(prefix="ssm-trial-"))
    private, root = scratch / "private", scratch / "root"
    private.mkdir()
    root.mkdir()
    output = os.open("/dev/null", os.O_WRONLY)
    launch = Launch(argv=["true"], environment={"PATH": os.defpath}, cwd="/", hostname="algo-1", output=output)
    try:
        started = start_host(how, launch, View(private={"/opt/ml": str(private)}), root=str(root), close=[])
        _, status = os.waitpid(started.pid, 0)
        with os.fdopen(started.errors, "rb") as pipe:
            errors = pipe.read().decode("utf-8", "replace")
        return errors or ("" if status == 0 else f"ended with status {os.waitstatus_to_exitcode(status)}")
    finally:
        os.close(output)
        shutil.rmtree(scratch)
