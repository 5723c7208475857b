"""What outlives a killed supervisor just long enough to end its job's processes, where no namespace does that.

The guardian is the supervisor's parent. On Linux whatever the supervisor leaves behind becomes the guardian's, daemons
included (PR_SET_CHILD_SUBREAPER, prctl(2)), so none is out of reach; elsewhere it ends the process groups of the hosts.
It writes the job's end before anybody asks. Of the two, either may be killed: the other ends the job.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from ..job.folder import JobFolder
from . import monitor as crew
from . import recovery

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

_PR_SET_PDEATHSIG = 1
_PID_DIGITS = 20


class GuardianGone(Exception):
    """The guardian was killed, so the job ends."""


def watch_over(job: JobFolder, lock: int) -> int:
    """Split in two: return in the process that goes on as the supervisor, and never in the guardian.

    Gives a descriptor on which :func:`note` tells the guardian of hosts.
    """
    told, tell = os.pipe()
    guardian = os.getpid()
    pid = os.fork()
    if pid:
        os.close(tell)
        _guard(job, lock, pid, told)
    os.close(told)
    os.setsid()
    crew.adopt_orphans()
    _end_with(guardian)
    return tell


def note(tell: int, host: int) -> None:
    """Tell the guardian of a host's process, the leader of its group."""
    os.write(tell, str(host).rjust(_PID_DIGITS).encode())


def _end_with(guardian: int) -> None:
    """Raise GuardianGone in this process when the guardian ends (Linux)."""
    if sys.platform == "linux":
        import ctypes

        signal.signal(signal.SIGUSR1, _abandon)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
        if os.getppid() != guardian:
            raise GuardianGone


def _abandon(*_: object) -> NoReturn:
    raise GuardianGone


def _guard(job: JobFolder, lock: int, supervisor: int, told: int) -> NoReturn:
    try:
        os.waitpid(supervisor, 0)
        for host in _hosts(told):
            crew.kill_group(host)
        crew.kill_descendants()
        recovery.remove_containers(job)
        os.close(lock)
        recovery.settle(job)
    finally:
        os._exit(0)


def _hosts(told: int) -> list[int]:
    """The hosts that were told of. Reading to the end would wait for whoever else holds the pipe."""
    os.set_blocking(told, False)
    found = []
    try:
        while said := os.read(told, _PID_DIGITS):
            found.append(int(said))
    except BlockingIOError:
        pass
    return found
