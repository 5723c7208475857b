"""A host as an ordinary process: no namespaces, its folders found through its environment."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from .namespaces import Launch, Started, die_with_parent, exec_program

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")


def start(launch: Launch, *, close: Sequence[int]) -> Started:
    """Start the process in a session of its own. Call with one thread only: it forks."""
    errors, complain = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            if sys.platform == "linux":
                die_with_parent(supervisor)
            for descriptor in (*close, errors):
                os.close(descriptor)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            exec_program(launch)
        except BaseException as error:  # noqa: BLE001  a forked child must never return into its parent's code
            os.write(complain, f"{type(error).__name__}: {error}".encode())
            os._exit(126)
    os.close(complain)
    return Started(pid=pid, main=pid, errors=errors)


def translate(words: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """``words`` with every one that names a job's path (``/opt/ml/…``) naming the host's own folder instead."""
    return [_translated(word, places) for word in words]


def _translated(word: str, places: Mapping[str, str]) -> str:
    for path, folder in places.items():
        if word == path or word.startswith(path + "/"):
            return folder + word[len(path) :]
    return word


def leftovers(parent: int) -> list[int]:
    """The processes below ``parent``, found through /proc: what a host left behind in plain isolation (Linux)."""
    if sys.platform != "linux":
        return []
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            children.setdefault(_parent_of(name), []).append(int(name))
    found: list[int] = []
    waiting = [parent]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _parent_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
