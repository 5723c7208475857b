"""How a job ended, in words: why it failed or stopped, after how long, what to do, and its metrics."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.errors import JobFailed, JobStopped, SsmError
from simple_sagemaker.jobs import outcome
from simple_sagemaker.jobs.follow import JobResult, result
from simple_sagemaker.jobs.metrics import Summary
from tests.unit.jobs.watching import JOB, described

BOTH = "it waited and ran longer than --max_run_mins 60 (--max_wait_mins is for both)"
LIMITS = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}


def ended(status: str, phase: str = "", seconds: int | None = 61, **members: Any) -> JobResult:
    given = {"StoppingCondition": LIMITS, "TrainingTimeInSeconds": seconds, **members}
    return result(of_training(described((phase or status, ""), status=status, **given)))


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        (ended("Failed", FailureReason="no\x1b[2J memory"), JobFailed, f"Failed after 61 s: {JOB}\nno memory\nmore"),
        (ended("Failed", seconds=1), JobFailed, f"Failed: {JOB}\nno reason was given\nmore"),
        (ended("Failed", seconds=2), JobFailed, f"Failed after 2 s: {JOB}\nno reason was given\nmore"),
        (ended("Failed", seconds=None), JobFailed, f"Failed: {JOB}\nno reason was given\nmore"),
        (
            replace(ended("Failed", FailureReason="exit 3"), message="no column"),
            JobFailed,
            f"Failed after 61 s: {JOB}\nexit 3\nno column\nmore",
        ),
        (ended("Stopped"), JobStopped, f"Stopped after 61 s: {JOB} (asked to stop)\nmore"),
        (
            ended("Stopped", "MaxRuntimeExceeded"),
            JobStopped,
            f"Stopped after 61 s: {JOB} (it ran longer than --max_run_mins 60)\nmore",
        ),
        (
            ended("Stopped", "MaxWaitTimeExceeded"),
            JobStopped,
            f"Stopped after 61 s: {JOB} (it waited and ran longer than --max_wait_mins 120)\nmore",
        ),
        (
            ended("Stopped", "MaxWaitTimeExceeded", StoppingCondition={**LIMITS, "MaxWaitTimeInSeconds": 3600}),
            JobStopped,
            f"Stopped after 61 s: {JOB} ({BOTH})\nmore",
        ),
    ],
)
def test_every_end_but_completed_is_an_error_that_says_why(how: JobResult, error: type[SsmError], message: str) -> None:
    with pytest.raises(error) as caught:
        outcome.check(how, "more")
    assert str(caught.value) == message


def test_a_completed_job_is_no_error() -> None:
    outcome.check(ended("Completed"), "more")


REQUIREMENTS = "-d requirements.txt installs what that file names"
HERE = "SSM_PYTHON=… names an interpreter that has it; SSM_ENGINE=docker runs in the framework's image"
BUILT = "--df 'RUN pip install …' builds an image that has it"


@pytest.mark.parametrize(
    ("module", "engine", "ways"),
    [
        ("torch.nn", "local", f"{REQUIREMENTS}; {HERE}"),
        ("torch.nn", "docker", f"{REQUIREMENTS}; {BUILT}"),
        ("torch.nn", "aws", f"{REQUIREMENTS}; {BUILT}"),
        ("smdistributed.dataparallel", "local", HERE),
        ("sagemaker_sklearn_container", "aws", BUILT),
        ("sagemaker_xgboost_container", "aws", BUILT),
    ],
)
def test_a_module_that_is_missing_has_advice(module: str, engine: str, ways: str) -> None:
    failed = ended("Failed", FailureReason=f"ModuleNotFoundError: No module named '{module}'")
    advice = [f"There is no module {module} where the job ran: {ways}."]
    assert outcome.advise(failed, engine) == advice
    in_message = replace(ended("Failed", FailureReason="exit 1"), message=f"No module named '{module}'")
    assert outcome.advise(in_message, engine) == advice


def test_there_is_no_advice_for_other_ends() -> None:
    reason = "No module named 'torch'"
    assert outcome.advise(ended("Stopped", FailureReason=reason), "aws") == []
    assert outcome.advise(ended("Failed", FailureReason="exit 1"), "aws") == []
    assert outcome.advise(ended("Failed"), "aws") == []


def of(*values: float) -> Summary:
    summary = Summary()
    for value in values:
        summary.add(value)
    return summary


LONG = "a_metric_with_a_name_that_is_longer_than_forty_cells"


@pytest.mark.parametrize(
    ("final", "seen", "lines"),
    [
        ({}, {}, []),
        ({"a": 0.12345678, "b\x1b[2J": 2.0}, {}, ["Metrics: a 0.123457, b 2"]),
        ({"a": 1.0}, {"a": of(3.0)}, ["Metrics: a 3"]),
        (
            {"c": 7.0},
            {"loss": of(3.0, 1.0, 2.0)},
            ["Metrics  last  best", "  c      7", "  loss   2     1 (lowest)"],
        ),
        (
            {},
            {LONG: of(1.0), "acc": of(10.0, 5.0)},
            [
                f"{'Metrics':<40}  last  best",
                f"  {LONG}  1",
                f"{'  acc':<40}  5     10 (highest)",
            ],
        ),
    ],
)
def test_metrics_are_shown_with_their_last_and_best_values(
    final: dict[str, float], seen: dict[str, Summary], lines: list[str]
) -> None:
    data = [{"MetricName": name, "Value": value} for name, value in final.items()]
    completed = replace(ended("Completed", FinalMetricDataList=data), metrics=seen)
    assert outcome.metrics_lines(completed) == lines
