"""A built-in algorithm goes on from its checkpoints only in the same training, which was interrupted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simple_sagemaker.core.specs import Code, Image, Place, Rerun, TaskSpec
from simple_sagemaker.tasks.checkpoints import clear_others
from simple_sagemaker.tasks.code.files import CodeFiles
from simple_sagemaker.tasks.submission import Submission
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE, Notes, World, training

CHECKPOINTS = (PLACE.state + "xgboost-checkpoint.1", PLACE.state + "xgboost-checkpoint.2")
JOB = "task-2030-01-31-11-00-07-aaaaaaaa"
NOW = {"hyperparameters": "aa", "inputs": "bb"}
XGBOOST = Image(built_in="xgboost:3.2-0")
CLEARED = f"State: 2 files cleared under s3://b/{PLACE.state}: checkpoints of another training"


def clear(status: str | None, before: dict[str, str] | None = None, **changes: Any) -> tuple[list[str], list[str]]:
    """What is left of the checkpoints and what is said, after a job that ended so and had this fingerprint."""
    world = World(MemoryStore(*CHECKPOINTS))
    if status is not None:
        run = json.dumps({"fingerprint": NOW if before is None else before})
        world.store.write("b", PLACE.source(JOB) + "run.json", run.encode())
        world.sage.jobs[JOB] = {**training(JOB, status), "HyperParameters": {"num_round": "9"}}
    given = {"kind": "algorithm", "code": Code(), "image": XGBOOST, "hyperparameters": {"num_round": "9"}, **changes}
    spec, notes = TaskSpec(place=Place(project="p", task="task"), **given), Notes()
    submission = Submission(spec=spec, place=PLACE, services=world.services(), watcher=notes, bucket_exists=True)
    clear_others(submission, CodeFiles(), NOW)
    return sorted(one.key for one in world.store.list("b", PLACE.state)), notes.notes


@pytest.mark.parametrize(
    ("status", "before"),
    [
        pytest.param("Completed", None, id="of a training that has ended"),
        pytest.param("Failed", {**NOW, "inputs": "cc"}, id="of other data"),
        pytest.param(None, None, id="of nobody knows what"),
    ],
)
def test_checkpoints_of_another_training_are_cleared_and_it_is_said(
    status: str | None, before: dict[str, str] | None
) -> None:
    assert clear(status, before) == ([], [CLEARED])


def test_checkpoints_of_other_hyperparameters_are_cleared() -> None:
    before = {**NOW, "hyperparameters": "cc"}
    assert clear("Stopped", before, hyperparameters={"num_round": "10"}) == ([], [CLEARED])


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_the_same_training_goes_on_where_it_was_interrupted(status: str) -> None:
    assert clear(status) == ([*CHECKPOINTS], [])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"kind": "run", "code": Code(entry_point="w.py"), "image": Image()}, id="of a script"),
        pytest.param({"image": Image(uri="registry/mine:1")}, id="of a person's own image"),
        pytest.param({"keeps_state": False}, id="of an algorithm that writes none"),
        pytest.param({"rerun": Rerun(clean_state=True)}, id="that --clean_state clears"),
    ],
)
def test_a_state_that_is_nobodys_checkpoints_is_left_alone(changes: dict[str, Any]) -> None:
    assert clear("Completed", **changes) == ([*CHECKPOINTS], [])


def test_an_algorithms_image_by_its_address_counts_too() -> None:
    image = Image(uri="683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0")
    assert clear("Completed", image=image) == ([], [CLEARED])
