"""Records in a bucket that something else has filled with gigabytes: said by name, and the memory stays free."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.errors import SsmError, UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.studies.begun import read_study, study_file
from simple_sagemaker.studies.driver_lock import DriverLock
from simple_sagemaker.studies.journal import Journal
from simple_sagemaker.tasks import history, lock
from tests.unit.studies.test_study import limits
from tests.unit.tasks.service import NOON, World

PLACE = TaskPlace(bucket="b", project="p", task="task")
JOB = "task-2030-01-31-12-00-00-aaaaaaaa"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path)
    made.make_bucket("b")
    return made


@pytest.fixture
def world(store: FolderStore) -> World:
    return World(store, now=NOON)


def hole(store: FolderStore, key: str) -> None:
    path = store.root / "b" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as out:
        out.truncate(1 << 36)


def test_a_run_file_of_gigabytes_is_damaged(store: FolderStore) -> None:
    hole(store, f"{PLACE.source(JOB)}run.json")
    said: list[str] = []
    assert history.run_file(PLACE, JOB, store, said.append) == {}
    assert "run.json is damaged" in said[0]


def test_a_best_trial_of_gigabytes_is_damaged(store: FolderStore, world: World) -> None:
    hole(store, PLACE.best_trial)
    with pytest.raises(UsageError, match=r"best\.json is damaged"):
        history.best_of_study(PLACE, world.services())


def test_a_lock_of_gigabytes_is_named(store: FolderStore, world: World) -> None:
    hole(store, PLACE.claim)
    for wanted in (lambda: lock.take(PLACE, JOB, "training", world.services()), None):
        with pytest.raises(SsmError, match=r"claim\.json has more than 16777216 bytes.*delete it"):
            wanted() if wanted else lock.release(PLACE, JOB, world.services())


def test_a_folder_with_a_large_file_of_a_locks_name_is_no_task(store: FolderStore) -> None:
    hole(store, "data/claim.json")
    lock.refuse_folder_of_task("b", "data/", store, "mirrored")


def test_a_study_with_records_of_gigabytes_is_said_to_be_damaged(store: FolderStore, world: World) -> None:
    journal = Journal(PLACE, store)
    assert journal.append(limits())
    hole(store, f"{PLACE.study}events/000002.json")
    for read in (Journal(PLACE, store).load, journal.read_new):
        with pytest.raises(SsmError, match=r"000002\.json"):
            read()
    assert Journal(PLACE, store).load_readable() == [limits()]
    hole(store, study_file(PLACE))
    with pytest.raises(SsmError, match=r"study\.json has more than"):
        read_study(PLACE, world.services())
    hole(store, f"{PLACE.study}driver.json")
    with pytest.raises(SsmError, match=r"driver\.json has more than"):
        DriverLock(PLACE, world.services()).take()
