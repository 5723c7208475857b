"""The identity of a process, by which another command of this machine knows whether it still lives.

It names the boot, the PID namespace, the process and when that began, so that no other machine or container, and no
later process of the same number, is taken for it. Where the system has no ``/proc``, identities are empty.
"""

from __future__ import annotations

import os

_BOOT = "/proc/sys/kernel/random/boot_id"


def identity() -> str:
    """The identity of this process; empty where the system does not tell."""
    try:
        return f"{_where()}:{os.getpid()}:{_began(os.getpid())}"
    except (OSError, ValueError):
        return ""


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lives(process: str) -> bool | None:
    """Whether a process lives, by its identity; None for one of another machine or container, and an empty one."""
    try:
        where, pid, began = process.rsplit(":", 2)
        if where != _where():
            return None
        return _began(int(pid)) == began
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return None


def _where() -> str:
    """The boot and the PID namespace that a process number belongs to."""
    try:
        with open(_BOOT, encoding="ascii") as file:
            return f"{file.read().strip()}:{os.stat('/proc/self/ns/pid').st_ino}"
    except FileNotFoundError as error:
        raise ValueError("a system without /proc") from error


def _began(pid: int) -> str:
    """When a process began, in clock ticks since the boot; empty for one that has ended and waits for its parent.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return "" if fields[0] in {b"Z", b"X"} else fields[19].decode("ascii")
