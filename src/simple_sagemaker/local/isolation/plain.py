"""A host as an ordinary process without namespaces; it finds its folders through environment variables."""

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


def translate_paths(arguments: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """Replace each argument that is a path of the job (``/opt/ml/…``) by the host's folder for it."""
    return [_translate_one(argument, places) for argument in arguments]


def _translate_one(argument: str, places: Mapping[str, str]) -> str:
    for path, folder in places.items():
        if argument == path or argument.startswith(path + "/"):
            return folder + argument[len(path) :]
    return argument


def living_descendants(parent: int) -> list[int]:
    """The living processes below ``parent``, from /proc; Linux only, elsewhere empty."""
    if sys.platform != "linux":
        return []
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            state, above = _state_and_parent(name)
            children.setdefault(above, []).append(int(name))
            if state in _DEAD:
                dead.add(int(name))
    descendants: list[int] = []
    waiting = [parent]
    while waiting:
        below = children.get(waiting.pop(), [])
        descendants += below
        waiting += below
    return [pid for pid in descendants if pid not in dead]


def _state_and_parent(pid: str) -> tuple[bytes, int]:
    """A process's state and its parent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            state, parent = stat.read().rpartition(b")")[2].split()[:2]
        return state, int(parent)
    except (FileNotFoundError, ProcessLookupError):
        return b"X", 0
