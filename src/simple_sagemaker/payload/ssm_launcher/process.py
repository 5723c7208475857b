"""Runs one program in a session of its own: copy its output, forward signals, leave nothing of it behind.

A plain fork and exec: importing ``subprocess`` would take more time than all the rest of the launcher, and the launcher
has one thread. As the first process of a container it also reaps orphans, which no other process would.
"""

import contextlib
import errno
import os
import select
import signal
import time

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

FORWARDED = (signal.SIGTERM, signal.SIGINT)
TAIL = 8192  # bytes of output kept for the failure text
CHUNK = 65536
BAR_S = 1.0  # after which what a progress bar has drawn is made a line
LAST_CHUNKS = 64  # read at most after the end, so that a daemon that keeps writing cannot hold up the job


class Ended:
    """How a program ended: its exit status, or minus the signal that killed it, and its last output.

    ``stop_signal`` is the signal that was forwarded to it, or 0.
    """

    def __init__(self, status: int, tail: bytes, stop_signal: int) -> None:
        self.status = status
        self.tail = tail
        self.stop_signal = stop_signal


def run(
    argv: "list[bytes]",
    environment: "dict[bytes, bytes]",
    folder: bytes,
    watch: "Any | None" = None,
) -> Ended:
    """Run a program in ``folder`` until its main process ends. Its output goes to ours, byte for byte and at once.

    ``watch``, a ``rules.Watch`` or a ``tracking.Tracker``, looks at it meanwhile: once a rule is met that ends it, it
    gets SIGTERM, and SIGKILL if that does not help.

    Only what draws over itself with carriage returns and ends no line, as progress bars do, gets a line end each
    second: logs are shown line by line, and a bar would not be seen before it is full.
    """
    program = _Program(watch)
    before = {number: signal.signal(number, program.forward) for number in FORWARDED}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake_up)
    waker = signal.set_wakeup_fd(program.alarm)
    try:
        program.start(argv, environment, folder)
        program.follow()
        program.drain()
    finally:
        program.end_session()
        signal.set_wakeup_fd(waker)
        for number, handler in before.items():
            signal.signal(number, handler)
    program.drain()
    program.close()
    return Ended(program.status or 0, program.tail, program.stop_signal)


def write(data: bytes) -> None:
    """Write all of ``data`` to the standard output, unbuffered."""
    while data:
        data = data[os.write(1, data) :]


def exit_status(status: int) -> int:
    """The status to exit with for a program that ended with ``status``: 128 plus the signal, as shells do."""
    return 128 - status if status < 0 else status


def _wake_up(number: int, frame: object) -> None:
    """Do nothing: the interpreter itself writes the signal to the descriptor that ``follow`` waits on."""


class Bar:
    """Ends lines behind a carriage return, once a second while a progress bar is drawn."""

    def __init__(self) -> None:
        self._since = None  # type: float | None

    def with_line_ends(self, data: bytes, now: float) -> bytes:
        """The output ``data`` as it goes on; ``now`` are seconds of a clock."""
        if b"\n" in data:
            self._since = None
        place = data.rfind(b"\r", data.rfind(b"\n") + 1, len(data) - 1) + 1  # at the end may be half of a line end
        if not place:
            return data
        if self._since is None:
            self._since = now
        if now - self._since < BAR_S:
            return data
        self._since = now
        return data[:place] + b"\n" + data[place:]


class _Program:
    def __init__(self, watch: "Any | None") -> None:
        self.pid = 0
        self._watch = watch
        self._kill_at = None  # type: float | None
        self.status = None  # type: int | None
        self.tail = b""
        self.stop_signal = 0
        self._bar = Bar()
        self.output, self._output_end = os.pipe()
        self._alarm_read, self.alarm = os.pipe()
        for descriptor in (self.output, self._alarm_read, self.alarm):
            os.set_blocking(descriptor, False)

    def start(self, argv: "list[bytes]", environment: "dict[bytes, bytes]", folder: bytes) -> None:
        """Fork with signals blocked, so that none is lost between the fork and the new program's own defaults."""
        old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
        self.pid = os.fork()
        if self.pid == 0:
            _become(argv, environment, folder, self._output_end, old_mask)
        os.close(self._output_end)
        signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)

    def forward(self, number: int, _: object) -> None:
        """Pass a signal to the program's whole group, or to the process alone while it has no group yet.

        What was stopped (SIGSTOP) goes on, or it would not see the signal.
        """
        self.stop_signal = number
        if self.status is not None or not self.pid:
            return
        self._send(number)
        if number != signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it may have ended by the first
                self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            os.kill(self.pid, number)

    def follow(self) -> None:
        """Copy output until the main process has ended, even if other processes still hold the pipe."""
        waiting = select.poll()
        waiting.register(self.output, select.POLLIN)
        waiting.register(self._alarm_read, select.POLLIN)
        while self.status is None:
            for descriptor, _ in waiting.poll(None if self._watch is None else self._watch.interval_s * 1000):
                if descriptor == self._alarm_read:
                    os.read(self._alarm_read, CHUNK)
                    self._reap()
                elif not self._copy():
                    waiting.unregister(self.output)
            if self._watch is not None:
                self._obey(self._watch)

    def _obey(self, watch: "Any") -> None:
        """End the program when a rule says so."""
        now = time.monotonic()
        watch.tick()
        if self._kill_at is None and watch.hit is not None:
            self._kill_at = now + watch.grace_s
            self.forward(signal.SIGTERM, None)
            self.stop_signal = 0  # nobody asked us to stop
        elif self._kill_at is not None and now >= self._kill_at:
            self._kill_at = now + watch.grace_s
            self.forward(signal.SIGKILL, None)
            self.stop_signal = 0

    def _reap(self) -> None:
        while self.status is None:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid == self.pid:
                self.status = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def _copy(self) -> bool:
        """Copy available output; False at its end."""
        data = os.read(self.output, CHUNK)
        write(self._bar.with_line_ends(data, time.monotonic()))
        if self._watch is not None:
            self._watch.feed(data)
        self.tail = (self.tail + data)[-TAIL:]
        return bool(data)

    def drain(self) -> None:
        """Copy what is in the pipe, without blocking."""
        for _ in range(LAST_CHUNKS):
            try:
                if not self._copy():
                    return
            except BlockingIOError:
                return

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in (self.output, self._alarm_read, self.alarm):
            os.close(descriptor)

    def end_session(self) -> None:
        """Kill what is left of the program's group, itself included when the launcher fails."""
        if not self.pid:
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # nothing is left; macOS reports it in the second way
            return


def _become(
    argv: "list[bytes]",
    environment: "dict[bytes, bytes]",
    folder: bytes,
    output: int,
    mask: "set[int | signal.Signals]",
) -> None:
    """Turn the forked child into the program. Never returns: failures are written to its output, as by a shell."""
    try:
        os.setsid()
        for number in (*FORWARDED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, source in ((0, nothing), (1, output), (2, output)):
            os.dup2(source, descriptor)
        os.closerange(3, 1024)
        os.chdir(folder)
        become(argv, environment)
    except OSError as error:
        text = b" ".join(argv)[:200]
        os.write(2, b"simple-sagemaker: cannot start " + text + b": " + os.fsencode(str(error)) + b"\n")
        os._exit(127 if error.errno == errno.ENOENT else 126)
    finally:
        os._exit(126)


def become(argv: "list[bytes]", environment: "dict[bytes, bytes]") -> None:
    """Become another program. ``sh`` runs scripts without a ``#!`` line, as execvp(3) does."""
    try:
        os.execve(argv[0], argv, environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        os.execve(b"/bin/sh", [b"/bin/sh", *argv], environment)
