"""What the launcher tells the recorder of a job's run, and that no trouble with MLflow reaches the script."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.payload.ssm_launcher import tracking
from simple_sagemaker.payload.ssm_launcher.metric_lines import Finder
from simple_sagemaker.payload.ssm_launcher.tracking import Tracker


class Recorder:
    """A recorder that keeps what it is told; ``breaks`` is the call that fails."""

    def __init__(self, breaks: str = "") -> None:
        self.told: list[Any] = []
        self._breaks = breaks

    def _take(self, what: str, *more: Any) -> None:
        if what == self._breaks:
            raise OSError("gone")
        self.told.append((what, *more))

    def add(self, name: str, value: float, _at_ms: int) -> None:
        self._take("add", name, value)

    def pump(self) -> None:
        self._take("pump")

    def finish(self, state: str, within_s: float) -> list[str]:
        self._take("finish", state, within_s)
        return ["3 values were not taken"]


class Watch:
    """Rules that see what is printed."""

    grace_s = 7.0
    hit = "met"

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def feed(self, data: bytes) -> None:
        self.seen.append(data)

    def tick(self) -> None:
        self.seen.append("tick")


def tracker(recorder: Any, watch: Any = None) -> tuple[Tracker, list[str]]:
    notes: list[str] = []
    finder = Finder({"loss": r"loss=(\S+)"}, "for MLflow", notes.append)
    return Tracker(recorder, {"act": "fail"}, {}, watch, notes.append, finder=finder), notes


@pytest.mark.parametrize(
    ("status", "is_stopped", "state", "within_s"),
    [
        (0, False, "FINISHED", tracking.END_S),
        (3, False, "FAILED", tracking.END_S),
        (-9, False, "FAILED", tracking.END_S),
        (143, True, "KILLED", tracking.STOPPED_END_S),
        (0, True, "KILLED", tracking.STOPPED_END_S),
    ],
)
def test_a_run_ends_as_the_script_does(status: int, is_stopped: bool, state: str, within_s: float) -> None:
    recorder = Recorder()
    made, notes = tracker(recorder)
    made.feed(b"loss=1\nloss=2")
    assert [one for one in recorder.told if one[0] == "add"] == [("add", "loss", 1.0)]
    made.end(status, is_stopped=is_stopped)
    assert [one for one in recorder.told if one[0] == "add"][1:] == [("add", "loss", 2.0)]  # a line without an end
    assert recorder.told[-1] == ("finish", state, within_s)
    assert notes == ["MLflow: 3 values were not taken"]


@pytest.mark.parametrize("breaks", ["add", "pump", "finish"])
def test_trouble_is_said_once_and_is_the_end_of_the_recording(breaks: str) -> None:
    recorder = Recorder(breaks)
    made, notes = tracker(recorder)
    made.feed(b"loss=1\n")
    made.tick()
    made.end(0, is_stopped=False)
    made.end(0, is_stopped=False)
    assert notes == ["MLflow: the run is not kept any more: OSError: gone"]
    assert ("finish", "FINISHED", tracking.END_S) not in recorder.told


def test_rules_see_what_is_printed_whatever_mlflow_does() -> None:
    watch = Watch()
    made, _ = tracker(Recorder("add"), watch)
    made.feed(b"loss=1\n")
    made.feed(b"more")
    made.tick()
    assert watch.seen == [b"loss=1\n", b"more", "tick"]
    assert str(made.hit) == "met"
    assert made.grace_s == 7.0
    alone, _ = tracker(Recorder())
    assert (alone.hit, alone.grace_s) == (None, 0.0)


@pytest.mark.parametrize(("status", "is_stopped"), [(0, False), (0, True), (143, True)])
def test_another_host_says_nothing_unless_it_fails(status: int, is_stopped: bool) -> None:
    made, notes = tracker(None)
    made.feed(b"loss=1\n")
    made.end(status, is_stopped=is_stopped)
    assert (made._recorder, notes) == (None, [])
