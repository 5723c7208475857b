"""A process that ends the hosts of a killed supervisor, where no namespace does that.

The watchdog is the supervisor's parent. On Linux it becomes the parent of all processes that the supervisor leaves
behind, daemons included (PR_SET_CHILD_SUBREAPER, prctl(2)), and kills them; elsewhere it kills the hosts' process
groups. It writes the job's end at once. Either of the two may be killed: the other ends the job.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from ..isolation import namespaces
from ..job.folder import JobFolder
from . import monitor, recovery

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

_PR_SET_PDEATHSIG = 1
_PID_DIGITS = 20


class WatchdogGone(BaseException):
    """The watchdog was killed, so the job ends. Raised by a signal, at any place."""


def start_watchdog(job: JobFolder, lock: int) -> int:
    """Fork: return in the child, which continues as the supervisor, and never in the parent, which is the watchdog.

    Returns a descriptor by which :func:`note` reports hosts to the watchdog.
    """
    read_end, write_end = os.pipe()
    watchdog = os.getpid()
    pid = os.fork()
    if pid:
        os.close(write_end)
        _guard(job, lock, pid, read_end)
    os.close(read_end)
    os.setsid()
    namespaces.adopt_orphans()
    _end_with(watchdog)
    return write_end


def note(write_end: int, host: int) -> None:
    """Report a host's process, the leader of its group, to the watchdog."""
    os.write(write_end, str(host).rjust(_PID_DIGITS).encode())


def _end_with(watchdog: int) -> None:
    """Raise WatchdogGone in this process when the watchdog ends (Linux)."""
    if sys.platform == "linux":
        import ctypes

        signal.signal(signal.SIGUSR1, _raise_gone)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
        if os.getppid() != watchdog:
            raise WatchdogGone


def _raise_gone(*_: object) -> NoReturn:
    raise WatchdogGone


def _guard(job: JobFolder, lock: int, supervisor: int, pipe: int) -> NoReturn:
    try:
        os.waitpid(supervisor, 0)
        for host in _hosts(pipe):
            monitor.kill_group(host)
        monitor.kill_descendants()
        recovery.remove_containers(job)
        os.close(lock)
        recovery.settle(job)
    finally:
        os._exit(0)


def _hosts(pipe: int) -> list[int]:
    """The reported hosts. Never blocks: reading to the end would wait for others that hold the pipe open."""
    os.set_blocking(pipe, False)
    hosts = []
    try:
        while text := os.read(pipe, _PID_DIGITS):
            hosts.append(int(text))
    except BlockingIOError:
        pass
    return hosts
