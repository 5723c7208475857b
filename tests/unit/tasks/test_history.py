"""Which of a task's jobs is the newest, by names that carry seconds and descriptions that are more exact."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simple_sagemaker.tasks import history
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import NOON, PLACE, World, processing, training


def name(second: int, token: str) -> str:
    return f"task-2030-01-31-11-00-{second:02}-{token * 8}"


def world(*jobs: tuple[str, float]) -> World:
    """Jobs by their names, and how many seconds after another they were created."""
    made = World(MemoryStore(*(PLACE.source(one) + "run.json" for one, _ in jobs)))
    for one, created in jobs:
        made.sage.jobs[one] = training(one, "Completed", created=NOON + timedelta(seconds=created))
    return made


@pytest.mark.parametrize("tokens", ["abc", "cba", "bca"])
def test_jobs_of_one_second_are_in_the_order_of_their_creation(tokens: str) -> None:
    made = world(*((name(7, token), number / 10) for number, token in enumerate(tokens)), (name(6, "z"), 0.9))
    newest = [job.name for job in history.newest_jobs(PLACE, made.services())]
    assert newest == [*(name(7, token) for token in reversed(tokens)), name(6, "z")]


def test_a_later_second_is_newer_whatever_its_creation_says() -> None:
    made = world((name(8, "a"), 0.0), (name(7, "b"), 5.0), (name(9, "c"), 1.0))
    assert [job.name[-1] for job in history.newest_jobs(PLACE, made.services())] == ["c", "a", "b"]


def test_the_newest_completed_job_is_found_behind_newer_ones() -> None:
    made = world((name(7, "a"), 0), (name(8, "b"), 1), (name(9, "c"), 2))
    made.sage.jobs[name(9, "c")] = training(name(9, "c"), "Failed")
    made.sage.jobs[name(8, "b")] = training(name(8, "b"), "InProgress")
    found = history.newest_completed(PLACE, made.services())
    assert found
    assert found.name == name(7, "a")


def test_a_folder_without_a_job_is_passed_over() -> None:
    made = world((name(7, "a"), 0), (name(8, "b"), 1))
    del made.sage.jobs[name(8, "b")]
    newest = history.newest(PLACE, made.services())
    assert newest
    assert newest.name == name(7, "a")


def test_twenty_of_the_newest_jobs_are_looked_at() -> None:
    names = [name(second, "a") for second in range(25)]
    made = world(*((one, 0.0) for one in names))
    assert [job.name for job in history.newest_jobs(PLACE, made.services())] == names[:4:-1]


def test_a_processing_job_is_found_by_what_its_run_file_says() -> None:
    made = World(MemoryStore())
    made.sage.jobs[name(7, "a")] = processing(name(7, "a"), "Completed")
    assert history.find(name(7, "a"), PLACE, made.services()) is None
    made.store.write("b", PLACE.source(name(7, "a")) + "run.json", b'{"kind": "process"}')
    found = history.find(name(7, "a"), PLACE, made.services())
    assert found
    assert found.kind == "processing"


@pytest.mark.parametrize("ahead_s", [3599, 3601])
def test_an_ended_job_of_the_future_counts_as_the_oldest(ahead_s: int) -> None:
    when = (NOON + timedelta(seconds=ahead_s)).strftime("%Y-%m-%d-%H-%M-%S")
    future = f"task-{when}-ffffffff"
    made = world((name(7, "a"), 0), (future, 1))
    order = [job.name for job in history.newest_jobs(PLACE, made.services())]
    assert order == ([future, name(7, "a")] if ahead_s < 3600 else [name(7, "a"), future])
    made.sage.jobs[future] = training(future, "InProgress")
    newest = history.newest(PLACE, made.services())
    assert newest
    assert newest.name == future
