"""What ``ssm rm`` deletes of a study, or of one of its trials: its own, and nothing while it is driven."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

import pytest

from simple_sagemaker.core.aws_api import SageMaker
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.names import job_name
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Services
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.studies import removal
from simple_sagemaker.studies.begun import words
from simple_sagemaker.studies.driver_lock import DriverLock
from simple_sagemaker.studies.journal import Journal
from simple_sagemaker.tasks.removal import Found, Wanted
from tests.unit.jobs.account import NOON
from tests.unit.memory import MemoryStore
from tests.unit.studies.test_study import limits, spec, start
from tests.unit.tasks.test_removal import Removing

PLACE = TaskPlace(bucket="b", project="p", task="task")
NAMES = {number: job_name(f"task-{number:03}", started=NOON, token="x" * 8) for number in (1, 2)}


class Folder(MemoryStore):
    """A store whose folders are those that AWS would list."""

    def folders(self, bucket: str, prefix: str) -> list[str]:
        return sorted({key[len(prefix) :].partition("/")[0] for key in self.objects if key.startswith(prefix)})


class World:
    """A study with two trials that have ended, beside a person's own file."""

    def __init__(self, status: str = "Completed") -> None:
        self.account = Removing()
        self.store = Folder("p/task/notes.txt", "p/other/study/study.json", "p/task/study/mine.txt")
        begun = {"version": 1, "seed": 7, "words": words(spec()), "fingerprint": {}, "request": {}}
        self.store.write("b", f"{PLACE.study}study.json", json.dumps(begun).encode())
        journal = Journal(PLACE, self.store)
        for event in (limits(), *(start(number, job=name) for number, name in NAMES.items())):
            assert journal.append(event)
        for key in ("best.json", "source/run.json"):
            self.store.write("b", PLACE.study + key, b"{}")
        for number, name in NAMES.items():
            folder = PLACE.trial(number).folder
            self.account.add("training", name, number, status, folder=folder)
            self.store.write("b", f"{folder}{name}/output/model.tar.gz", b"m")
            self.store.write("b", f"{folder}state/x", b"s")

    @property
    def services(self) -> Services:
        return replace(self.account.services(), store=self.store, lives=lambda _: True, process="here:7:1")

    def find(self, **wanted: Any) -> Found:
        return removal.find(Wanted(place=PLACE, **wanted), self.services)

    def remove(self, **wanted: Any) -> Found:
        asked = Wanted(place=PLACE, **wanted)
        found = removal.find(asked, self.services)
        removal.remove(asked, found, self.services)
        return found


def test_a_study_goes_with_its_trials_and_their_states_and_nothing_else_does() -> None:
    world = World()
    found = world.remove()
    assert found.has_study
    assert set(found.jobs) == set(NAMES.values())
    assert (found.state_files, found.files) == (2, 10)
    assert sorted(world.account.deleted) == sorted(NAMES.values())
    assert set(world.store.objects) == {"p/task/notes.txt", "p/other/study/study.json", "p/task/study/mine.txt"}


def test_the_studys_own_file_goes_after_all_others() -> None:
    keys = [key.rpartition("/task/")[2] for key in World().find().keys]
    assert keys.index("study/study.json") > max(keys.index(key) for key in keys if key.startswith("trials/"))
    assert keys.index("study/best.json") < keys.index("study/study.json")
    assert keys[-1] == "study/study.json"


def test_a_trial_goes_alone_with_its_state_only_where_that_is_said() -> None:
    world = World()
    found = world.find(trial=1)
    assert (found.jobs, found.state_files, found.files, found.has_study) == ((NAMES[1],), 0, 1, False)
    found = world.remove(trial=1, state=True)
    assert (found.state_files, found.files) == (1, 2)
    assert world.account.deleted == [NAMES[1]]
    assert f"{PLACE.trial(2).folder}{NAMES[2]}/output/model.tar.gz" in world.store.objects
    assert f"{PLACE.trial(2).folder}state/x" in world.store.objects
    assert f"{PLACE.trial(1).folder}state/x" not in world.store.objects
    assert f"{PLACE.study}study.json" in world.store.objects


def test_a_trial_that_is_not_there_is_told() -> None:
    with pytest.raises(InputNotFound, match="3"):
        World().find(trial=3)


def test_those_made_before_a_time_go_without_states_or_the_study() -> None:
    world = World()
    found = world.find(before=NOON + timedelta(minutes=1, seconds=30))
    assert (found.jobs, found.state_files, found.has_study) == ((NAMES[1],), 0, False)
    assert world.find(before=NOON).jobs == ()
    with pytest.raises(UsageError, match="the state of a trial goes with its study, or with --trial"):
        world.find(before=NOON, state=True)


@pytest.mark.parametrize("wanted", [{}, {"trial": 2}])
def test_nothing_goes_while_a_trial_runs(wanted: dict[str, Any]) -> None:
    world = World("InProgress")
    with pytest.raises(UsageError) as refused:
        world.find(**wanted)
    assert "is running: nothing was deleted.\nStop it first: ssm stop -p p -t task" in str(refused.value)
    assert ("--trial 2 --wait" in str(refused.value)) == bool(wanted)


def test_nothing_goes_while_the_study_is_driven() -> None:
    world = World()
    other = DriverLock(PLACE, replace(world.services, process="here:8:1"))
    assert other.take()
    with pytest.raises(
        UsageError, match="process 8 of this machine drives the study of task 'task': nothing was deleted"
    ):
        world.find()
    other.release()
    assert world.find().has_study


def test_jobs_of_the_task_itself_do_not_hide_its_study() -> None:
    world = World()
    world.account.add("training", "task-of-its-own", 3, "Completed", folder=PLACE.folder)
    world.store.write("b", f"{PLACE.folder}task-of-its-own/output/model.tar.gz", b"m")
    found = world.find()
    assert found.has_study
    assert set(NAMES.values()) < set(found.jobs)


def test_a_study_whose_trials_are_all_gone_is_deleted() -> None:
    world = World()
    world.account.jobs.clear()
    for key in [key for key in world.store.objects if key.startswith(f"{PLACE.folder}trials/")]:
        del world.store.objects[key]
    found = world.remove()
    assert (found.jobs, found.has_study) == ((), True)
    assert f"{PLACE.study}study.json" not in world.store.objects


def test_a_study_that_another_process_takes_while_it_is_deleted_is_left_to_it() -> None:
    world = World()
    for number in range(1200):  # more than are deleted at once
        world.store.write("b", f"{PLACE.trial(1).folder}{NAMES[1]}/output/{number}", b"m")

    class Taken(Folder):
        """The store, in which another process takes the study when the first objects are deleted."""

        def delete(self, bucket: str, keys: Iterable[str]) -> None:
            driver = f"{PLACE.study}driver.json"
            if driver in self.objects:
                self.objects[driver] = self.objects[driver].replace(b"here:7:1", b"here:8:1")
            super().delete(bucket, keys)
            moments.append(moments[-1] + timedelta(seconds=25))  # by which the lock is renewed

    moments = [NOON]
    found = world.find()
    taken = Taken()
    taken.objects = world.store.objects
    services = replace(world.services, store=taken, now=lambda: moments[-1])
    with pytest.raises(UsageError, match="another command has taken the study meanwhile: not all was deleted"):
        removal.remove(Wanted(place=PLACE), found, services)
    assert f"{PLACE.study}study.json" in taken.objects
    assert world.account.deleted == []


def test_a_killed_removal_is_repeated_where_only_jobs_are_left() -> None:
    world = World()
    for key in [key for key in world.store.objects if key.startswith(PLACE.study)]:
        del world.store.objects[key]
    found = world.remove()
    assert (set(found.jobs), found.has_study) == (set(NAMES.values()), False)
    assert sorted(world.account.deleted) == sorted(NAMES.values())


@pytest.mark.parametrize(("status", "is_driven"), [("InProgress", True), ("Stopping", True), ("Completed", False)])
def test_nothing_goes_while_a_tuning_job_drives_it(status: str, is_driven: bool) -> None:
    world = World()
    begun = json.loads(world.store.read("b", f"{PLACE.study}study.json"))
    world.store.write("b", f"{PLACE.study}study.json", json.dumps({**begun, "tuning_job": "the-search"}).encode())

    class Tuning(Removing):
        """The account, with a tuning job."""

        def describe_hyper_parameter_tuning_job(self, *, HyperParameterTuningJobName: str) -> Any:  # noqa: N803
            return {"HyperParameterTuningJobName": "the-search", "HyperParameterTuningJobStatus": status}

    tuning = Tuning()
    tuning.jobs = world.account.jobs
    services = replace(world.services, sagemaker=cast("SageMaker", tuning))
    if is_driven:
        with pytest.raises(UsageError, match="the tuning job the-search drives the study"):
            removal.find(Wanted(place=PLACE), services)
    else:
        assert removal.find(Wanted(place=PLACE), services).has_study
