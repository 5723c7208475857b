"""A study read from its bucket beside the jobs of its trials: what the commands say that neither begin nor drive it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.names import job_name
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import SsmError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.studies.begun import study_file
from simple_sagemaker.studies.driver_lock import DriverLock
from simple_sagemaker.studies.journal import Journal
from simple_sagemaker.studies.stored import StoredStudy, study_of
from tests.unit.studies.test_study import limits, start
from tests.unit.tasks.service import NOON, World, training

PLACE = TaskPlace(bucket="bucket", project="p", task="task")
BEGUN = {
    "seed": 7,
    "words": {
        "metric": {"name": "loss", "regex": "(x)"},
        "goal": "min",
        "strategy": "random",
        "resource": None,
        "stops_early": False,
        "learn_from": None,
        "space": [["Continuous", {"name": "rate", "low": "0", "high": "1"}]],
    },
}
JOBS = {number: job_name(f"task-{number:03}", started=NOON, token="x" * 8) for number in (1, 2, 3)}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A study of three trials that have been begun; none of them has a job yet."""
    store = FolderStore(tmp_path)
    store.make_bucket("bucket")
    journal = Journal(PLACE, store)
    for event in (limits(), *(start(number, job=name) for number, name in JOBS.items())):
        assert journal.append(event)
    return World(store, now=NOON + timedelta(minutes=5))


def described(number: int, status: str, **more: Any) -> Mapping[str, Any]:
    where = {"S3OutputPath": f"s3://bucket/{PLACE.trial(number).folder}"}
    return {**training(JOBS[number], status), "OutputDataConfig": where, **more}


def stored(world: World) -> StoredStudy:
    return StoredStudy(PLACE, BEGUN, world.services())


def test_trials_are_shown_as_their_jobs_are_now(world: World) -> None:
    began = NOON + timedelta(minutes=2)
    world.sage.jobs[JOBS[1]] = described(1, "InProgress", TrainingStartTime=began)
    final = [{"MetricName": "other", "Value": 9.0}, {"MetricName": "loss", "Value": 0.25}]
    world.sage.jobs[JOBS[2]] = described(2, "Completed", FinalMetricDataList=final, TrainingTimeInSeconds=40)
    record = stored(world).record(print)
    trials = {one.number: one for one in record.trials}
    assert {number: one.status for number, one in trials.items()} == {1: "Running", 2: "Completed", 3: "Pending"}
    assert (trials[2].objective, trials[2].seconds) == (0.25, 40)
    assert trials[1].seconds == 3 * 60
    assert len(Journal(PLACE, world.store).load()) == 4  # looking writes nothing down


def test_the_ends_of_trials_are_written_down_where_no_command_drives(world: World) -> None:
    world.sage.jobs[JOBS[1]] = described(1, "InProgress")
    world.sage.jobs[JOBS[2]] = described(2, "Failed", FailureReason="AlgorithmError: no data")
    study = stored(world)
    study.stop("enough")
    study.record_ends(print)
    ends = {one["trial"]: (one["status"], one["reason"]) for one in Journal(PLACE, world.store).load()[5:]}
    assert ends == {2: ("Failed", "AlgorithmError: no data"), 3: ("Stopped", "The search ended before it began")}
    stored(world).record_ends(print)
    assert len(Journal(PLACE, world.store).load()) == 7  # each end once


def test_a_command_that_drives_writes_the_ends_itself(world: World) -> None:
    world.sage.jobs[JOBS[2]] = described(2, "Completed")
    assert DriverLock(PLACE, world.services("here:8:1")).take()
    world.living["here:8:1"] = True
    stored(world).record_ends(print)
    assert len(Journal(PLACE, world.store).load()) == 4


def test_the_trials_of_a_search_that_goes_on_may_yet_begin(world: World) -> None:
    stored(world).record_ends(print)
    assert len(Journal(PLACE, world.store).load()) == 4


def test_a_job_that_writes_elsewhere_is_not_the_trials(world: World) -> None:
    elsewhere = {"OutputDataConfig": {"S3OutputPath": "s3://bucket/p/other/trials/1"}}
    world.sage.jobs[JOBS[1]] = described(1, "InProgress", **elsewhere)
    with pytest.raises(SsmError, match="that writes to s3://bucket/p/other"):
        stored(world).record(print)


def test_a_task_whose_newest_job_is_no_trial_has_no_study(world: World) -> None:
    where = Place(project="p", task="task", bucket="bucket")
    services = world.services()
    services.store.write(
        "bucket", study_file(PLACE), json.dumps({**BEGUN, "version": 1, "fingerprint": {}, "request": {}}).encode()
    )
    found = study_of(where, None, services)
    assert found
    assert found.seed == 7
    job: Any = SimpleNamespace(place=PLACE, trial=None)
    assert study_of(where, job, services) is None
    job = SimpleNamespace(place=None, trial=1)
    assert study_of(where, job, services) is None
    job = SimpleNamespace(place=PLACE, trial=1)
    assert study_of(where, job, services)
    assert study_of(Place(project="p", task="other", bucket="bucket"), None, services) is None
    assert study_of(Place(project="p", task="task", bucket="gone"), None, services) is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("seed", "x"),
        ("seed", None),
        ("words", {}),
        ("words", None),
        ("words", {"metric": {"name": "loss"}, "goal": "min", "space": [1]}),
    ],
)
def test_what_a_damaged_study_lacks_is_told_with_its_task(world: World, member: str, value: object) -> None:
    with pytest.raises(SsmError, match=r"^The study of task task is damaged: it lacks or has wrong: "):
        StoredStudy(PLACE, {**BEGUN, member: value}, world.services())
