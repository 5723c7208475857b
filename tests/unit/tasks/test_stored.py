"""What ``ssm data`` finds of a task, and what it deletes: nothing of a job in progress, nothing of anyone else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.specs import DataSpec, Download, Place
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks import lock, stored
from tests.unit.tasks.service import NOON, PLACE, World, training

OLD, NEW = "task-2030-01-31-11-00-00-aaaaaaaa", "task-2030-01-31-11-30-00-bbbbbbbb"
SPEC = DataSpec(place=Place(project="p", task="task", bucket="b"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(FolderStore(tmp_path / "buckets"))
    made.store.make_bucket("b")
    return made


def job(world: World, name: str, status: str) -> None:
    world.store.write("b", PLACE.source(name) + "run.json", b"{}")
    world.sage.jobs[name] = training(name, status, created=NOON)


def keys(world: World) -> list[str]:
    return [one.key for one in world.store.list("b", "")]


def test_the_newest_completed_job_is_the_one(world: World) -> None:
    job(world, OLD, "Completed")
    job(world, NEW, "Failed")
    assert stored.job_of(SPEC, PLACE, world.services()).name == OLD
    newer = stored.newer_than(OLD, PLACE, world.services())
    assert newer
    assert newer.name == NEW
    assert stored.newer_than(NEW, PLACE, world.services()) is None


def test_a_task_without_a_completed_job_names_the_newest(world: World) -> None:
    with pytest.raises(InputNotFound, match="has no job yet"):
        stored.job_of(SPEC, PLACE, world.services())
    job(world, OLD, "Stopped")
    job(world, NEW, "Failed")
    with pytest.raises(InputNotFound, match=f"newest job failed; what that one left comes with --job {NEW}"):
        stored.job_of(SPEC, PLACE, world.services())
    job(world, NEW, "InProgress")
    with pytest.raises(InputNotFound, match=f"{NEW}, is in progress"):
        stored.job_of(SPEC, PLACE, world.services())


def fill(world: World) -> None:
    for key in (
        "p/task/state/a",
        "p/task/state/d/b",
        "p/task/state_old/c",
        "p/task/input/x",
        "p/task2/state/y",
        "p2/z",
    ):
        world.store.write("b", key, b"")


def test_clearing_the_state_leaves_everything_else(world: World) -> None:
    fill(world)
    job(world, OLD, "Completed")
    kept = [key for key in keys(world) if not key.startswith(PLACE.state)]
    assert stored.clear_state(PLACE, world.services()) == 2
    assert keys(world) == kept  # and no lock is left


@pytest.mark.parametrize("running", [OLD, NEW])
def test_no_state_of_a_running_job_is_cleared(world: World, running: str) -> None:
    fill(world)
    job(world, OLD, "Completed")
    job(world, NEW, "Failed")
    job(world, running, "InProgress")
    before = keys(world)
    with pytest.raises(UsageError, match=f"the job {running} of task 'task' is in progress"):
        stored.clear_state(PLACE, world.services())
    assert keys(world) == before


def test_no_state_is_cleared_of_a_task_that_is_locked_for_a_job(world: World) -> None:
    fill(world)
    assert lock.take(PLACE, NEW, "training", world.services("another")) is None
    world.sage.jobs[NEW] = training(NEW, "InProgress")
    before = keys(world)
    with pytest.raises(UsageError, match=f"the job {NEW} of task 'task' is in progress"):
        stored.clear_state(PLACE, world.services())
    assert keys(world) == before


def test_while_a_state_is_cleared_the_task_is_locked(world: World) -> None:
    class Watched(FolderStore):
        seen: list[bool]

        def delete(self, bucket: str, keys: object) -> None:
            if not isinstance(keys, list):  # those of the state; the lock's own is one of a list
                self.seen.append(self.read("b", PLACE.claim) != b"")
            super().delete(bucket, keys)  # type: ignore[arg-type]

    store = world.store = Watched(Path(world.store.place))
    store.seen = []
    fill(world)
    assert stored.clear_state(PLACE, world.services()) == 2
    assert store.seen == [True]


def test_a_failure_while_clearing_releases_the_lock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError("s3:DeleteObject")

    fill(world)
    with monkeypatch.context() as patch:
        patch.setattr("simple_sagemaker.tasks.state.clear_state", fail)
        with pytest.raises(PermissionError):
            stored.clear_state(PLACE, world.services())
    assert PLACE.claim not in keys(world)


def test_a_project_is_deleted_and_no_other(world: World) -> None:
    fill(world)
    job(world, OLD, "Completed")
    count = len([key for key in keys(world) if key.startswith("p/")])
    assert stored.clear_project(SPEC, world.services()) == count
    assert keys(world) == ["p2/z"]
    with pytest.raises(InputNotFound, match="Nothing of project 'p'"):
        stored.clear_project(SPEC, world.services())


def test_a_project_of_which_any_task_runs_is_left_alone(world: World) -> None:
    fill(world)
    other = "task2-2030-01-31-11-00-00-cccccccc"
    world.store.write("b", f"p/task2/{other}/source/run.json", b"{}")
    world.sage.jobs[other] = training(other, "InProgress")
    before = keys(world)
    with pytest.raises(UsageError, match=r"cannot be deleted: the job task2-.* is in progress"):
        stored.clear_project(SPEC, world.services())
    assert keys(world) == before


def test_a_named_job_is_one_of_the_tasks_and_has_ended(world: World) -> None:
    def named(name: str) -> str:
        spec = DataSpec(place=SPEC.place, job=name)
        return stored.job_of(spec, PLACE, world.services()).name

    job(world, OLD, "Failed")
    assert named(OLD) == OLD
    with pytest.raises(InputNotFound, match=f"there is no such job of task 'task'.*\n.*{OLD}"):
        named(NEW)
    job(world, NEW, "InProgress")
    with pytest.raises(InputNotFound, match="is in progress"):
        named(NEW)
    foreign = {**training(NEW, "Completed", created=NOON + timedelta(seconds=1))}
    foreign["ModelArtifacts"] = {"S3ModelArtifacts": f"s3://b/p/task2/{NEW}/output/model.tar.gz"}
    world.sage.jobs[NEW] = foreign
    with pytest.raises(InputNotFound, match=r"is not a job of task 'task'.*it wrote to s3://b/p/task2/"):
        named(NEW)


@pytest.mark.parametrize(
    ("parts", "is_allowed"),
    [
        ({}, False),
        ({"path": Path("out")}, True),
        ({"path": Path("out"), "state": True}, True),
        ({"path": Path("out"), "model": True}, False),
        ({"path": Path("out"), "output": True}, False),
        ({"path": Path("out"), "source": True}, False),
        ({"state": True}, False),
    ],
)
def test_of_a_job_that_runs_only_logs_and_state_are_brought(world: World, parts: Any, is_allowed: bool) -> None:
    job(world, NEW, "InProgress")
    spec = DataSpec(place=SPEC.place, job=NEW, download=Download(**parts))
    if is_allowed:
        assert stored.job_of(spec, PLACE, world.services()).name == NEW
        return
    with pytest.raises(InputNotFound) as caught:
        stored.job_of(spec, PLACE, world.services())
    hint = "\nIts logs, and the state so far, can be downloaded now." if "path" in parts else ""
    assert str(caught.value) == (
        f"--job {NEW} is in progress.\nWait for its end: ssm attach --job bbbbbbbb\nOr stop it: "
        f"ssm stop --job bbbbbbbb{hint}"
    )


def test_a_job_may_be_named_by_its_last_letters(world: World) -> None:
    job(world, OLD, "Completed")
    job(world, NEW, "Failed")
    spec = DataSpec(place=SPEC.place, job="aaaaaaaa")
    assert stored.job_of(spec, PLACE, world.services()).name == OLD


def test_five_jobs_that_there_are_are_named_where_one_is_not_found(world: World) -> None:
    spec = DataSpec(place=SPEC.place, job="zzzzzzzz")
    with pytest.raises(InputNotFound, match=r"--job zzzzzzzz: there is no such job .*\nThe task has no job\."):
        stored.job_of(spec, PLACE, world.services())
    names = [f"task-2030-01-31-11-0{number}-00-aaaaaaa{number}" for number in range(6)]
    for name in names:
        job(world, name, "Completed")
    with pytest.raises(InputNotFound) as caught:
        stored.job_of(spec, PLACE, world.services())
    assert str(caught.value).endswith(f"The newest jobs of the task are {', '.join(names[:0:-1])}.")


def test_the_task_is_where_the_spec_says(world: World) -> None:
    world.store.write("b", "x/p/task/state/a", b"")
    spec = DataSpec(place=Place(project="p", task="task", bucket="b", prefix="x/"))
    assert stored.place_of(spec, world.services()).folder == "x/p/task/"
    with pytest.raises(InputNotFound, match="Task 'task' of project 'p': nothing was found under s3://b/p/task/"):
        stored.place_of(SPEC, world.services())


def test_a_bucket_that_is_not_there_is_named_with_one_like_it(world: World) -> None:
    world.store.make_bucket("my-bucket")
    near = DataSpec(place=Place(project="p", task="task", bucket="my-buckt"))
    with pytest.raises(InputNotFound, match=r"s3://my-buckt/: there is no such bucket. Did you mean my-bucket\?"):
        stored.place_of(near, world.services())
    default = DataSpec(place=Place(project="p", task="task"))
    with pytest.raises(InputNotFound, match="s3://sagemaker-eu-west-1-123456789012/: there is no such bucket"):
        stored.place_of(default, world.services())
    world.store.make_bucket("sagemaker-eu-west-1-123456789012")
    world.store.write("sagemaker-eu-west-1-123456789012", "p/task/state/a", b"")
    assert stored.place_of(default, world.services()).bucket == "sagemaker-eu-west-1-123456789012"


def test_the_owner_of_the_bucket_is_passed_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    services = world.services()
    world.store.write("b", "p/task/state/a", b"")

    def has_bucket(_: str, *, owner: str | None) -> bool:
        asked.append(owner)
        return True

    monkeypatch.setattr(services.access, "has_bucket", has_bucket)
    stored.place_of(DataSpec(place=Place(project="p", task="task", bucket="b", bucket_owner="123")), services)
    stored.clear_project(DataSpec(place=Place(project="p", task="task", bucket="b", bucket_owner="456")), services)
    assert asked == ["123", "456"]


@pytest.mark.parametrize(
    ("model", "more", "number"),
    [
        ("p/task/trials/003/JOB/output/", {}, 3),
        ("p/task/JOB/output/", {}, None),
        ("p/other/trials/003/JOB/output/", {}, None),
        ("p/task/trials/JOB/output/", {"TrainingJobName": "tuned-004-0a1b2c3d", "TuningJobArn": "arn"}, 4),
    ],
)
def test_the_trial_of_a_job_is_told_by_where_it_wrote(model: str, more: dict[str, str], number: int | None) -> None:
    artifacts = {"S3ModelArtifacts": f"s3://b/{model}model.tar.gz"}
    found = of_training({**training(NEW, "Completed"), "ModelArtifacts": artifacts, **more})
    assert stored.trial_of(found, PLACE) == number


def test_the_newest_job_of_a_trial_is_the_one(world: World) -> None:
    trial, names = PLACE.trial(3), [f"task-003-2030-01-31-11-0{number}-00-aaaaaaa{number}" for number in range(2)]
    for name in names:
        world.store.write("b", trial.source(name) + "run.json", b"{}")
        world.sage.jobs[name] = training(name, "Failed", created=NOON)
    spec = DataSpec(place=SPEC.place, trial=3)
    assert stored.job_of(spec, PLACE, world.services()).name == names[1]
    world.sage.jobs[names[1]] = training(names[1], "InProgress", created=NOON)
    with pytest.raises(InputNotFound, match=r"--trial 3 is in progress\."):
        stored.job_of(spec, PLACE, world.services())


def test_the_best_trial_is_the_newest_completed_job_of_a_study(world: World) -> None:
    trial = "task-003-2030-01-31-11-00-00-aaaaaaaa"
    world.store.write("b", PLACE.best_trial, f'{{"job": "{trial}"}}'.encode())
    artifacts = {"S3ModelArtifacts": f"s3://b/p/task/trials/003/{trial}/output/model.tar.gz"}
    world.sage.jobs[trial] = {**training(trial, "Completed"), "ModelArtifacts": artifacts}
    assert stored.job_of(SPEC, PLACE, world.services()).name == trial
