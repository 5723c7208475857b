"""The process that keeps a run, as the launcher holds it: spoken to through pipes that nobody waits for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simple_sagemaker.payload.ssm_launcher import recorder
from simple_sagemaker.payload.ssm_launcher.recorder import Recorder

# Plays the process: answers each line as the words of its order say.
PLAYED = b"""
import json, os, sys, time
order = json.loads(sys.stdin.readline())
def say(**answer):
    print(json.dumps(answer), flush=True)
if order.get("mute"):
    time.sleep(600)
if order.get("dies"):
    sys.exit(1)
say(run="r1", saw=sorted(name for name in os.environ if name.startswith(("MLFLOW", "PYTHONPATH", "OWN"))))
count = 0
for line in sys.stdin:
    message = json.loads(line)
    if "metric" in message:
        count += 1
        if not order.get("forgets"):
            say(settled=count)
    elif "adopt" in message:
        say(note="adopting")
    elif "end" in message:
        if order.get("never_ends"):
            time.sleep(600)
        if order.get("problem"):
            say(problem="the server is gone")
        else:
            say(ended=message["end"])
        break
"""

Made = Callable[..., Recorder]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    monkeypatch.setattr(recorder, "START", PLAYED)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    all_made: list[Recorder] = []

    def make(env: dict[bytes, bytes] | None = None, **order: Any) -> Recorder:
        all_made.append(Recorder(order, {**os.environb, **(env or {})}))
        return all_made[-1]

    yield make
    for one in all_made:
        one._process.kill()
        one._process.wait()
        for stream in (one._process.stdin, one._process.stdout):
            if stream:
                stream.close()


def test_it_is_ready_with_its_run_and_ends_with_nothing_to_say(made: Made) -> None:
    one = made()
    first = one.wait_until_ready(60)
    assert first
    assert first["run"] == "r1"
    for number in range(500):
        one.add("loss", number / 3, 1000 + number)
        one.pump()
    assert one.finish("FINISHED", 60) == []
    assert one._process.poll() is not None


def test_the_scripts_own_run_and_folders_are_kept_from_it(made: Made) -> None:
    names = ("MLFLOW_RUN_ID", "MLFLOW_RUN_CONTEXT", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "PYTHONPATH")
    one = made({name.encode(): b"x" for name in (*names, "MLFLOW_TRACKING_URI", "OWN")})
    first = one.wait_until_ready(60)
    assert first
    assert first["saw"] == [
        *("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"),
        *("MLFLOW_TRACKING_URI", "OWN"),
    ]


@pytest.mark.parametrize(
    ("order", "told"),
    [({"mute": True}, None), ({"dies": True}, {"problem": "its process ended without a word"})],
)
def test_one_that_does_not_come_up_is_given_up_in_time(
    made: Made, order: dict[str, Any], told: dict[str, str] | None
) -> None:
    began = time.monotonic()
    assert made(**order).wait_until_ready(0.5 if told is None else 60) == told
    assert time.monotonic() - began < 60


def test_what_it_says_meanwhile_is_told_at_the_end(made: Made) -> None:
    one = made()
    one.adopt()
    assert one.wait_until_ready(60)
    assert one.finish("FINISHED", 60) == ["adopting"]


@pytest.mark.parametrize(
    ("order", "seconds", "notes"),
    [
        ({"forgets": True}, 60, ["2 of 2 values are lost"]),
        ({"problem": True}, 60, ["the run is not marked as FAILED: the server is gone"]),
        (
            {"problem": True, "forgets": True},
            60,
            ["2 of 2 values are lost: the server is gone", "the run is not marked as FAILED"],
        ),
        ({"never_ends": True}, 0.6, ["the run is not marked as FAILED: no answer within 1 s"]),
    ],
)
def test_what_was_lost_is_told_with_the_reason(
    made: Made, order: dict[str, Any], seconds: float, notes: list[str]
) -> None:
    one = made(**order)
    assert one.wait_until_ready(60)
    for number in range(2):
        one.add("loss", number, number)
    until = time.monotonic() + 30
    while one._settled < 2 and not order.get("forgets") and time.monotonic() < until:
        one.pump()
    assert one.finish("FAILED", seconds) == notes


def test_of_more_values_than_may_wait_the_rest_is_lost_and_nobody_waits(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_VALUES", 10)
    one = made(mute=True)
    began = time.monotonic()
    for number in range(30):
        one.add("loss", number, number)
    assert time.monotonic() - began < 30
    assert (one._added, len(one._waiting)) == (30, 10)
    assert one.finish("FAILED", 0.1)[0].startswith("30 of 30 values are lost: no answer within")


def test_a_pipe_that_is_full_keeps_what_it_did_not_take(made: Made) -> None:
    one = made(mute=True)
    for number in range(20_000):
        one.add("loss", number, number)
    everything = b"".join(one._waiting)
    for _ in range(2):  # the reader may have taken a block in between
        one.pump()
        waiting = b"".join(one._waiting)
        assert 0 < len(waiting) < len(everything)
        assert everything.endswith(waiting)
