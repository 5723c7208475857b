"""Keeps the job's run in MLflow, in a process of its own beside the script; started with the job's Python.

In, by lines of JSON: first what to do, then values, then how the job ended. Out, by lines of JSON: the run, how many
values are settled, notes, problems. It waits for a server that is slow; whoever started it does not wait for it.
"""

import json
import os
import select
import signal
import time

from . import mlflow_run

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

EVERY_S = 5.0  # between two writes to MLflow
PAUSE_S = 3.0  # after a write that failed
HELD = 20000  # values that are held here; what comes then waits in the launcher


class Input:
    """Lines from our standard input, without waiting for more than a moment."""

    def __init__(self) -> None:
        self._read = b""
        self.is_at_end = False

    def lines(self, seconds: float) -> "list[dict[str, Any]]":
        """What has arrived within ``seconds``; ``is_at_end`` is whether nothing more will."""
        if not self.is_at_end and select.select([0], [], [], max(0.0, seconds))[0]:
            data = os.read(0, 1 << 16)
            self.is_at_end = not data
            self._read += data
        *lines, self._read = self._read.split(b"\n")
        return [json.loads(line.decode("utf-8")) for line in lines]


class Output:
    """Our answers, by a descriptor of their own: what MLflow prints goes nowhere."""

    descriptor = 1

    @classmethod
    def take_over(cls) -> None:
        """Have the standard output lead nowhere from here on."""
        cls.descriptor = os.dup(1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def say(**answer: object) -> None:
    """Answer with one line."""
    data = json.dumps(answer).encode("utf-8") + b"\n"
    while data:
        data = data[os.write(Output.descriptor, data) :]


def main() -> int:
    """Do what the first line says, and return the status to end with."""
    Output.take_over()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the launcher says when the job has ended
    given = Input()
    messages = []  # type: list[dict[str, Any]]
    while not messages and not given.is_at_end:
        messages += given.lines(EVERY_S)
    if not messages:
        return 1
    order = messages.pop(0)
    keeping = Keeping(mlflow_run.Keeper(order), given)
    try:
        if order["act"] == "fail":
            keeping.keeper.connect()
            keeping.keeper.fail()
            say(ended="FAILED")
            return 0
        say(**keeping.open())
    except ImportError as error:
        text = "the job's Python cannot import mlflow ({}): add it to requirements.txt".format(_first_line(error))
        say(problem=text, is_final=True)
        return 1
    except Exception as error:  # noqa: BLE001 - whatever MLflow raises must not end more than an attempt
        say(problem=_first_line(error))
    return keeping.follow(messages)


class Keeping:
    """Writes values as they arrive, until the job has ended and the rest is written, or there is no more time."""

    def __init__(self, keeper: mlflow_run.Keeper, given: Input) -> None:
        self.keeper = keeper
        self._given = given
        self._is_open = False
        self._end = None  # type: str | None
        self._until = 0.0
        self._due = 0.0

    def open(self) -> "dict[str, Any]":
        """Reach MLflow, and find or make the run."""
        self.keeper.connect()
        answer = self.keeper.open()
        self._is_open = True
        return answer

    def follow(self, messages: "list[dict[str, Any]]") -> int:
        """Do what the messages say, those that arrived already first; return the status to end with."""
        self._due = time.monotonic() + EVERY_S
        while True:
            for message in messages:
                self._take(message)
            if self._end is None and self._given.is_at_end:  # the launcher is gone
                self._take({"end": "KILLED", "seconds": EVERY_S})
            if self._end is not None or time.monotonic() >= self._due:
                has_ended = self._write()
                if has_ended is not None:
                    return has_ended
            messages = self._receive()

    def _take(self, message: "dict[str, Any]") -> None:
        if "metric" in message:
            self.keeper.add(message["metric"], float(message["value"]), message["time"])
        elif "adopt" in message:
            self.keeper.adopt()
        else:
            self._end, self._until = message["end"], time.monotonic() + message["seconds"]

    def _receive(self) -> "list[dict[str, Any]]":
        """What arrives until the next write is due; nothing while too much is held here."""
        left = 0.0 if self._end is not None else max(0.0, self._due - time.monotonic())
        if self.keeper.held < HELD:
            return self._given.lines(left)
        time.sleep(min(1.0, left))
        return []

    def _write(self) -> "int | None":
        """Write what is held, and end the run if the job has ended: then return the status to end with."""
        try:
            if not self._is_open:
                self.open()
            for text in self.keeper.write():
                say(note=text)
            state = None if self._end is None else self.keeper.end(self._end)
            say(settled=self.keeper.settled)
        except Exception as error:  # noqa: BLE001 - as above
            say(problem=_first_line(error))
            self._due = time.monotonic() + PAUSE_S
            if self._end is None:
                return None
            if self._due >= self._until:
                return 1
            time.sleep(PAUSE_S)
            return None
        self._due = time.monotonic() + EVERY_S
        if state is None:
            return None
        say(ended=state)
        return 0


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return "{}: {}".format(type(error).__name__, lines[0])[:300]
