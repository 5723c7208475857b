"""A job's supervisor starts before its job exists: it comes up while the job is prepared, takes the lock, then works.

The two processes speak over two pipes: the job's draft folder in, one byte back when its lock is held, one byte in when
the folder stands under its final name. A pipe that closes early ends the other side's waiting. This module is the first
that a command loads, so it loads nothing itself.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost 5 ms
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..job.folder import JobFolder

_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from simple_sagemaker.local.supervisor.supervisor import main; main(sys.argv[2])"
)


class NoSupervisor(Exception):
    """The process that should have taken a job over ended before it did."""


class Waiting:
    """A supervisor that waits for a job: its process, the pipe to it and the pipe from it."""

    def __init__(self, pid: int, to: int, back: int) -> None:
        self.pid = pid
        self._to = to
        self._back = back

    def take(self, draft: JobFolder) -> None:
        """Have it hold the lock of a draft. Raises NoSupervisor when it is gone."""
        try:
            os.write(self._to, os.fsencode(draft.path) + b"\0")
        except BrokenPipeError as error:
            raise NoSupervisor("the supervisor ended while it waited for a job") from error
        if not os.read(self._back, 1):
            raise NoSupervisor("the supervisor ended while it took the job over")

    def go(self) -> None:
        """Say that the job stands under its name."""
        os.write(self._to, b"g")
        self.leave()

    def leave(self) -> None:
        """Let go of it: without a job it ends by itself."""
        os.close(self._to)
        os.close(self._back)


def supervisor(isolation: str, variables: Mapping[str, str] | None = None) -> Waiting:
    """Start a supervisor that waits for a job, and tries meanwhile how it can isolate hosts.

    Its environment is nearly empty, for a job in plain isolation could read it; ``variables`` are for one that must act
    by the caller's credentials.
    """
    if sys.platform == "win32":
        raise NotImplementedError("jobs as processes need Linux or macOS")
    read, to = os.pipe()
    back, write = os.pipe()
    pid = _spawned(
        [sys.executable, "-S", "-s", "-E", "-c", _PROGRAM, _PACKAGES, isolation], read, write, variables or {}
    )
    os.close(read)
    os.close(write)
    return Waiting(pid, to, back)


def _spawned(words: list[str], read: int, write: int, variables: Mapping[str, str]) -> int:
    if sys.platform == "win32":
        raise NotImplementedError
    descriptors = [
        (os.POSIX_SPAWN_DUP2, read, 0),
        (os.POSIX_SPAWN_DUP2, write, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", **variables}
    try:
        return os.posix_spawn(words[0], words, environment, file_actions=descriptors, setsid=True)
    except NotImplementedError:  # macOS before 10.15: a process group of its own keeps Ctrl-C away as well
        return os.posix_spawn(words[0], words, environment, file_actions=descriptors, setpgroup=0)


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
