"""A program that another command of this machine starts in a running host: its streams, and how it ends.

The other end of each stream is a pipe or a terminal made for it. The host never holds a file of the caller's: a process
there could open it anew, and write to what was meant for reading.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...core.records import dataclass
from ..isolation.clean_start import SIGNALS

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

_PACKAGES = str(Path(__file__).parents[3])
_PROGRAM = (  # our packages last: what lies beside them must not hide Python's own modules
    "import sys; sys.path.append(sys.argv[1]); from simple_sagemaker.local.isolation import clean_start; "
    "clean_start.close_inherited(5); from simple_sagemaker.local.sessions.guard import main; main()"
)
CONTROL, REPORT = 3, 4  # the guard's descriptors beside its streams
_PIPE_BYTES = 1 << 20
_MOST = 1 << 16


@dataclass(kw_only=True)
class Session:
    """A started program. ``stdin`` to ``stderr`` are our ends; with a terminal the first two are one, and no third."""

    pid: int
    stdin: int
    stdout: int
    stderr: int | None
    control: int
    report: int

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        with suppress(BrokenPipeError):
            os.write(self.control, b"%d\n" % number)

    def outcome(self) -> dict[str, Any]:
        """``status``, the program's exit status; or ``error`` and ``text``; empty when it ended with the host.

        Waits until the program has ended.
        """
        text = b""
        while data := os.read(self.report, _MOST):
            text += data
        outcome: dict[str, Any] = json.loads(text.partition(b"\n")[0]) if text else {}
        return outcome

    def close(self) -> None:
        """End the program if it still runs, and wait until nothing of it is left."""
        for descriptor in {self.control, self.stdin, self.stdout, self.stderr}:
            if descriptor is not None:
                with suppress(OSError):
                    os.close(descriptor)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self.report)


def start(folder: Path, program: Sequence[str], *, terminal: str | None) -> Session:
    """Start a program in the host of this folder; ``terminal`` is the kind (``TERM``) of the one it is to have."""
    control, order = os.pipe()
    report, reported = os.pipe()
    ours, theirs = _terminal() if terminal else _pipes()
    pid = spawn(_PROGRAM, [theirs[0], theirs[1], theirs[-1], control, reported])
    for descriptor in {*theirs, control, reported}:
        os.close(descriptor)
    words = {"folder": str(folder), "program": list(program), "terminal": terminal}
    data = (json.dumps(words) + "\n").encode()
    with suppress(BrokenPipeError):
        while data:
            data = data[os.write(order, data) :]
    return Session(
        pid=pid, stdin=ours[0], stdout=ours[1], stderr=None if terminal else ours[2], control=order, report=report
    )


def _terminal() -> tuple[list[int], list[int]]:
    ours, theirs = os.openpty()
    return [ours, ours], [theirs, theirs, theirs]


def _pipes() -> tuple[list[int], list[int]]:
    ours, theirs = [], []
    for number in range(3):
        read, write = os.pipe()
        if sys.platform == "linux":
            with suppress(OSError):  # the user has too many large ones
                fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        ours.append(write if number == 0 else read)
        theirs.append(read if number == 0 else write)
    return ours, theirs


def spawn(code: str, descriptors: Sequence[int]) -> int:
    """Start a Python with these as its first descriptors, in a session of its own, with nothing of our environment.

    It blocks and ignores no signal, and what it starts gets none of our descriptors, whatever this process does.
    """
    actions: list[Any] = []
    high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, len(descriptors)) for one in descriptors]
    for number, descriptor in enumerate(high):
        actions.append((os.POSIX_SPAWN_DUP2, descriptor, number))
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    argv = [sys.executable, "-I", "-S", "-c", code, _PACKAGES]
    clean: dict[str, Any] = {"file_actions": actions, "setsigmask": (), "setsigdef": SIGNALS}
    try:
        return os.posix_spawn(argv[0], argv, environment, setsid=True, **clean)
    except NotImplementedError:  # macOS before 10.15
        return os.posix_spawn(argv[0], argv, environment, setpgroup=0, **clean)
    finally:
        for descriptor in high:
            os.close(descriptor)
