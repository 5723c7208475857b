"""A study's events as others may have written them, and objectives of trials that diverged."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import pytest

from simple_sagemaker.core.json_form import json_form
from simple_sagemaker.errors import SsmError
from simple_sagemaker.studies.endings import ending
from simple_sagemaker.studies.records import study_record
from simple_sagemaker.studies.study import Limits, Study

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("goal", "value", "is_best"), [("min", "-Infinity", 2), ("max", "Infinity", 2), ("min", "Infinity", 2)]
)
def test_a_trial_that_diverged_is_not_the_best(goal: Any, value: str, is_best: int) -> None:
    found = Study(goal)
    for number, objective in ((1, value), (2, 0.5)):
        at, job = NOON.isoformat(), f"j{number}"
        found.take([{"kind": "start", "trial": number, "job": job, "at": at, "values": {}}])
        end = {"kind": "end", "trial": number, "job": job, "at": at, "status": "Completed", "objective": objective}
        found.take([end])
    assert found.best is not None
    assert found.best.number == is_best
    limits = Limits(max_trials=9, at_once=1, failures=5, target=-1e9 if goal == "min" else 1e9)
    found.take([{"kind": "limits", "at": NOON.isoformat(), **json_form(limits)}])
    assert ending(found, NOON) is None


WRONG: list[Any] = [None, [], {}, "x", -1, 1.5, True, "2030-01-01", 10**400, [[1]]]


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "limits", "at": NOON.isoformat(), **dict.fromkeys(Limits.__dataclass_fields__, 1)},
        {
            "kind": "start",
            "trial": 1,
            "job": "j1",
            "at": NOON.isoformat(),
            "values": {"a": "b"},
            "gpu": "g",
            "resource": 1,
        },
        {"kind": "stop", "trial": 1, "job": "j", "why": "w"},
        {
            "kind": "end",
            "trial": 1,
            "job": "j",
            "at": NOON.isoformat(),
            "status": "Completed",
            "objective": 1.0,
            "curve": [1],
            "seconds": 1,
            "billed_s": 1,
            "reason": "r",
        },
        {"kind": "done", "status": "Completed", "why": "w"},
    ],
)
def test_every_member_of_a_wrong_type_is_refused_or_harmless(event: dict[str, Any]) -> None:
    first = {"kind": "start", "trial": 1, "job": "j", "at": NOON.isoformat(), "values": {}}
    words = {"space": [], "metric": {"name": "loss"}, "strategy": "random", "stops_early": False, "learn_from": None}
    for name in event:
        for wrong in WRONG:
            found = Study("min")
            with suppress(SsmError):
                found.take([first, {**event, name: wrong}])
            ending(found, NOON)
            study_record(found, words, project="p", task="t", seed=1)


@pytest.mark.parametrize(
    ("kind", "name", "least"),
    [
        *(("limits", name, 1) for name in ("max_trials", "at_once")),
        *(("limits", name, 0) for name in ("failures", "patience", "max_mins")),
        ("start", "trial", 1),
        ("start", "resource", 0),
        *(("end", name, 0) for name in ("seconds", "billed_s")),
    ],
)
def test_a_number_below_its_least_is_refused(kind: str, name: str, least: int) -> None:
    at = NOON.isoformat()
    start = {"kind": "start", "trial": 1, "job": "j", "at": at, "values": {}}
    events: dict[str, dict[str, Any]] = {
        "limits": {"kind": "limits", "at": at, **dict.fromkeys(Limits.__dataclass_fields__, 1)},
        "start": start,
        "end": {"kind": "end", "trial": 1, "job": "j", "at": at, "status": "Completed", "objective": 1.0},
    }
    found = Study("min")
    found.take([start, {**events[kind], name: least}])
    with pytest.raises(SsmError, match=f"an event '{kind}' lacks or has wrong: {name}"):
        Study("min").take([start, {**events[kind], name: least - 1}])


@pytest.mark.parametrize("objective", ["NaN", "Infinity", "-Infinity", None, 0, 1.5])
def test_an_objective_is_a_number_none_or_what_json_has_no_number_for(objective: object) -> None:
    at = NOON.isoformat()
    start = {"kind": "start", "trial": 1, "job": "j", "at": at, "values": {}}
    end = {"kind": "end", "trial": 1, "job": "j", "at": at, "status": "Completed"}
    Study("min").take([start, {**end, "objective": objective}])
    bad: list[object] = ["nan", "1.5", "", True, []]
    for wrong in bad:
        with pytest.raises(SsmError, match="an event 'end' lacks or has wrong"):
            Study("min").take([start, {**end, "objective": wrong}])
