"""A study that a tuning job of SageMaker drives: followed, stopped, never extended. The service is in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.aws_api import SageMaker
from simple_sagemaker.core.layout import uri
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Services
from simple_sagemaker.errors import SsmError, UsageError
from simple_sagemaker.jobs.outages import Clock
from simple_sagemaker.studies import service_driver
from simple_sagemaker.studies.begin import OpenedStudy
from simple_sagemaker.studies.begun import study_file
from simple_sagemaker.studies.service_driver import ServiceDriver
from simple_sagemaker.studies.study import Limits, Study
from simple_sagemaker.studies.trial_request import Template
from tests.unit.memory import MemoryStore
from tests.unit.studies.cluster import PLACE, REQUEST, Told
from tests.unit.studies.test_study import spec
from tests.unit.tasks.service import NOON, World, refused

NAME = "T-2030"


def trial(number: int, status: str = "InProgress", objective: float | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "TrainingJobName": f"{NAME}-{number:03}-0123abcd",
        "CreationTime": NOON,
        "TrainingJobStatus": status,
        "TunedHyperParameters": {"rate": "0.5", "kind": '"a"', "odd": '"x'},
        **more,
    }
    if objective is not None:
        made["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": "loss", "Value": objective}
    return made


def ended(number: int, objective: float | None, status: str = "Completed", seconds: int = 90) -> dict[str, Any]:
    times = {"TrainingStartTime": NOON, "TrainingEndTime": NOON + timedelta(seconds=seconds)}
    return trial(number, status, objective, **times)


@dataclass
class Tuner:
    """SageMaker with one tuning job, whose trials and status are what the next look shows."""

    looks: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    where: str = uri(PLACE.bucket, PLACE.trials)
    most: int = 3
    exists: bool = True
    asked: list[str] = field(default_factory=list)
    refuses: str = ""

    def create_hyper_parameter_tuning_job(self, **request: Any) -> Any:
        self.asked.append(f"create {request['HyperParameterTuningJobName']}")
        if self.refuses:
            raise refused(self.refuses, "no", "Create")
        self.exists = True

    def describe_hyper_parameter_tuning_job(self, **_: Any) -> Any:
        if not self.exists:
            raise refused("ResourceNotFound", "no", "Describe")
        self.asked.append("look")
        if len(self.looks) > 1:
            self.looks.pop(0)
        return {
            "HyperParameterTuningJobName": NAME,
            "HyperParameterTuningJobStatus": self.looks[0][0],
            "CreationTime": NOON,
            "TrainingJobDefinition": {"OutputDataConfig": {"S3OutputPath": self.where}},
            "HyperParameterTuningJobConfig": {
                "ResourceLimits": {"MaxNumberOfTrainingJobs": self.most, "MaxParallelTrainingJobs": 2},
                "Strategy": "Random",
            },
        }

    def list_training_jobs_for_hyper_parameter_tuning_job(self, **request: Any) -> Any:
        start = int(request.get("NextToken", 0))
        trials = self.looks[0][1]
        more = {"NextToken": str(start + 2)} if len(trials) > start + 2 else {}
        return {"TrainingJobSummaries": trials[start : start + 2], **more}

    def stop_hyper_parameter_tuning_job(self, **_: Any) -> Any:
        self.asked.append("stop")
        if self.refuses:
            raise refused(self.refuses, "no", "Stop")

    def delete_hyper_parameter_tuning_job(self, **_: Any) -> Any:
        self.asked.append("delete")
        if self.refuses:
            raise refused(self.refuses, "no", "Delete")


def services_of(tuner: Tuner, store: MemoryStore) -> Services:
    return replace(World(store).services(), sagemaker=cast("SageMaker", tuner), pace=lambda _: 0.0)


def driver_of(tuner: Tuner, store: MemoryStore, *, is_new: bool = True) -> tuple[ServiceDriver, Told]:
    template = Template(request=REQUEST, place=PLACE, is_plain=True)
    opened = OpenedStudy(place=PLACE, seed=7, template=template, is_new=is_new, tuning_job=NAME)
    view = Told()
    services = services_of(tuner, store)
    clock = Clock(seconds=lambda: 0.0, sleep=lambda _: None)
    return ServiceDriver(spec(tuned_on="aws"), opened, services, view, clock), view


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_trials_are_shown_as_they_begin_and_end_and_the_best_is_named(store: MemoryStore) -> None:
    tuner = Tuner([("InProgress", []), ("InProgress", [trial(1)]), ("InProgress", [ended(1, 0.5), trial(2)])])
    tuner.looks += [("Completed", [ended(1, 0.5), ended(2, 0.25), ended(3, None, "Failed")])]
    driver, view = driver_of(tuner, store)
    driver.load()
    assert (driver.has_ended, driver.whose) == (False, f"the tuning job {NAME}")
    assert driver.goes_on == f"the tuning job {NAME} goes on by itself"
    driver.drive()
    assert (sorted(view.begun), sorted(view.done)) == ([2, 3], [1, 2, 3])  # the first was there already
    study = driver.study
    assert study.ended
    assert (study.ended.status, study.ended.why) == ("Completed", "all 3 trials have ended")
    assert study.limits == Limits(max_trials=3, at_once=2, failures=None)
    assert [one.objective for one in study.in_order] == [0.5, 0.25, None]
    assert [one.seconds for one in study.in_order] == [90, 90, 90]
    assert dict(study.trials[1].values) == {"rate": "0.5", "kind": "a", "odd": '"x'}
    assert json.loads(store.read("b", PLACE.best_trial))["trial"] == 2
    assert (driver.has_ended, driver.whose, driver.so_far()) == (True, None, {})


@pytest.mark.parametrize(
    ("status", "reason", "trials", "end"),
    [
        ("Completed", None, [ended(1, 0.5)], f"Completed: the tuning job {NAME} has met a criterion after 1 trials"),
        ("Stopped", None, [], f"Stopped: the tuning job {NAME} was stopped"),
        ("Failed", "All training jobs failed.", [], "Failed: All training jobs failed."),
        ("DeleteFailed", "why", [], "Failed: why"),
        ("Stopping", None, [], None),
        ("InProgress", None, [], None),
    ],
)
def test_an_end_has_the_services_reason_or_what_can_be_told(
    store: MemoryStore, status: str, reason: str | None, trials: list[dict[str, Any]], end: str | None
) -> None:
    study = Study("min")
    tuner = Tuner([(status, trials)])
    described = {**tuner.describe_hyper_parameter_tuning_job(), **({"FailureReason": reason} if reason else {})}
    service_driver.take_tuning_job(described, study, services_of(tuner, store))
    assert (f"{study.ended.status}: {study.ended.why}" if study.ended else None) == end
    assert study.began == study.first_began == NOON


def test_a_tuning_job_is_created_once_and_cannot_be_extended(store: MemoryStore) -> None:
    tuner = Tuner([("InProgress", [])], exists=False)
    driver, view = driver_of(tuner, store)
    driver.load()
    driver.set_limits(Limits(max_trials=3, at_once=2, failures=None))
    assert tuner.asked[0] == f"create {NAME}"
    assert view.notes == [f"Tuning job {NAME}"]
    with pytest.raises(UsageError, match=f"SageMaker cannot extend the tuning job {NAME}, which has 3 trials"):
        driver.set_limits(Limits(max_trials=4, at_once=2, failures=None))
    assert [one for one in tuner.asked if one.startswith("create")] == [f"create {NAME}"]


@pytest.mark.parametrize("is_new", [True, False])
def test_what_the_service_refuses_can_be_begun_again_where_this_command_began_it(
    store: MemoryStore, is_new: bool
) -> None:
    store.write("b", study_file(PLACE), b"{}")
    driver, view = driver_of(Tuner(exists=False, refuses="ValidationException"), store, is_new=is_new)
    with pytest.raises(ClientError):
        driver.set_limits(Limits(max_trials=3, at_once=2, failures=None))
    assert (study_file(PLACE) in store.objects) is not is_new
    assert view.notes == []


def test_another_tasks_tuning_job_is_not_followed(store: MemoryStore) -> None:
    driver, _ = driver_of(Tuner([("InProgress", [])], where="s3://b/P/other/trials"), store)
    with pytest.raises(SsmError, match=f"the tuning job {NAME} is not its own"):
        driver.load()


@pytest.mark.parametrize(
    ("act", "passes", "raises"),
    [
        ("stop", ("", "ValidationException"), "AccessDeniedException"),
        ("delete", ("", "ValidationException", "ResourceNotFound"), "AccessDeniedException"),
    ],
)
def test_what_has_ended_already_needs_no_stop_and_what_is_gone_no_deletion(
    store: MemoryStore, act: str, passes: tuple[str, ...], raises: str
) -> None:
    tuner = Tuner()
    services = services_of(tuner, store)
    do = service_driver.stop_tuning_job if act == "stop" else service_driver.forget_tuning_job
    for tuner.refuses in passes:
        do(NAME, services)
    assert tuner.asked == [act] * len(passes)
    tuner.refuses = raises
    with pytest.raises(ClientError):
        do(NAME, services)


def test_a_stop_is_asked_of_the_service(store: MemoryStore) -> None:
    tuner = Tuner([("InProgress", [])])
    driver_of(tuner, store)[0].stop()
    assert tuner.asked == ["stop"]


def test_jobs_of_other_names_are_no_trials(store: MemoryStore) -> None:
    study = Study("min")
    tuner = Tuner([("InProgress", [{**trial(1), "TrainingJobName": "mine"}, trial(2)])])
    service_driver.trials_of(NAME, study, services_of(tuner, store))
    assert list(study.trials) == [2]
