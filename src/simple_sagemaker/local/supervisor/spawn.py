"""Starts a job's supervisor before the job exists: it starts up while the job is prepared, takes the lock, then works.

The two processes talk over two pipes: the job's draft folder in, one byte back when its lock is held, one byte in when
the folder has its final name. A pipe that closes early ends the other side's waiting. This module is the first that a
command loads, so it loads nothing itself.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # type checkers know it by its name: importing typing would cost 5 ms
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..job.folder import JobFolder

_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from simple_sagemaker.local.supervisor.supervisor import main; main(sys.argv[2])"
)


class SupervisorGone(Exception):
    """The supervisor ended before it took over the job."""


class WaitingSupervisor:
    """A supervisor that waits for a job."""

    def __init__(self, pid: int, to_supervisor: int, from_supervisor: int) -> None:
        self.pid = pid
        self._to_supervisor = to_supervisor
        self._from_supervisor = from_supervisor

    def hand_over(self, draft: JobFolder) -> None:
        """Have it hold the lock of a draft. Raises SupervisorGone if it has ended."""
        try:
            os.write(self._to_supervisor, os.fsencode(draft.path) + b"\0")
        except BrokenPipeError as error:
            raise SupervisorGone("the supervisor ended while it waited for a job") from error
        if not os.read(self._from_supervisor, 1):
            raise SupervisorGone("the supervisor ended while it took over the job")

    def begin(self) -> None:
        """Tell it that the job has its final name; it begins to work."""
        os.write(self._to_supervisor, b"g")
        self.dismiss()

    def dismiss(self) -> None:
        """Close the pipes: without a job it ends by itself."""
        os.close(self._to_supervisor)
        os.close(self._from_supervisor)


def start_supervisor(isolation: str, variables: Mapping[str, str] | None = None) -> WaitingSupervisor:
    """Start a supervisor that waits for a job, and meanwhile finds out how it can isolate hosts.

    Its environment is nearly empty, because a job in plain isolation could read it; ``variables`` are for one that must
    use the caller's credentials.
    """
    if sys.platform == "win32":
        raise NotImplementedError("jobs as processes need Linux or macOS")
    supervisor_in, to_supervisor = os.pipe()
    from_supervisor, supervisor_out = os.pipe()
    pid = _spawn(
        [sys.executable, "-S", "-s", "-E", "-c", _PROGRAM, _PACKAGES, isolation],
        supervisor_in,
        supervisor_out,
        variables or {},
    )
    os.close(supervisor_in)
    os.close(supervisor_out)
    return WaitingSupervisor(pid, to_supervisor, from_supervisor)


def _spawn(argv: list[str], read: int, write: int, variables: Mapping[str, str]) -> int:
    if sys.platform == "win32":
        raise NotImplementedError
    descriptors = [
        (os.POSIX_SPAWN_DUP2, read, 0),
        (os.POSIX_SPAWN_DUP2, write, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", **variables}
    try:
        return os.posix_spawn(argv[0], argv, environment, file_actions=descriptors, setsid=True)
    except NotImplementedError:  # macOS before 10.15: a process group of its own is enough against Ctrl-C
        return os.posix_spawn(argv[0], argv, environment, file_actions=descriptors, setpgroup=0)


def reap(pids: list[int]) -> list[int]:
    """Return those supervisors of ``pids`` that still run; reap the others."""
    return [pid for pid in pids if not _has_ended(pid)]


def _has_ended(pid: int) -> bool:
    if sys.platform == "win32":
        return False
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # reaped by other code that waits for all children
        return True
