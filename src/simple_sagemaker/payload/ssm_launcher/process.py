"""Run one program as a session of its own: copy its output, hand signals on, leave nothing of it behind.

A plain fork and exec: starting ``subprocess`` would cost more time than all the rest of the launcher, and the
launcher has one thread. As the first process of a container it also waits for orphans, which nobody else would.
"""

import errno
import os
import select
import signal

HANDED_ON = (signal.SIGTERM, signal.SIGINT)
TAIL = 8192  # bytes of output kept for the failure text
CHUNK = 65536
LAST_CHUNKS = 64  # read at most after the end, so that a daemon that goes on writing cannot hold the job


class Ended:
    """How a program ended: its exit status, or minus the signal that killed it, and its last output.

    ``asked_to_stop`` is the signal that was handed on to it, or 0.
    """

    def __init__(self, status: int, tail: bytes, asked_to_stop: int) -> None:
        self.status = status
        self.tail = tail
        self.asked_to_stop = asked_to_stop


def run(words: "list[bytes]", environment: "dict[bytes, bytes]", folder: bytes) -> Ended:
    """Run a program in ``folder`` until its main process ends. Its output goes to ours, byte for byte and at once."""
    program = _Program()
    before = {number: signal.signal(number, program.hand_on) for number in HANDED_ON}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake_up)
    waker = signal.set_wakeup_fd(program.alarm)
    try:
        program.start(words, environment, folder)
        program.follow()
        program.drain()
    finally:
        program.end_session()
        signal.set_wakeup_fd(waker)
        for number, handler in before.items():
            signal.signal(number, handler)
    program.drain()
    program.close()
    return Ended(program.status or 0, program.tail, program.asked_to_stop)


def write(data: bytes) -> None:
    """Put all of ``data`` on the standard output, unbuffered."""
    while data:
        data = data[os.write(1, data) :]


def exit_status(status: int) -> int:
    """The status to end with for a program that ended with ``status``: as shells say it, 128 and the signal."""
    return 128 - status if status < 0 else status


def _wake_up(number: int, frame: object) -> None:
    """Do nothing: the interpreter itself writes the signal to the descriptor that ``follow`` waits on."""


class _Program:
    def __init__(self) -> None:
        self.pid = 0
        self.status = None  # type: int | None
        self.tail = b""
        self.asked_to_stop = 0
        self.output, self._output_end = os.pipe()
        self._alarmed, self.alarm = os.pipe()
        for descriptor in (self.output, self._alarmed, self.alarm):
            os.set_blocking(descriptor, False)

    def start(self, words: "list[bytes]", environment: "dict[bytes, bytes]", folder: bytes) -> None:
        """Fork with signals held back, so that none is lost between the fork and the new program's own defaults."""
        held = signal.pthread_sigmask(signal.SIG_BLOCK, HANDED_ON)
        self.pid = os.fork()
        if self.pid == 0:
            _become(words, environment, folder, self._output_end, held)
        os.close(self._output_end)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)

    def hand_on(self, number: int, _: object) -> None:
        """Pass a signal to the program's whole group, or to the process alone while it has no group yet."""
        self.asked_to_stop = number
        if self.status is not None or not self.pid:
            return
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            os.kill(self.pid, number)

    def follow(self) -> None:
        """Copy output until the main process has ended, whoever else still holds the pipe."""
        waiting = select.poll()
        waiting.register(self.output, select.POLLIN)
        waiting.register(self._alarmed, select.POLLIN)
        while self.status is None:
            for descriptor, _ in waiting.poll():
                if descriptor == self._alarmed:
                    os.read(self._alarmed, CHUNK)
                    self._reap()
                elif not self._copy():
                    waiting.unregister(self.output)

    def _reap(self) -> None:
        while self.status is None:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid == self.pid:
                self.status = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def _copy(self) -> bool:
        """Copy what is there; False at the end of the output."""
        data = os.read(self.output, CHUNK)
        write(data)
        self.tail = (self.tail + data)[-TAIL:]
        return bool(data)

    def drain(self) -> None:
        """Copy what is in the pipe, waiting for nothing."""
        for _ in range(LAST_CHUNKS):
            try:
                if not self._copy():
                    return
            except BlockingIOError:
                return

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in (self.output, self._alarmed, self.alarm):
            os.close(descriptor)

    def end_session(self) -> None:
        """Kill what is left of the program's group, itself included when the launcher fails."""
        if not self.pid:
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # nothing is left; macOS says so in the second way
            return


def _become(
    words: "list[bytes]",
    environment: "dict[bytes, bytes]",
    folder: bytes,
    output: int,
    mask: "set[int | signal.Signals]",
) -> None:
    """Turn the forked child into the program. Never returns: what fails is said in its output, as a shell would."""
    try:
        os.setsid()
        for number in (*HANDED_ON, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, source in ((0, nothing), (1, output), (2, output)):
            os.dup2(source, descriptor)
        os.closerange(3, 1024)
        os.chdir(folder)
        replace_by(words, environment)
    except OSError as error:
        shown = b" ".join(words)[:200]
        os.write(2, b"simple-sagemaker: cannot start " + shown + b": " + os.fsencode(str(error)) + b"\n")
        os._exit(127 if error.errno == errno.ENOENT else 126)
    finally:
        os._exit(126)


def replace_by(words: "list[bytes]", environment: "dict[bytes, bytes]") -> None:
    """Become another program. A script without a first line that names its interpreter is the shell's, as usual."""
    try:
        os.execve(words[0], words, environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        os.execve(b"/bin/sh", [b"/bin/sh", *words], environment)
