"""What has to hold of a trial and of a tuning job before anything is done for them, and what may not have changed."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.errors import SsmError, UsageError
from simple_sagemaker.studies.spec import Resource
from simple_sagemaker.studies.study import Trial
from simple_sagemaker.studies.trial_request import is_job_of, job_name
from simple_sagemaker.studies.trust import check_job, check_trial, check_tuning_job
from simple_sagemaker.studies.tuning_request import check, check_unchanged
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer
from tests.unit.memory import MemoryStore
from tests.unit.studies.test_study import PLACE, limits, spec, start, study
from tests.unit.tasks.service import World, training

SERVICES = World(MemoryStore()).services()
JOB = job_name(PLACE.trial(1), SERVICES)


def trial(*, job: str = JOB, resource: int | None = None, **values: str) -> Trial:
    event = {**start(1, job=job, resource=resource), "values": values or {"rate": "0.5", "kind": "a"}}
    return study(limits(), event).trials[1]


@pytest.mark.parametrize(
    ("made", "words", "why"),
    [
        (trial(), {}, None),
        (trial(rate="1", kind="b"), {}, None),
        (trial(rate="1.5", kind="a"), {}, "rate is '1.5'"),
        (trial(rate="0.5", kind="c"), {}, "kind is 'c'"),
        (trial(rate="0.5"), {}, "it has values for rate"),
        (trial(rate="0.5", kind="a", more="1"), {}, "it has values for kind, more, rate"),
        (trial(job="mine"), {}, "its job is named 'mine'"),
        (trial(job=job_name(PLACE.trial(2), SERVICES)), {}, "its job is named 'T-002-"),
        (trial(resource=3), {}, "what it gets of the resource is not of this search"),
        (trial(), {"resource": Resource(name="epochs", least=1, most=9)}, "what it gets of the resource"),
        (trial(resource=1), {"resource": Resource(name="epochs", least=1, most=9)}, None),
        (trial(resource=9), {"resource": Resource(name="epochs", least=1, most=9)}, None),
        (trial(resource=10), {"resource": Resource(name="epochs", least=1, most=9)}, "epochs is 10"),
        (trial(resource=1), {"resource": Resource(name="epochs", least=2, most=9)}, "epochs is 1"),
    ],
)
def test_a_trial_is_one_that_this_search_would_have_begun(made: Trial, words: dict[str, Any], why: str | None) -> None:
    if why is None:
        check_trial(made, spec(**words), PLACE, SERVICES)
        return
    with pytest.raises(SsmError) as refused:
        check_trial(made, spec(**words), PLACE, SERVICES)
    assert f"trial 1 is none of this search: {why}" in str(refused.value)


@pytest.mark.parametrize(
    ("where", "is_own"),
    [
        ("s3://bucket/P/T/trials/001", True),
        ("s3://bucket/P/T/trials/001/", True),
        ("s3://bucket/P/T/trials/002", False),
        ("s3://other/P/T/trials/001", False),
        ("", False),
    ],
)
def test_a_trials_job_writes_where_the_trial_would(where: str, is_own: bool) -> None:
    job = of_training({**training(JOB, "InProgress"), "OutputDataConfig": {"S3OutputPath": where}})
    if is_own:
        check_job(trial(), job, PLACE)
        return
    with pytest.raises(SsmError, match=f"the job {JOB} is not its own: that writes to {where}"):
        check_job(trial(), job, PLACE)


def test_a_tuning_jobs_trials_write_where_the_studys_would() -> None:
    def described(where: str) -> dict[str, Any]:
        definition = {"OutputDataConfig": {"S3OutputPath": where}}
        return {"HyperParameterTuningJobName": "t", "TrainingJobDefinition": definition}

    check_tuning_job(described("s3://bucket/P/T/trials"), PLACE)
    check_tuning_job(described("s3://bucket/P/T/trials/"), PLACE)
    for odd in (described("s3://bucket/P/T/trial"), described(""), {"HyperParameterTuningJobName": "t"}):
        with pytest.raises(SsmError, match="the tuning job t is not its own"):
            check_tuning_job(odd, PLACE)


def test_a_name_is_a_trials_by_its_task_number_and_form() -> None:
    assert is_job_of(PLACE.trial(1), JOB, SERVICES)
    assert JOB.startswith("T-001-2030-01-31-12-00-00-")
    for odd in (JOB.replace("T-001", "T-002"), JOB.replace("T-001", "U-001"), JOB[:-1], f"x{JOB}"):
        assert not is_job_of(PLACE.trial(1), odd, SERVICES)


CONFIG: dict[str, Any] = {
    "ResourceLimits": {"MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": 3600},
    "TuningJobCompletionCriteria": {
        "TargetObjectiveMetricValue": 0.1,
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3},
    },
}
SAME: dict[str, Any] = {"at_once": 2, "max_mins": 60, "target": 0.1, "patience": 3}


@pytest.mark.parametrize(
    ("changes", "option", "how"),
    [
        ({}, None, ""),
        ({"at_once": None}, None, ""),  # as it is
        ({"target": 0.1 + 1e-9}, None, ""),
        ({"at_once": 3}, "--tune_at_once", "with another"),
        ({"max_mins": 61}, "--tune_mins", "with another"),
        ({"max_mins": None}, "--tune_mins", "with another"),
        ({"target": 0.2}, "--tune_target", "with another"),
        ({"patience": 4}, "--tune_patience", "with another"),
    ],
)
def test_a_tuning_job_has_the_ends_that_it_was_begun_with(
    changes: dict[str, Any], option: str | None, how: str
) -> None:
    words = spec(**{**SAME, **changes})
    if option is None:
        check_unchanged(words, CONFIG, "t")
        return
    with pytest.raises(UsageError) as refused:
        check_unchanged(words, CONFIG, "t")
    assert str(refused.value).startswith(f"{option}: SageMaker cannot change the tuning job t, which was begun {how}.")


def test_an_end_that_a_tuning_job_was_begun_without_cannot_be_added() -> None:
    bare = {"ResourceLimits": {"MaxParallelTrainingJobs": 2}}
    check_unchanged(spec(), bare, "t")
    for name, value in (("max_mins", 60), ("target", 0.0), ("patience", 3)):
        with pytest.raises(UsageError, match="which was begun without it"):
            check_unchanged(spec(**{name: value}), bare, "t")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, None),
        ({"space": (Integer(name="n", low=1, high=9),)}, None),
        ({"space": (Integer(name="n", low=1, high=9, step=2),)}, "Write the values of 'n' as a list: 1|3|5|7|…"),
        ({"space": (Continuous(name="x", low="0", high="1", step="0.5"),)}, "as a list: 0|0.5|1|…"),
        ({"space": (Categorical(name="c", values=tuple(map(str, range(30)))),)}, None),
        ({"space": (Categorical(name="c", values=tuple(map(str, range(31)))),)}, "takes at most 30"),
        ({"strategy": "grid"}, "SageMaker takes lists of values alone; 'rate' is a range"),
        ({"strategy": "grid", "space": (Categorical(name="c", values=("a",)),)}, None),
        ({"max_mins": 2}, None),
        ({"max_mins": 1}, "is at least 2"),
        ({"failures": 3}, "gives up after 5 failures: drop --tune_failures"),
    ],
)  # fmt: skip
def test_what_a_tuning_job_cannot_have_is_refused(words: dict[str, Any], why: str | None) -> None:
    if why is None:
        check(spec(**words))
        return
    with pytest.raises(UsageError) as refused:
        check(spec(**words))
    assert why in str(refused.value)
