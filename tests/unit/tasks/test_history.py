"""Which of a task's jobs is the newest, by names that carry seconds and descriptions that are more exact."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks import history
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import NOON, PLACE, World, processing, refused, training


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


def test_an_ended_job_a_clocks_difference_ahead_is_the_newest() -> None:
    future = f"task-{(NOON + timedelta(hours=1)).strftime('%Y-%m-%d-%H-%M-%S')}-ffffffff"
    made = world((name(7, "a"), 0), (future, 1))
    assert [job.name for job in history.newest_jobs(PLACE, made.services())] == [future, name(7, "a")]


def test_the_last_jobs_of_one_second_are_in_the_order_of_their_creation_too() -> None:
    made = world((name(8, "z"), 9), (name(7, "a"), 0.1), (name(7, "c"), 0.3), (name(7, "b"), 0.2))
    assert [job.name[-1] for job in history.newest_jobs(PLACE, made.services())] == ["z", "c", "b", "a"]


def test_a_study_has_trials_and_no_jobs_of_its_own() -> None:
    made = world((name(7, "a"), 0))
    made.store.write("b", PLACE.study + "study.json", b"{}")
    assert history.newest(PLACE, made.services())
    for look in (history.newest, lambda *given, **how: list(history.newest_jobs(*given, **how))):
        with pytest.raises(UsageError, match=r"--task_name task has a study .ssm tune.*: choose another name"):
            look(PLACE, made.services(), refuse_study=True)
    del made.store.objects[PLACE.study + "study.json"]  # type: ignore[attr-defined]
    assert history.newest(PLACE, made.services(), refuse_study=True)


def test_a_damaged_job_is_passed_over_with_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world((name(7, "a"), 0), (name(8, "b"), 1))
    describe = made.sage.describe_training_job

    def damaged(**request: Any) -> Any:
        if request["TrainingJobName"] == name(8, "b"):
            raise refused(code, "its request.json is \x1b[2J damaged", "DescribeTrainingJob")
        return describe(**request)

    monkeypatch.setattr(made.sage, "describe_training_job", damaged)
    code = "DamagedJob"
    assert [job.name for job in history.newest_jobs(PLACE, made.services())] == [name(7, "a")]
    assert [record.message for record in caplog.records] == ["its request.json is  damaged"]
    code = "ThrottlingException"
    with pytest.raises(ClientError):
        history.newest(PLACE, made.services())


TRIAL = "task-003-2030-01-31-11-00-00-aaaaaaaa"


def study(best: object, folder: str = "p/task/trials/003") -> World:
    """A task with a study alone, whose best trial is written so, and whose trial wrote to a folder."""
    made = World(MemoryStore())
    made.store.write("b", PLACE.best_trial, best if isinstance(best, bytes) else json.dumps(best).encode())
    model = {"S3ModelArtifacts": f"s3://b/{folder}/{TRIAL}/output/model.tar.gz"}
    made.sage.jobs[TRIAL] = {**training(TRIAL, "Completed"), "ModelArtifacts": model}
    return made


def test_of_a_study_the_best_trial_so_far_is_the_newest_completed_job() -> None:
    made = study({"job": TRIAL})
    found = history.newest_completed(PLACE, made.services())
    assert found
    assert found.name == TRIAL
    del made.sage.jobs[TRIAL]
    assert history.newest_completed(PLACE, made.services()) is None
    assert history.best_of_study(PLACE, World(MemoryStore()).services()) is None


@pytest.mark.parametrize("best", [b"", b"[", b"[]", b"{}", {"job": "no name"}, {"job": 3}, b"[" * 100_000])
def test_a_best_trial_that_is_damaged_is_named(best: object) -> None:
    with pytest.raises(UsageError, match=r"s3://b/p/task/study/best.json is damaged .*the same 'ssm tune' writes it"):
        history.best_of_study(PLACE, study(best).services())


def test_a_best_trial_that_is_another_tasks_job_is_refused() -> None:
    with pytest.raises(UsageError, match=f"best.json names {TRIAL}, which is no trial of it"):
        history.best_of_study(PLACE, study({"job": TRIAL}, "p/other/trials/003").services())


@pytest.mark.parametrize(
    ("content", "run", "notes"),
    [
        (b'{"a": 1, "fingerprint": {}}', {"a": 1, "fingerprint": {}}, 0),
        (b'{"a": 1}', {"a": 1}, 0),
        (None, {}, 0),
        (b"", {}, 1),
        (b"[]", {}, 1),
        (b'{"fingerprint": 3}', {}, 1),
        (b"[" * 100_000, {}, 1),
    ],
)
def test_what_a_job_was_made_from_is_read_and_damage_is_said(
    content: bytes | None, run: dict[str, Any], notes: int
) -> None:
    store, said = MemoryStore(), list[str]()
    if content is not None:
        store.write("b", PLACE.source("j") + "run.json", content)
    assert history.run_file(PLACE, "j", store, said.append) == run
    assert said == ["s3://b/p/task/j/source/run.json is damaged, so what the job was made from is unknown"] * notes
