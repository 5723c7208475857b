"""Which objects below a study are a trial's, and which show that a place is another task's: what ``ssm rm`` deletes."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.names import job_name
from simple_sagemaker.errors import UsageError
from simple_sagemaker.studies.trial_objects import TrialObjects
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import NOON, World

PLACE = TaskPlace(bucket="b", project="p", task="t")
ONE = job_name("t-001", started=NOON, token="x" * 8)
AGAIN = job_name("t-001", started=NOON, token="y" * 8)
TWO = job_name("t-002", started=NOON, token="x" * 8)
OTHER = job_name("u", started=NOON, token="x" * 8)
TRIALS = {ONE: 1, AGAIN: 1, TWO: 2}


def found(*keys: str) -> TrialObjects:
    store = MemoryStore(*(f"p/t/trials/{key}" for key in keys))
    return TrialObjects(PLACE, TRIALS, World(store).services())


def test_a_trials_objects_are_those_of_its_jobs_and_its_state() -> None:
    objects = found(
        f"001/{ONE}/output/model.tar.gz", f"001/{ONE}/source/run.json", f"001/{AGAIN}/source/run.json",
        "001/state/algo-1/x", "001/state/y", f"002/{TWO}/output/output.tar.gz", "002/state/z",
    )  # fmt: skip
    sizes = {name: sorted(key.rpartition("/trials/")[2] for key in keys) for name, keys in objects.jobs.items()}
    assert sizes == {
        ONE: [f"001/{ONE}/output/model.tar.gz", f"001/{ONE}/source/run.json"],
        AGAIN: [f"001/{AGAIN}/source/run.json"],
        TWO: [f"002/{TWO}/output/output.tar.gz"],
    }
    assert sorted(objects.states_of(1)) == ["p/t/trials/001/state/algo-1/x", "p/t/trials/001/state/y"]
    assert list(objects.states_of(2)) == ["p/t/trials/002/state/z"]
    assert objects.states_of(3) == {}
    assert len(objects.states_of(None)) == 3
    assert objects.states_of(2) == {"p/t/trials/002/state/z": len("p/t/trials/002/state/z")}


def test_what_is_no_trials_is_left_alone() -> None:
    objects = found(
        f"003/{OTHER}/output/model.tar.gz", "003/state/x", "notes.txt", "001/mine.txt", f"001/{TWO}-x/output/y",
        f"001/{ONE}/mine/z", f"001/{ONE}", "1/state/x",
    )  # fmt: skip
    assert (objects.jobs, objects.states) == ({}, {})


def test_trials_of_a_tuning_job_lie_beside_one_another() -> None:
    objects = found(f"{ONE}/output/model.tar.gz", f"state/{ONE}/x", f"{OTHER}/output/model.tar.gz", f"state/{OTHER}/x")
    assert list(objects.jobs) == [ONE]
    assert list(objects.states_of(1)) == [f"p/t/trials/state/{ONE}/x"]
    assert list(objects.states) == [1]


@pytest.mark.parametrize(
    "key",
    [
        "001/claim.json",
        "001/input/data/x",
        "001/inputs/x",
        f"001/{OTHER}/output/model.tar.gz",
        f"001/{TWO}/output/model.tar.gz",  # another trial's, which is nobody's here
        "001/state/claim.json",
        f"001/state/{OTHER}/source/run.json",
    ],
)
def test_another_tasks_place_is_never_deleted(key: str) -> None:
    with pytest.raises(
        UsageError, match=r"is another task's, which lies in the folder of a trial: nothing was deleted"
    ):
        found(f"001/{ONE}/output/model.tar.gz", key)
