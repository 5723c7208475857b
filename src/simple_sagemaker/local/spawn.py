"""A job's supervisor starts before its job exists: it comes up while the job is prepared, takes the lock, then works.

The two processes speak over two pipes: the job's draft folder in, one byte back when its lock is held, one byte in when
the folder stands under its final name. A pipe that closes early ends the other side's waiting.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .jobs import JobFolder

_PACKAGES = str(Path(__file__).parent.parent.parent)
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from simple_sagemaker.local.supervisor import main; main(sys.argv[2])"
)


class NoSupervisor(Exception):
    """The process that should have taken a job over ended before it did."""


@dataclass(frozen=True)
class Waiting:
    """A supervisor that waits for a job: its process, the pipe to it and the pipe from it."""

    pid: int
    to: int
    back: int

    def take(self, draft: JobFolder) -> None:
        """Have it hold the lock of a draft. Raises NoSupervisor when it is gone."""
        try:
            os.write(self.to, os.fsencode(draft.path) + b"\0")
        except BrokenPipeError as error:
            raise NoSupervisor("the supervisor ended while it waited for a job") from error
        if not os.read(self.back, 1):
            raise NoSupervisor("the supervisor ended while it took the job over")

    def go(self) -> None:
        """Say that the job stands under its name."""
        os.write(self.to, b"g")
        self.leave()

    def leave(self) -> None:
        """Let go of it: without a job it ends by itself."""
        os.close(self.to)
        os.close(self.back)


def supervisor(isolation: str) -> Waiting:
    """Start a supervisor that waits for a job, and tries meanwhile how it can isolate hosts.

    Its environment is nearly empty: a job in plain isolation could read it.
    """
    read, to = os.pipe()
    back, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-S", "-s", "-E", "-c", _PROGRAM, _PACKAGES, isolation],
        stdin=read,
        stdout=write,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    process.returncode = 0  # it is meant to outlive us: no warning that it does; see reap()
    os.close(read)
    os.close(write)
    return Waiting(process.pid, to, back)


def reap(pids: list[int]) -> list[int]:
    """The supervisors of ``pids`` that still live; what is left of the others is taken from the process table."""
    return [pid for pid in pids if not _gone(pid)]


def _gone(pid: int) -> bool:
    if sys.platform == "win32":
        return False
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # taken by somebody else who waits for every child
        return True
