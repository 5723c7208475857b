"""The lock on a task by itself: whose it is, when it is void, and who may release it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.job import JobKind
from simple_sagemaker.errors import UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks import lock
from tests.counts import examples
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import NOON, PLACE, World, processing, refused, training

OURS, THEIRS = "task-2030-01-31-12-00-00-aaaaaaaa", "task-2030-01-31-11-59-00-bbbbbbbb"
LIVES, DEAD = "here:8:2", "here:9:3"  # processes as locks name them: where, number, beginning


@pytest.fixture
def world() -> World:
    return World(MemoryStore())


def held(world: World, *, at: datetime = NOON, process: str = "", kind: str = "training") -> bytes:
    """Let another command have the lock."""
    content = json.dumps({"job": THEIRS, "kind": kind, "at": at.isoformat(), "process": process}).encode()
    world.store.write("b", PLACE.claim, content)
    return content


def take(world: World, notes: list[str] | None = None) -> str | None:
    """Take the lock for our job; return the name of another's job to be joined, None if the lock is ours."""
    job = lock.take(PLACE, OURS, "training", world.services(), (notes if notes is not None else []).append)
    return job.name if job else None


def read(world: World) -> Mapping[str, Any]:
    values: Mapping[str, Any] = json.loads(world.store.read("b", PLACE.claim))
    return values


@pytest.mark.parametrize("kind", ["training", "processing"])
def test_a_free_task_is_locked_for_the_job_and_by_the_process(world: World, kind: JobKind) -> None:
    assert lock.take(PLACE, OURS, kind, world.services()) is None
    assert read(world) == {"job": OURS, "kind": kind, "at": NOON.isoformat(), "process": "here:7:1"}
    assert world.waits == 0


@pytest.mark.parametrize("kind", ["training", "processing"])
@pytest.mark.parametrize("process", ["", DEAD, LIVES])
def test_a_running_job_is_joined_whatever_became_of_its_command(world: World, kind: str, process: str) -> None:
    world.living = {DEAD: False, LIVES: True}
    content = held(world, at=NOON - timedelta(days=3), process=process, kind=kind)
    world.sage.jobs[THEIRS] = (training if kind == "training" else processing)(THEIRS, "InProgress")
    assert take(world) == THEIRS
    assert world.store.read("b", PLACE.claim) == content


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped"])
@pytest.mark.parametrize("kind", ["training", "processing"])
def test_the_lock_of_an_ended_job_is_taken_at_once(world: World, kind: str, status: str) -> None:
    world.living = {LIVES: True}
    held(world, process=LIVES, kind=kind)
    world.sage.jobs[THEIRS] = (training if kind == "training" else processing)(THEIRS, status)
    assert take(world) is None
    assert (read(world)["job"], world.waits) == (OURS, 0)


@pytest.mark.parametrize("age_s", [0, 1, 60, 119])
def test_a_lock_without_a_job_holds_for_two_minutes(world: World, age_s: int) -> None:
    held(world, at=NOON - timedelta(seconds=age_s), process="of another machine")
    assert take(world) is None
    assert world.now == NOON + timedelta(seconds=121 - age_s)


@pytest.mark.parametrize("away", [timedelta(seconds=121), -timedelta(seconds=121), timedelta(days=365)])
def test_an_old_lock_and_one_from_the_future_are_void(world: World, away: timedelta) -> None:
    held(world, at=NOON + away)
    assert take(world) is None
    assert (read(world)["job"], world.waits) == (OURS, 0)


def test_a_clock_that_is_somewhat_ahead_is_believed(world: World) -> None:
    held(world, at=NOON + timedelta(seconds=100))
    assert take(world) is None
    assert world.now == NOON + timedelta(seconds=221)


def test_the_lock_of_a_process_that_lives_holds_until_it_dies(world: World) -> None:
    world.living = {LIVES: True}
    held(world, at=NOON - timedelta(hours=1), process=LIVES)

    def passing() -> None:
        if world.waits == 500:
            world.living[LIVES] = False

    world.passing = passing
    assert take(world) is None
    assert (world.waits, read(world)["job"]) == (500, OURS)


def test_the_lock_of_a_process_that_is_dead_is_taken_at_once(world: World) -> None:
    world.living = {DEAD: False}
    held(world, process=DEAD)
    assert take(world) is None
    assert world.waits == 0


def test_a_command_that_waits_joins_the_job_when_it_is_started(world: World) -> None:
    held(world)

    def passing() -> None:
        if world.waits == 5:
            world.sage.jobs[THEIRS] = training(THEIRS, "InProgress")

    world.passing = passing
    assert take(world) == THEIRS
    assert world.waits == 5


def test_a_command_that_waits_takes_the_lock_when_it_is_released(world: World) -> None:
    held(world)
    world.passing = lambda: lock.release(PLACE, THEIRS, world.services()) if world.waits == 5 else None
    assert take(world) is None
    assert (world.waits, read(world)["job"]) == (5, OURS)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"job": "x"}', b'{"job": "x", "at": "2030-01-31"}'])
def test_a_damaged_lock_is_replaced_and_named(world: World, content: bytes) -> None:
    world.store.write("b", PLACE.claim, content)
    notes: list[str] = []
    assert take(world, notes) is None
    assert (read(world)["job"], world.waits) == (OURS, 0)
    assert notes == [f"The lock {PLACE.claim} is damaged, and is replaced"]


def test_a_void_lock_that_another_command_takes_first_is_theirs(world: World) -> None:
    class Slower(MemoryStore):
        """Another command is quicker, once."""

        def write_if(self, bucket: str, key: str, data: bytes, *, expected: bytes | None) -> bool:
            if b"bbbbbbbb" not in self.objects.get(key, b""):
                held(world)
                world.sage.jobs[THEIRS] = training(THEIRS, "InProgress")
            return super().write_if(bucket, key, data, expected=expected)

    world.store = Slower()
    world.store.write("b", PLACE.claim, b"damaged")
    assert take(world) == THEIRS
    world.store.delete("b", [PLACE.claim])
    assert take(world) == THEIRS


def test_only_our_own_lock_is_released(world: World) -> None:
    content = held(world)
    lock.release(PLACE, OURS, world.services())
    assert world.store.read("b", PLACE.claim) == content
    lock.release(PLACE, THEIRS, world.services())
    assert list(world.store.list("b", "")) == []
    lock.release(PLACE, THEIRS, world.services())
    world.store.write("b", PLACE.claim, b"damaged")
    lock.release(PLACE, OURS, world.services())
    assert world.store.read("b", PLACE.claim) == b"damaged"


def test_of_many_commands_at_once_one_starts_a_job_and_all_others_join_it(tmp_path: Path) -> None:
    for turn in range(examples(5, 200)):
        world = World(FolderStore(tmp_path / str(turn)))
        world.store.make_bucket("b")
        gate = threading.Barrier(8)

        def command(number: int, world: World = world, gate: threading.Barrier = gate) -> str:
            name = f"task-2030-01-31-12-00-00-{number:08}"
            gate.wait(60)
            other = lock.take(PLACE, name, "training", world.services())
            if other:
                return other.name
            world.sage.jobs[name] = training(name, "InProgress")
            return name

        with ThreadPoolExecutor(8) as workers:
            joined = list(workers.map(command, range(8)))
        assert joined == [next(iter(world.sage.jobs))] * 8
        assert len(world.sage.jobs) == 1


def test_a_wait_says_once_for_whom_and_how_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("simple_sagemaker.tasks.lock.time.monotonic", lambda: clock[0])

    def waiting(process: str, waited_s: float) -> list[str]:
        """What is said while the lock is held for five looks, after so many seconds."""
        notes: list[str] = []
        held(world, at=world.now - timedelta(seconds=20), process=process)
        clock[0], world.waits = 0.0, 0

        def passing() -> None:
            clock[0] = waited_s
            if world.waits == 5:
                world.store.delete("b", [PLACE.claim])

        world.passing = passing
        assert take(world, notes) is None
        return notes

    assert waiting("other:1:2", 2.0) == []
    assert waiting("other:1:2", 2.1) == [f"Waiting for another command, for 99 s at most, which is sending {THEIRS}"]
    world.living = {"here:71:9": True}
    said = f"Waiting for another command (process 71 of this machine), which is sending {THEIRS}"
    assert waiting("here:71:9", 2.1) == [said]


def test_the_folder_of_a_task_is_never_emptied(world: World) -> None:
    lock.refuse_folder_of_task("b", PLACE.folder, world.store, "cleared")
    world.store.write("b", PLACE.claim, b"somebody's file")
    lock.refuse_folder_of_task("b", PLACE.folder, world.store, "cleared")
    held(world)
    with pytest.raises(UsageError, match=r"s3://b/p/task/ is the folder of another task, .*: it cannot be cleared"):
        lock.refuse_folder_of_task("b", PLACE.folder, world.store, "cleared")


def test_the_job_of_a_lock_is_known_by_its_content(world: World) -> None:
    assert lock.job_of(held(world)) == THEIRS
    assert lock.job_of(b"{}") == ""


def test_the_lock_for_a_job_whose_files_are_damaged_is_void_in_time(world: World) -> None:
    def damaged(**_: Any) -> Any:
        raise refused(code, "no", "DescribeTrainingJob")

    code = "DamagedJob"
    world.sage.describe_training_job = damaged  # type: ignore[method-assign]
    held(world, at=NOON - timedelta(minutes=5))
    assert take(world) is None
    code = "AccessDeniedException"
    held(world, at=NOON - timedelta(minutes=5))
    with pytest.raises(ClientError):
        take(world)
