"""Between the terminal or pipes of a command and those of a program elsewhere: bytes as they are, in bounded memory.

In: a started session. Out: how it ended. At a terminal every key goes to the program, Ctrl-C as well; else an interrupt
is passed on as a signal. The terminal is as it was when this returns or the command is ended by a signal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import Any

from ..local.sessions.session import Session

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

import termios
import tty

_CHUNK = 1 << 20
_WANTS = select.POLLIN
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def relay(session: Session) -> dict[str, Any]:
    """Relay until the program has ended and all that it wrote is out; return the session's outcome."""
    if session.stderr is None:
        with _raw_terminal(session.stdin):
            return _Relay(session).run()
    before = signal.signal(signal.SIGINT, lambda number, _: session.signal(number))
    try:
        return _Relay(session).run()
    finally:
        signal.signal(signal.SIGINT, before)


class _Relay:
    """The copying itself. What was read from our input and is not written yet is held here, one chunk at most."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._outputs = {session.stdout: 1} if session.stderr is None else {session.stdout: 1, session.stderr: 2}
        self._pending = memoryview(b"")
        self._reads = True
        os.set_blocking(session.stdin, False)

    def run(self) -> dict[str, Any]:
        while True:
            ready = dict(self._wait())
            for output in [output for output in self._outputs if output in ready]:
                self._copy_out(output)
            if self._session.stdin in ready and self._pending:
                self._write()
            elif 0 in ready and self._reads and not self._pending:
                self._read()
            if self._session.report in ready:
                self._drain()
                return self._session.outcome()

    def _wait(self) -> list[tuple[int, int]]:
        poll = select.poll()
        poll.register(self._session.report, _WANTS)
        for output in self._outputs:
            poll.register(output, _WANTS)
        if self._pending:
            events = select.POLLOUT | (_WANTS if self._session.stdin in self._outputs else 0)
            poll.register(self._session.stdin, events)
        elif self._reads:
            poll.register(0, _WANTS)
        return poll.poll()

    def _copy_out(self, output: int) -> bool:
        """Copy what there is; False at the end."""
        try:
            data = os.read(output, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # a terminal that nobody holds open
            data = b""
        if not data or not _write_all(self._outputs[output], data):
            del self._outputs[output]
            if self._session.stderr is not None:  # who writes on learns that nobody reads
                os.close(output)
                self._forget(output)
            return False
        return True

    def _forget(self, output: int) -> None:
        if output == self._session.stdout:
            self._session.stdout = -1
        else:
            self._session.stderr = -1

    def _read(self) -> None:
        try:
            data = os.read(0, _CHUNK)
        except OSError:  # closed, or a terminal in the background
            data = b""
        self._pending = memoryview(data)
        if data:
            self._write()
        else:
            self._end_input()

    def _write(self) -> None:
        try:
            self._pending = self._pending[os.write(self._session.stdin, self._pending) :]
        except BlockingIOError:
            return
        except OSError:  # the program reads no more
            self._pending = memoryview(b"")
            self._end_input()

    def _end_input(self) -> None:
        """Have the program see the end of its input."""
        self._reads = False
        if self._session.stderr is not None:
            os.close(self._session.stdin)
            self._session.stdin = -1

    def _drain(self) -> None:
        """Copy what the program wrote before it ended."""
        for output in [*self._outputs]:
            os.set_blocking(output, False)
            while output in self._outputs and self._copy_out(output):
                pass


def _write_all(descriptor: int, data: bytes) -> bool:
    """Write everything; False where nobody reads it."""
    view = memoryview(data)
    try:
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:  # another program made our output so
                select.select([], [descriptor], [])
    except BrokenPipeError:
        return False
    return True


@contextlib.contextmanager
def _raw_terminal(program: int) -> Iterator[None]:
    """Let our terminal pass everything on, and give the program's the size of ours, now and when it changes."""
    before = termios.tcgetattr(0)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)}

    def restore() -> None:
        termios.tcsetattr(0, termios.TCSADRAIN, before)

    def end(number: int, _: object) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    signal.signal(signal.SIGWINCH, lambda *_: _copy_size(program))
    _copy_size(program)
    tty.setraw(0, termios.TCSADRAIN)  # what was typed ahead is kept
    try:
        yield
    finally:
        restore()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _copy_size(program: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.ioctl(program, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))
