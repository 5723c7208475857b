"""How long a job may run, wait and save, when it is interrupted, and which end each of these is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from simple_sagemaker.local.supervisor.limits import EndedEarly, Limits

HOUR_S = 3600.0


def limits_of(
    *, run: float | None = None, wait: float | None = None, age: float = 0.0, speed: float = 1.0, stops: bool = False
) -> Limits:
    """The limits of a job that was created ``age`` seconds ago."""
    limits = {"MaxRuntimeInSeconds": run, "MaxWaitTimeInSeconds": wait}
    condition = {name: value for name, value in limits.items() if value is not None}
    request: dict[str, Any] = {"StoppingCondition": condition} if condition else {}
    return Limits(request, created=time.time() - age, is_stop_requested=lambda: stops, clock_speed=speed)


def ending_of(limits: Limits) -> str | None:
    try:
        limits.check()
    except EndedEarly as early:
        return early.ending
    return None


@pytest.mark.parametrize(
    ("limits", "trained", "ending"),
    [
        (limits_of(), 24 * HOUR_S - 1, None),  # the service's default is a day
        (limits_of(), 24 * HOUR_S, "timeout"),
        (limits_of(run=60), 59, None),
        (limits_of(run=60), 60, "timeout"),
        (limits_of(run=60, speed=10), 5, None),
        (limits_of(run=60, speed=10), 6, "timeout"),
        (limits_of(run=60, age=9 * HOUR_S), 0, None),  # waiting is not limited, where nobody asked for it
        (limits_of(run=60, wait=2 * HOUR_S, age=HOUR_S), 0, None),
        (limits_of(run=60, wait=2 * HOUR_S, age=3 * HOUR_S), 0, "waited"),
        (limits_of(run=60, wait=2 * HOUR_S, age=HOUR_S, speed=4), 0, "waited"),
        (limits_of(run=60, wait=2 * HOUR_S, age=3 * HOUR_S), 60, "waited"),
        (limits_of(run=60, wait=2 * HOUR_S, age=3 * HOUR_S, stops=True), 60, "stopped"),
    ],
)
def test_a_job_ends_at_its_limits_and_not_before(limits: Limits, trained: float, ending: str | None) -> None:
    limits.count_training(trained / 2)
    limits.count_training(trained / 2)  # of all attempts together
    assert ending_of(limits) == ending


def test_an_attempt_is_given_what_is_left_of_the_limits() -> None:
    limits = limits_of(run=600, wait=2 * HOUR_S, age=HOUR_S, speed=2)
    limits.count_training(100)
    now = time.monotonic()
    plain = {ending: at - now for at, ending in limits.alarms(None)}
    assert plain == {"timeout": pytest.approx(200, abs=5), "waited": pytest.approx(0, abs=5)}
    spot = {ending: at - now for at, ending in limits.alarms(30)}
    assert spot.pop("interrupted") == pytest.approx(30, abs=5)
    assert spot.keys() == plain.keys()


@pytest.mark.parametrize(
    ("ending", "stops", "run", "why"),
    [
        ("done", False, 60, None),
        ("done", True, 60, "stopped"),
        ("failed", True, 60, "stopped"),
        ("stopped", True, 60, None),  # what a job that is being stopped has left is saved
        ("timeout", True, 60, None),
        ("done", False, 0, "timeout"),
        ("stopped", True, 0, "timeout"),
    ],
)
def test_saving_ends_for_a_stop_and_after_as_long_as_the_job_may_train(
    ending: Any, stops: bool, run: int, why: str | None
) -> None:
    saving = limits_of(run=run, speed=1_000_000, stops=stops).saving(ending)  # by this machine's clock
    time.sleep(0.001)
    if why is None:
        saving(0)
        return
    with pytest.raises(EndedEarly) as early:
        saving(0)
    assert early.value.ending == why
