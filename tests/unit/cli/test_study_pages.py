# ruff: noqa: E501 - a row a line
"""What is shown of a study: the table of trials, a line for each that begins or ends, and the whole page."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

import pytest

from simple_sagemaker.cli.study_status import study_status
from simple_sagemaker.cli.study_table import shown, trials_table
from simple_sagemaker.cli.study_view import EventStudyView, QuietStudyView, StudyView, view_of
from simple_sagemaker.core.job_specs import StatusSpec
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Place
from simple_sagemaker.studies.begun import words
from simple_sagemaker.studies.records import study_record
from simple_sagemaker.studies.spec import Resource
from tests.unit.memory import MemoryStore
from tests.unit.studies.test_study import NOON, end, limits, spec, start, study
from tests.unit.tasks.service import World

STOP = {"kind": "stop", "trial": 2, "job": "job-2-0", "why": "worse"}
LATER = NOON + timedelta(seconds=75)


def services(now: Any = LATER) -> Any:
    return World(MemoryStore(), now=now).services()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.123456789", "0.123457"),
        ("1e-05", "1e-05"),
        ("12345678", "12345678"),
        ("relu", "relu"),
        ("a.b", "a.b"),
        ("", ""),
    ],
)
def test_a_value_has_six_digits_where_it_is_a_fraction(value: str, text: str) -> None:
    assert shown(value) == text


def table(*events: Any, **more: Any) -> list[list[str]]:
    made = study_record(study(limits(), *events), words(spec()), project="P", task="T", seed=7)
    lines = trials_table(made.trials, metric="loss", names=["rate", "kind"], now=LATER, **more).splitlines()
    return [line.split() for line in lines]


def test_a_trial_has_a_line_with_what_it_came_to() -> None:
    head, first, second, third = table(
        start(1), end(1, 0.51234567), start(2), STOP, end(2, 0.7, status="Stopped"), start(3), best=1
    )
    assert head == ["TRIAL", "JOB", "STATUS", "loss", "rate", "kind", "RAN"]
    assert [first[0], *first[2:]] == ["*1", "Completed", "0.512346", "0.1", "a", "10s"]
    assert [second[0], *second[2:]] == ["2", "Stopped:", "worse", "0.7", "0.2", "a", "10s"]
    assert [third[0], *third[2:]] == ["3", "Running", "0.3", "a", "1m15s"]


def test_a_running_trial_shows_its_newest_value_and_how_many_there_were() -> None:
    head, line = table(start(1, resource=9), newest={1: [3.0, 2.0]})
    assert head[-3:] == ["TO", "VALUES", "RAN"]
    assert line[3:] == ["2", "0.1", "a", "9", "2", "1m15s"]


LINES = [
    ((start(1), end(1, 0.5)), "Trial 1: loss 0.5 (the best so far)"),
    ((start(2), end(2, 0.4), start(1), end(1, 0.5)), "Trial 1: loss 0.5"),
    ((start(1), end(1, 0.5, status="Stopped")), "Trial 1: loss 0.5 (the best so far) (Stopped)"),
    (
        (start(1), {**STOP, "trial": 1, "job": "job-1-0"}, end(1, 0.5, status="Stopped")),
        "Trial 1: loss 0.5 (the best so far) (stopped: worse)",
    ),
    ((start(1), end(1, None)), "Trial 1 ended (Completed) without any value of loss"),
    ((start(1), end(1, 0.5, status="Failed")), "Trial 1 failed: for an unknown reason"),
    (
        (start(1), end(1, None, status="Failed", reason="AlgorithmError: broke")),
        "Trial 1 failed: AlgorithmError: broke",
    ),
]


@pytest.mark.parametrize(("events", "line"), LINES)
def test_the_end_of_a_trial_is_a_line(events: Any, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = study(limits(), *events)
    StudyView(spec(), services()).ended(found.trials[1], found)
    QuietStudyView(spec(), services()).ended(found.trials[1], found)
    err = capsys.readouterr().err
    assert err.partition("s] ")[2].rstrip("\n").startswith(line)
    assert err.count("Trial") == 1


def test_the_beginning_of_a_trial_has_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    found = study(limits(), start(1, resource=3), start(2))
    for number in (1, 2):
        StudyView(spec(), services()).started(found.trials[number])
        QuietStudyView(spec(), services()).started(found.trials[number])
    lines = [line.partition("s] ")[2] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["Trial 1 began: up to 3  rate=0.1 kind=a", "Trial 2 began: rate=0.2 kind=a"]


def test_for_programs_both_are_json_with_the_best_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    found = study(limits(), start(1), end(1, 0.5), start(2))
    view = EventStudyView(spec(), services())
    view.started(found.trials[2])
    view.ended(found.trials[1], found)
    none = study(limits(), start(1), end(1, None))
    view.ended(none.trials[1], none)
    begun, ended, without = map(json.loads, capsys.readouterr().out.splitlines())
    assert (begun["event"], begun["trial"]["number"], begun["time"]) == ("trial_started", 2, "2030-01-31T12:01:15.000Z")
    assert (ended["event"], ended["best"], ended["trial"]["objective"]) == ("trial_ended", 1, 0.5)
    assert without["best"] is None


@pytest.mark.parametrize(("shows", "kind"), [("lines", QuietStudyView), ("events", EventStudyView), ("all", StudyView)])
def test_where_the_output_goes_decides_the_view(shows: Any, kind: type) -> None:
    made = spec()
    made = replace(made, task=replace(made.task, shows=shows))
    with view_of(made, services()) as view:
        assert type(view) is kind


class Stored:
    """A study that gives its record."""

    def __init__(self, events: Any, *, driver: str | None = None, **changes: Any) -> None:
        self._made = study_record(
            study(*events, goal=changes.get("goal", "min")),
            words(spec(**changes)),
            project="P",
            task="T",
            seed=7,
            driver=driver,
        )

    def record(self, _: object) -> Any:
        return self._made


def page(*events: Any, json_: bool = False, driver: str | None = None, **changes: Any) -> None:
    asked = StatusSpec(place=Place(project="P", task="T"), json=json_)
    assert study_status(asked, cast("Any", Stored(events, driver=driver, **changes)), services()) == 0


def parts(out: str) -> dict[str, list[str]]:
    """The page's parts by name."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in out.partition("\n\n")[0].splitlines()[1:]:
        name = line[:12].strip() or name
        found.setdefault(name, []).append(" ".join(line[12:].split()))
    return found


def test_the_page_of_a_study_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page(
        limits(target=0.1, patience=3, max_mins=60), start(1), end(1, 0.5), start(2), end(2, None, status="Failed"), start(3),
        driver="process 7 of this machine",
    )  # fmt: skip
    out = capsys.readouterr().out
    assert out.startswith("T of project P (study)\n")
    assert parts(out) == {
        "Status": ["Running: driven by process 7 of this machine"],
        "Began": ["2030-01-31 12:00:00 UTC, 1m ago"],
        "Searches": ["rate 0..1", "kind a|b"],
        "For": ["the smallest loss"],
        "By": ["random, seed 7"],
        "Limits": ["4 trials, 1 at once, 1 may fail, until loss is 0.1, until 3 in a row are no better, 60 minutes"],
        "Progress": ["2 of 4 trials ended, 1 running, 1 failed, trained 20s"],
        "Best": ["trial 1, loss 0.5 rate=0.1 kind=a"],
        "Next": ["ssm data -p P -t T -o FOLDER --download_model", "ssm logs -f -p P -t T", "ssm stop -p P -t T"],
    }
    assert out.partition("\n\n")[2].split()[0] == "TRIAL"


DONE = {"kind": "done", "status": "Completed", "why": "all 1 trials have ended"}


@pytest.mark.parametrize(
    ("events", "status", "last"),
    [
        ((), "Left: nothing drives it, so no other trial begins", "the same ssm tune, which goes on with it"),
        (
            (DONE,),
            "Completed: all 1 trials have ended",
            "the same ssm tune with more --tune_jobs or --tune_failures, which extends it",
        ),
        (
            ({**DONE, "status": "Failed", "why": "x"},),
            "Failed: x",
            "the same ssm tune with more --tune_jobs or --tune_failures, which extends it",
        ),
        (
            ({**DONE, "status": "Stopped", "why": "by hand"},),
            "Stopped: by hand",
            "the same ssm tune, which goes on with it",
        ),
    ],
)
def test_the_page_says_how_a_study_goes_on(
    events: Any, status: str, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page(limits(failures=None), *events, goal="max", stops_early=True, learn_from="other", strategy="bayesian")
    found = parts(capsys.readouterr().out + "\n\n")
    assert found["Status"] == [status]
    assert found["Next"][-1] == last
    assert found["For"] == ["the largest loss"]
    assert found["By"] == ["bayesian, stops trials that are worse than the median, learns from task other, seed 7"]
    assert found["Limits"] == ["4 trials, 1 at once"]
    assert ("ssm stop -p P -t T" in found["Next"]) is status.startswith("Left")
    assert "Best" not in found


def test_a_search_in_brackets_counts_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    resource = Resource(name="epochs", least=1, most=3)
    page(limits(max_trials=5), start(1, resource=1), end(1, 0.5, resource=1), strategy="hyperband", resource=resource)
    found = parts(capsys.readouterr().out)
    assert found["By"] == ["hyperband, epochs 1 to 3, seed 7"]
    assert found["Progress"] == ["1 of 6 jobs ended, trained 10s"]


def test_for_programs_the_study_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    page(limits(), start(1), json_=True)
    assert json.loads(capsys.readouterr().out)["trials"][0]["number"] == 1
