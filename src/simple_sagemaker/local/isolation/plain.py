"""A host as an ordinary process: no namespaces, its folders found through its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from .namespaces import Launch, Started, begin_child, exec_program

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

_DEAD = (b"Z", b"X")  # states of proc(5): ended and not yet waited for, or gone


def start(launch: Launch, *, close: Sequence[int]) -> Started:
    """Start the process in a session of its own. Call with one thread only: it forks."""
    errors, complain = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            begin_child(supervisor, (*close, errors))
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
    """The living processes below ``parent``, found through /proc (Linux): what a host left behind."""
    if sys.platform != "linux":
        return []
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            state, above = _seen(name)
            children.setdefault(above, []).append(int(name))
            if state in _DEAD:
                dead.add(int(name))
    found: list[int] = []
    waiting = [parent]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return [pid for pid in found if pid not in dead]


def _seen(pid: str) -> tuple[bytes, int]:
    """A process's state and its parent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            state, parent = stat.read().rpartition(b")")[2].split()[:2]
        return state, int(parent)
    except (FileNotFoundError, ProcessLookupError):
        return b"X", 0
