"""Supervisors as forks of one process that has loaded what they need, for a service that starts many jobs.

A supervisor that reaches S3 loads boto3, which takes longer than all else that it does for a short job. The process
forks when it is asked to and knows nothing of any job: requests and credentials reach a supervisor as they reach one
that was started anew. It ends with the service, and its supervisors go on. Linux only; elsewhere each is started anew.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from . import spawn
from .spawn import WaitingSupervisor

if TYPE_CHECKING:
    import socket  # costs a command that starts one job 5 ms

_LONGEST = 256  # bytes of a request: a module and an isolation
_S3 = "s3"
_PAUSE_S = 0.001
_STREAMS = 3  # of a supervisor; the fourth descriptor of a request is told its number


class Nursery:
    """Starts supervisors quickly; its process begins with the first of them. For many threads.

    With ``loads_s3`` they have loaded what reaching S3 needs. A process that does not answer for ``patience_s``
    seconds, as one that somebody stopped, is killed.
    """

    def __init__(self, *, loads_s3: bool, patience_s: float = 30.0) -> None:
        self._patience_s = patience_s
        self._word = _S3 if loads_s3 else ""
        self._asking = threading.Lock()
        self._process: socket.socket | None = None
        self._pid = self._owner = 0

    def start_supervisor(self, isolation: str, module: str = spawn.OF_JOBS) -> WaitingSupervisor:
        """As :func:`spawn.start_supervisor`."""
        if sys.platform != "linux":
            return spawn.start_supervisor(isolation, module)
        import socket

        pipes, theirs = spawn.make_pipes()
        try:
            answer, tell = os.pipe()
        except OSError:  # no more descriptors
            spawn.close_all((*pipes, *theirs))
            raise
        try:
            with self._asking:
                self._process = self._process or self._begin()
            socket.send_fds(self._process, [f"{module} {isolation}".encode()], [*theirs, tell])
        except OSError:  # it was killed
            pass
        finally:
            spawn.close_all((*theirs, tell))
        with open(answer, "rb") as told:
            pid = told.read() if self._answers(answer) else b""  # nothing where it was killed
        if pid:
            return WaitingSupervisor(int(pid), *pipes)
        spawn.close_all(pipes)
        self.close()
        return spawn.start_supervisor(isolation, module)

    def close(self) -> None:
        """End the process; the supervisors that it has started go on."""
        with self._asking:
            process, self._process = self._process, None
        if process is None:
            return
        with process:
            if sys.platform == "linux" and os.getpid() == self._owner:  # and no fork of it
                with suppress(OSError):  # it was killed, or is waited for by others
                    process.send(b"")  # also where a fork of this process has the socket, too
                    self._wait_for_end()

    def _answers(self, descriptor: int) -> bool:
        if sys.platform != "linux":
            raise NotImplementedError
        import select

        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(1000 * self._patience_s))

    def _wait_for_end(self) -> None:
        """Reap the process. Raises ChildProcessError where others have."""
        if sys.platform != "linux":
            raise NotImplementedError
        until = time.monotonic() + self._patience_s
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(_PAUSE_S)

    def __del__(self) -> None:
        self.close()

    def _begin(self) -> socket.socket:
        if sys.platform != "linux":
            raise NotImplementedError
        import socket

        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._owner = os.getpid()
            self._pid = spawn.start_program("supervisor.nursery", self._word, [theirs.fileno()])
        return ours


def main(word: str) -> None:
    """Fork into a supervisor for each request on the standard input, until nobody asks any more."""
    if sys.platform != "linux":
        raise NotImplementedError
    import socket

    _load(with_s3=word == _S3)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for supervisors here
    requests = socket.socket(fileno=os.dup(0))
    while True:
        request, descriptors = socket.recv_fds(requests, _LONGEST, _STREAMS + 1)[:2]
        if not request:
            return
        with suppress(OSError):  # there are no more processes, or who asked is gone: both see the pipes end
            child = os.fork()
            if child == 0:
                _become_supervisor(request.decode(), descriptors[:_STREAMS])
            os.write(descriptors[_STREAMS], str(child).encode())
        spawn.close_all(descriptors)


def _load(*, with_s3: bool) -> None:
    """Load what supervisors load, the launcher's needs first: they must not see the packages that come after."""
    from ..isolation import forked_script
    from . import supervisor

    forked_script.prepare(supervisor.LAUNCHER, sys.argv[1])
    from ..data import artifacts, stores  # noqa: F401

    _module(spawn.OF_TUNING_JOBS)
    if with_s3:
        stores.load_s3_for_forks()


def _module(name: str) -> Any:
    """A module of ``local/`` that supervisors run: those of tuning jobs stand above this one."""
    from importlib import import_module

    return import_module(f"simple_sagemaker.local.{name}")


def _become_supervisor(request: str, descriptors: list[int]) -> NoReturn:
    """Go on as a supervisor that was started anew would, with a session, streams and signals of its own."""
    if sys.platform != "linux":
        raise NotImplementedError
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        os.closerange(_STREAMS, max(descriptors) + _STREAMS)
        module, _, isolation = request.partition(" ")
        _module(module).main(isolation)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001  as at the top of any program
        sys.excepthook(type(error), error, error.__traceback__)
        os._exit(1)
