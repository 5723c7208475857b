"""How hosts are kept apart on this machine: in namespaces where the kernel lets us, else as plain processes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from . import bubblewrap, namespaces, plain
from .namespaces import Launch, Started
from .view import View

__all__ = ["Isolation", "Launch", "Started", "choose", "start"]

Isolation = Literal["namespaces", "bwrap", "plain"]
CHOICES = ("auto", "namespaces", "bwrap", "plain")


class CannotIsolate(Exception):
    """The isolation that was asked for does not work on this machine."""


def choose(wanted: str, *, scratch: Path) -> Isolation:
    """The isolation to use: the one asked for, or for ``auto`` the first of namespaces, bwrap and plain that works.

    Tried by starting a program that does nothing. Raises CannotIsolate when what was asked for does not work.
    """
    if wanted == "plain" or sys.platform != "linux":
        return "plain"
    tried: list[str] = []
    candidates: tuple[Isolation, ...] = ("namespaces", "bwrap")
    for candidate in candidates:
        if wanted in {"auto", candidate}:
            problem = _trial(candidate, scratch)
            if not problem:
                return candidate
            tried.append(f"{candidate}: {problem}")
    if wanted == "auto":
        return "plain"
    raise CannotIsolate("; ".join(tried) or f"SSM_ISOLATION={wanted}: choose one of {', '.join(CHOICES)}")


def start(how: Isolation, launch: Launch, view: View, *, root: str, close: Sequence[int]) -> Started:
    """Start a host's first process."""
    if how == "namespaces":
        return namespaces.start(launch, view, root=root, close=close)
    if how == "bwrap":
        return bubblewrap.start(launch, view, close=close)
    return plain.start(launch, close=close)


def _trial(how: Isolation, scratch: Path) -> str:
    """Start ``true`` with a private folder; empty when that worked, else what went wrong."""
    if how == "bwrap" and not shutil.which("bwrap"):
        return "not installed"
    private, root = scratch / "trial" / "private", scratch / "trial" / "root"
    private.mkdir(parents=True)
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
        shutil.rmtree(scratch / "trial")
