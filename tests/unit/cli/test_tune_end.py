"""How a search's end is told on the command line, with what one does next."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simple_sagemaker.cli.tune import _check, _summary
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Download
from simple_sagemaker.errors import JobFailed, JobStopped
from simple_sagemaker.studies.begun import words
from simple_sagemaker.studies.records import StudyRecord, study_record
from simple_sagemaker.studies.spec import Resource
from tests.unit.studies.test_study import end, limits, spec, start, study

DONE = {"kind": "done", "status": "Completed", "why": "all 2 trials have ended"}
ARGV = ["tune", "-p", "P", "-t", "T", "-e", "w.py", "--hp_space", "rate", "0..1"]


def told(*events: Any, folder: str | None = None, **changes: Any) -> list[str]:
    made = spec(**changes)
    if folder:
        made = replace(made, task=replace(made.task, download=Download(path=Path(folder))))
    record = study_record(study(limits(), *events), words(made), project="P", task="T", seed=7)
    found: Any = SimpleNamespace(spec=made)
    return _summary(record, found, ARGV)


def test_the_best_trial_comes_with_the_line_that_runs_it_again() -> None:
    assert told(start(1), end(1, 0.5), start(2), end(2, 0.25), DONE) == [
        "Completed: all 2 trials have ended; trained 20s in all",
        "Best: trial 2, loss 0.25  rate=0.2 kind=a",
        "To run it again: ssm run -p P -t T-best -e w.py --hp rate 0.2 --hp kind a",
        "Its model: ssm data -p P -t T -o FOLDER --download_model",
    ]


def test_a_promoted_trial_is_run_again_as_far_as_it_came() -> None:
    resource = Resource(name="epochs", least=1, most=9)
    lines = told(start(1, resource=9), end(1, 0.5, resource=9), DONE, resource=resource, strategy="hyperband")
    assert "--hp kind a --hp epochs 9" in lines[2]


def test_results_that_were_brought_are_named() -> None:
    assert told(start(1), end(1, 0.5), DONE, folder="out")[-1] == (
        "Results: out/ (trials.csv, study.json, and what the best trial left)"
    )
    failed = {**DONE, "status": "Failed", "why": "no trial came to an objective"}
    assert told(start(1), end(1, None), failed, folder="out") == [
        "Failed: no trial came to an objective; trained 10s in all",
        "Results: out/ (trials.csv, study.json)",
    ]
    assert len(told(start(1), end(1, None), failed)) == 1


def test_what_early_stopping_saved_is_told() -> None:
    stop = {"kind": "stop", "trial": 2, "job": "job-2-0", "why": "worse"}
    stopped = end(2, 0.6, status="Stopped", seconds=3)
    first = told(start(1), end(1, 0.5), start(2), stop, stopped, DONE)[0]
    assert first.endswith("; trained 13s in all, early stopping saved about 7s")


def ended(status: str) -> StudyRecord:
    done = {**DONE, "status": status, "why": "why"}
    return study_record(study(limits(), start(1), end(1, 0.5), done), words(spec()), project="P", task="T", seed=7)


def test_a_search_that_failed_or_was_stopped_is_an_error() -> None:
    _check(ended("Completed"), "-p P -t T")
    with pytest.raises(
        JobFailed, match=r"The search failed: why\.\nThe lines of a trial: ssm logs -p P -t T --trial NUMBER"
    ):
        _check(ended("Failed"), "-p P -t T")
    with pytest.raises(JobStopped, match=r"The search was stopped: why\.\nThe same command goes on with it\."):
        _check(ended("Stopped"), "-p P -t T")
