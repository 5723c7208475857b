"""The process beside the script that talks to MLflow, as the launcher holds it; nobody waits for it to read.

In: what to keep, values, how the job ended. Out: the run, and what was lost.
"""

import collections
import json
import os
import select
import time

from . import command

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from subprocess import Popen  # noqa: F401 - named in a type comment
    from typing import Any, Deque  # noqa: F401 - as above

EVERY_S = 1.0  # at most, between two looks at what it says
MOST_VALUES = 100000  # that wait for a server that is slow or gone
MOST_BYTES = 65536  # written at once
URI, RUN_ID, EXPERIMENT, CONTEXT = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_RUN_ID",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_RUN_CONTEXT",
)
# The package is put together by hand, as launcher.py does: its folder has modules with common names.
START = b"""
import sys
sys.path[:] = [path for path in sys.path if path]
package = type(sys)("ssm_launcher")
package.__path__ = [sys.argv[1]]
sys.modules["ssm_launcher"] = package
from ssm_launcher import mlflow_recorder
sys.exit(mlflow_recorder.main())
"""


class Recorder:
    """The process beside the script that talks to MLflow, with the job's Python; we never wait for it to read."""

    def __init__(self, order: "dict[str, Any]", env: "dict[bytes, bytes]") -> None:
        import subprocess  # which takes longer than the rest of the launcher, and MLflow far longer

        self._waiting = collections.deque()  # type: Deque[bytes]
        self._dropped = 0
        self._added = 0
        self._read = b""
        self._first = None  # type: dict[str, Any] | None
        self._settled = 0
        self._problem = ""
        self._notes = []  # type: list[str]
        self._has_ended = False
        self._is_open = True
        own = dict(env)
        for name in (RUN_ID, CONTEXT, EXPERIMENT, "MLFLOW_EXPERIMENT_ID"):
            own.pop(name.encode(), None)
        if b"PYTHONPATH" in os.environb:  # without the script's own folder, which may have a json.py
            own[b"PYTHONPATH"] = os.environb[b"PYTHONPATH"]
        else:
            own.pop(b"PYTHONPATH", None)
        own.setdefault(b"MLFLOW_HTTP_REQUEST_TIMEOUT", b"10")
        own.setdefault(b"MLFLOW_HTTP_REQUEST_MAX_RETRIES", b"2")
        own.setdefault(b"MLFLOW_DISABLE_TELEMETRY", b"true")
        place = os.path.dirname(os.path.abspath(__file__))
        self._process = subprocess.Popen(
            [command.python(), b"-c", START, os.fsencode(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=own,
            cwd=os.fsencode(place),
            start_new_session=True,
        )  # type: Popen[bytes]
        self._input, self._output = _descriptor(self._process.stdin), _descriptor(self._process.stdout)
        for descriptor in (self._input, self._output):
            os.set_blocking(descriptor, False)
        self._put(order)

    def wait_until_ready(self, seconds: float) -> "dict[str, Any] | None":
        """The recorder's first answer: the run, or a problem. None when there is none in time."""
        until = time.monotonic() + seconds
        while self._first is None and self._is_open and time.monotonic() < until:
            self._exchange(until)
        if self._first is None and not self._is_open:
            return {"problem": "its process ended without a word"}
        return self._first

    def adopt(self) -> None:
        """Have it look for a run that the script opens, and make none of its own before the end."""
        self._put({"adopt": True})

    def add(self, name: str, value: float, time_ms: int) -> None:
        """Have one value recorded; beyond what may wait it is dropped, and counted."""
        self._added += 1
        if len(self._waiting) >= MOST_VALUES:
            self._dropped += 1
            return
        self._put({"metric": name, "value": repr(value), "time": time_ms})

    def pump(self) -> None:
        """Write what the pipe takes now, and read what there is."""
        data = b""
        try:
            while self._waiting and self._is_open:
                data = b"".join(self._take())
                written = os.write(self._input, data)
                if written < len(data):
                    self._waiting.appendleft(data[written:])
                    break
        except BlockingIOError:
            self._waiting.appendleft(data)
        except OSError:  # it has ended
            self._is_open = False
        try:
            while True:
                data = os.read(self._output, MOST_BYTES)
                if not data:
                    self._is_open = False
                    break
                self._read += data
        except BlockingIOError:
            pass
        *lines, self._read = self._read.split(b"\n")
        for line in lines:
            self._hear(json.loads(line.decode("utf-8")))

    def _hear(self, answer: "dict[str, Any]") -> None:
        """Keep what an answer says; the newest count and problem take the place of earlier ones."""
        if self._first is None:
            self._first = answer
        self._settled = answer.get("settled", self._settled)
        self._problem = str(answer.get("problem", self._problem))
        self._notes += [str(answer["note"])] if "note" in answer else []
        self._has_ended = self._has_ended or "ended" in answer

    def _take(self) -> "list[bytes]":
        """Messages for one write."""
        taken, size = [], 0
        while self._waiting and size < MOST_BYTES:
            taken.append(self._waiting.popleft())
            size += len(taken[-1])
        return taken

    def finish(self, state: str, seconds: float) -> "list[str]":
        """Have the run end in ``state``, and return what there is to say: what was lost, and why."""
        until = time.monotonic() + seconds
        self._put({"end": state, "seconds": seconds})
        while self._is_open and time.monotonic() < until:
            self._exchange(until)
        self.close()
        if not self._has_ended and not self._problem:
            self._problem = "no answer within {:.0f} s".format(seconds)
        notes, lost = list(self._notes), self._added - self._settled
        because = ": {}".format(self._problem) if self._problem else ""
        if lost > 0:
            notes.append("{} of {} values are lost{}".format(lost, self._added, because))
        if not self._has_ended:
            notes.append("the run is not marked as {}{}".format(state, "" if lost > 0 else because))
        return notes

    def close(self) -> None:
        """End it, whatever it has left to do."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _exchange(self, until: float) -> None:
        """Wait until something can be written or read, a moment at most, and do it."""
        left = max(0.0, min(until - time.monotonic(), EVERY_S))
        select.select([self._output], [self._input] if self._waiting else [], [], left)
        self.pump()

    def _put(self, message: "dict[str, Any]") -> None:
        self._waiting.append(json.dumps(message).encode("utf-8") + b"\n")


def _descriptor(stream: "Any") -> int:
    return int(stream.fileno())
