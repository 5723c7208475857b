"""The process between a command that enters a host and what it starts there: it leaves nothing of that behind.

It is started with an empty environment and five descriptors: the program's input, output and errors; a pipe with the
order, and then with signals to pass on, which closes when the command that asked for it has ended, in whatever way; and
a pipe for its report. On Linux it enters the host's namespaces; there a second process of it starts the program,
becomes the parent of all that the program leaves behind, and kills it in the end. Where hosts have no namespaces, one
process does it all.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ...core.records import dataclass
from ..hosts import entrance
from ..hosts.entrance import Entrance, NotRunning, OpenProcess
from ..isolation import enter, namespaces, plain
from .session import CONTROL, REPORT

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

import termios

NOT_RUNNING, FAILED = "not running", "failed"
_TICK_S = 0.1
_READY_S = 5.0
_KILL_S, _KILL_PAUSE_S = 2.0, 0.001
_CHUNK = 1 << 16
_NOT_FOUND, _NOT_STARTED = 127, 126
_SUPERVISOR, _BUBBLEWRAP = b"simple_sagemaker.local.supervisor", b"bwrap\0"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to start: in the host of this folder, the program's words, and whether it has a terminal of a kind."""

    folder: str
    program: Sequence[str]
    terminal: str | None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the program finds: the environment and folder of the host's own program, and what starts it safely."""

    variables: Mapping[str, str]
    folder: str
    env: int | None


def main() -> None:
    """Carry out the order that comes by the control pipe, and report how that ended."""
    _keep_to_ourselves()
    lines = _Lines()
    first = lines.wait()
    if first is None:
        return
    order = Order(**json.loads(first))
    try:
        _carry_out(order, lines)
    except NotRunning:
        _report(error=NOT_RUNNING, text="")
    except (OSError, ValueError) as why:
        _report(error=FAILED, text=str(why))


def _keep_to_ourselves() -> None:
    """Let no other process read this one, and the program inherit nothing but its three streams."""
    namespaces.set_dumpable(False)
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    for name in os.listdir(folder):
        descriptor = int(name)
        with contextlib.suppress(OSError):
            if descriptor > REPORT:
                os.close(descriptor)
            elif descriptor >= CONTROL:
                os.set_inheritable(descriptor, False)


def _carry_out(order: Order, lines: _Lines) -> None:
    host = entrance.read_entrance(Path(order.folder))
    process = _ready(host)
    isolated = host.isolation != "plain" and process is not None
    surroundings = _surroundings(host, process, order, isolated=isolated)
    if process is None or not isolated:
        _guard(order, surroundings, lines, is_alive=lambda: entrance.is_alive(host, process))
        return
    status = process.read("status")
    if not entrance.is_alive(host, process):
        raise NotRunning
    enter.enter(process.folder, status)
    inside = os.fork()
    if inside == 0:
        _be_inside(order, surroundings, lines)
    _let_go()
    os.close(REPORT)
    os.waitpid(inside, 0)


def _ready(host: Entrance) -> OpenProcess | None:
    """The host's first process, once it runs the host's program and its file system is complete."""
    until = time.monotonic() + _READY_S
    while True:
        process = entrance.open_host(host)
        if process is None or not _is_launching(process):
            return process
        process.close()
        if time.monotonic() > until:
            raise NotRunning
        time.sleep(_TICK_S)


def _is_launching(process: OpenProcess) -> bool:
    """Whether a process is not the host's program yet, but what becomes that: our supervisor's or bubblewrap's."""
    words = process.read("cmdline")
    return (_SUPERVISOR in words and not process.is_forked_launcher) or words.startswith(_BUBBLEWRAP)


def _surroundings(host: Entrance, process: OpenProcess | None, order: Order, *, isolated: bool) -> Surroundings:
    """What the person's code has; where there is no /proc, what the host's first process had at its start."""
    variables, folder = dict(host.environment), "/"
    if process is not None:
        program = entrance.program_of(process)
        variables, folder = program.variables or variables, program.link("cwd") or folder
    if order.terminal:
        variables["TERM"] = order.terminal
    return Surroundings(variables=variables, folder=folder, env=enter.copy_of_env() if isolated else None)


def _be_inside(order: Order, surroundings: Surroundings, lines: _Lines) -> NoReturn:
    """The process inside the host: the end of the host ends it too."""
    try:
        _guard(order, surroundings, lines, is_alive=lambda: True)
    except BaseException as why:  # noqa: BLE001  a forked child must never return into its parent's code
        _report(error=FAILED, text=f"{type(why).__name__}: {why}")
    os._exit(0)


def _guard(order: Order, surroundings: Surroundings, lines: _Lines, *, is_alive: Any) -> None:
    """Run the program to its end, or to the end of the command that wanted it, or of the host."""
    if sys.platform == "linux":
        namespaces.adopt_orphans()
    wake = _wake_on_child()
    program = os.fork()
    if program == 0:
        _become_program(order, surroundings)
    _let_go()
    status = None
    while status is None and lines.is_open and is_alive():
        ready, _, _ = select.select([wake, CONTROL], [], [], _TICK_S)
        if wake in ready:
            os.read(wake, _CHUNK)
        if CONTROL in ready:
            for line in lines.read():
                _pass_on(program, int(line))
        status = _reap(program)
    _kill_all(program)
    if status is not None:
        _report(status=status)


def _become_program(order: Order, surroundings: Surroundings) -> NoReturn:
    """The program itself: in a session of its own, and with the terminal as its own if there is one."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # Python ignores some of them, which programs would inherit
        os.setsid()
        if order.terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        namespaces.end_with_parent()
        enter.become(order.program, surroundings.variables, surroundings.folder, env=surroundings.env)
    except FileNotFoundError:
        os.write(2, f"{order.program[0]}: there is no such program\n".encode(errors="surrogateescape"))
        os._exit(_NOT_FOUND)
    except BaseException as why:  # noqa: BLE001  as above
        os.write(2, f"{order.program[0]}: {why}\n".encode(errors="surrogateescape"))
        os._exit(_NOT_STARTED)


def _pass_on(program: int, number: int) -> None:
    """Send a signal to the program and to all that is in its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program, number)


def _reap(program: int) -> int | None:
    """Reap what has ended; the program's status if it is among that."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == program:
                code = os.waitstatus_to_exitcode(status)
                found = code if code >= 0 else 128 - code
    return found


def _kill_all(program: int) -> None:
    """Kill what is left of the program, and of what it started."""
    _pass_on(program, signal.SIGKILL)
    until = time.monotonic() + _KILL_S
    while time.monotonic() < until:
        try:
            descendants = plain.living_descendants(os.getpid())
        except (OSError, ValueError):  # the host has put something else at /proc
            descendants = []
        for pid in descendants:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _reap(program)
        if not descendants:
            return
        time.sleep(_KILL_PAUSE_S)


def _let_go() -> None:
    """Leave the streams to the program alone, so that their other ends see when it is done with them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.close(nothing)


def _report(**report: Any) -> None:
    with contextlib.suppress(OSError):
        os.write(REPORT, (json.dumps(report) + "\n").encode())


def _wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    os.set_blocking(read, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


class _Lines:
    """The lines of the control pipe; ``is_open`` until the other side is gone."""

    def __init__(self) -> None:
        self.is_open = True
        self._rest = b""

    def wait(self) -> bytes | None:
        """The next line; None when there is none any more."""
        while b"\n" not in self._rest and self.is_open:
            self._fill()
        line, newline, rest = self._rest.partition(b"\n")
        self._rest = rest
        return line if newline else None

    def read(self) -> list[bytes]:
        """The lines that have come."""
        self._fill()
        *lines, self._rest = self._rest.split(b"\n")
        return lines

    def _fill(self) -> None:
        data = os.read(CONTROL, _CHUNK)
        self._rest += data
        self.is_open = bool(data)
