"""The processes that hold the model: started together, each given one request at a time, replaced when one ends."""

import os
import queue
import socket
import subprocess
import sys
import threading

from . import messages

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

_RUN = "import sys; sys.path[0] = {folder!r}; from {package}.worker import main; main()"


class NotReady(Exception):
    """A process that should hold the model ended before it did."""


class Answer:
    """The answer to a request: a status as of HTTP, and a body."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body


class Worker:
    """One process. ``arguments`` are those of ``worker.main`` but the first."""

    def __init__(self, arguments: "list[str]", environment: "dict[bytes, bytes]", folder: str) -> None:
        ours, theirs = socket.socketpair()
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        program = _RUN.format(folder=here, package=__name__.partition(".")[0])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, str(theirs.fileno()), *arguments],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        finally:
            theirs.close()
        self._requests = ours

    def wait_until_ready(self) -> None:
        """Return when the model is loaded. Raises NotReady."""
        try:
            messages.receive(self._requests)
        except (messages.Closed, OSError) as error:
            self.end()
            raise NotReady from error

    def ask(self, head: "dict[str, Any]", body: bytes, timeout_s: float) -> "Answer | None":
        """Its answer; None where it gives none in time, or ends. Then it is of no use any more."""
        try:
            self._requests.settimeout(timeout_s)
            messages.send(self._requests, head, body)
            answer, content = messages.receive(self._requests)
            return Answer(int(answer["status"]), content)
        except (messages.Closed, OSError):
            return None

    def end(self) -> None:
        """End the process, at once."""
        self._requests.close()
        self._process.kill()
        self._process.wait()


class Pool:
    """``count`` workers. Any number of threads may ask."""

    def __init__(
        self, count: int, arguments: "list[str]", environment: "dict[bytes, bytes]", folder: str, *, retries: int
    ) -> None:
        self._of_worker = (arguments, environment, folder)
        self._retries = retries
        self._free = queue.Queue()  # type: queue.Queue[Worker | None]
        self._all = []  # type: list[Worker]
        self._changing = threading.Lock()
        self._count = count

    def start(self) -> None:
        """Start the workers, and wait until each has the model. Raises NotReady."""
        for _ in range(self._count):
            self._all.append(Worker(*self._of_worker))
        for worker in self._all:
            worker.wait_until_ready()
            self._free.put(worker)

    def ask(self, head: "dict[str, Any]", body: bytes, timeout_s: float) -> "Answer | None":
        """The answer to a request, asked again where it fails on the model's side; None where there is none."""
        answer = None  # type: Answer | None
        for _ in range(self._retries + 1):
            answer = self._ask_once(head, body, timeout_s)
            if answer is not None and answer.status < 500:
                break
        return answer

    def _ask_once(self, head: "dict[str, Any]", body: bytes, timeout_s: float) -> "Answer | None":
        worker = self._free.get()
        try:
            if worker is None:
                worker = self._replacement()
            answer = None if worker is None else worker.ask(head, body, timeout_s)
            if answer is None and worker is not None:
                self._forget(worker)
                worker = None
            return answer
        finally:
            self._free.put(worker)

    def _replacement(self) -> "Worker | None":
        worker = Worker(*self._of_worker)
        with self._changing:
            self._all.append(worker)
        try:
            worker.wait_until_ready()
        except NotReady:
            self._forget(worker)
            return None
        return worker

    def _forget(self, worker: Worker) -> None:
        worker.end()
        with self._changing:
            if worker in self._all:
                self._all.remove(worker)

    def end(self) -> None:
        """End all workers."""
        for worker in list(self._all):
            worker.end()
