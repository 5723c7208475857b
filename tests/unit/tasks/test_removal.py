"""What ``ssm rm`` would delete and deletes: so many files and bytes, under a lock, and nothing that runs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.aws_api import SageMaker
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Services
from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks import removal
from simple_sagemaker.tasks.removal import Found, Wanted
from tests.unit.jobs.account import NOON, Account
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE, refused


def name(minute: int) -> str:
    return f"task-2030-01-31-12-{minute:02}-00-aaaaaa{minute:02}"


class Removing(Account):
    """An account whose jobs can be deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[str] = []
        self.trouble: Exception | None = None

    def delete_training_job(self, *, TrainingJobName: str) -> None:  # noqa: N803 - the service's name
        self._delete("training", TrainingJobName)

    def delete_processing_job(self, *, ProcessingJobName: str) -> None:  # noqa: N803 - the service's name
        self._delete("processing", ProcessingJobName)

    def _delete(self, kind: str, job: str) -> None:
        if self.trouble:
            raise self.trouble
        self.deleted.append(job)
        del self.jobs[f"arn:{kind}/{job}"]


class Bucket:
    """A task with three jobs that ended, of which the service knows two, a state, and two folders of inputs."""

    def __init__(self) -> None:
        self.account = Removing()
        self.account.add("training", name(1), 1)
        self.account.add("processing", name(2), 2)
        self.store = MemoryStore(
            *(f"{PLACE.folder}{name(minute)}/{part}x" for minute in (1, 2, 3) for part in removal.OF_JOB),
            *(f"{PLACE.source(name(minute))}run.json" for minute in (1, 2, 3)),
            *(PLACE.state + key for key in ("a", "deep/b")),
            *(PLACE.input + key for key in ("c", "d", "e")),
            *(PLACE.named_input("x") + key for key in ("f",)),
            *(PLACE.folder + key for key in ("notes.txt", f"{name(1)}/mine.txt", "state2/x")),
        )
        self.store.write("b", PLACE.source(name(2)) + "run.json", b'{"kind": "process"}')

    @property
    def services(self) -> Services:
        return replace(self.account.services(), store=self.store)

    def find(self, **wanted: Any) -> Found:
        return removal.find(Wanted(place=PLACE, **wanted), self.services)

    def remove(self, **wanted: Any) -> set[str]:
        """Delete it and return the keys that went."""
        before = {*self.store.objects}
        asked = Wanted(place=PLACE, **wanted)
        removal.remove(asked, removal.find(asked, self.services), self.services)
        assert PLACE.claim not in self.store.objects, "the lock was not released"
        return before - {*self.store.objects}

    def of_jobs(self, *minutes: int) -> set[str]:
        parts = [f"{PLACE.folder}{name(minute)}/{part}" for minute in minutes for part in removal.OF_JOB]
        return {key for key in self.store.objects if any(key.startswith(part) for part in parts)}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def test_all_jobs_go_also_those_that_only_left_objects(bucket: Bucket) -> None:
    found, mine = bucket.find(), bucket.of_jobs(1, 2, 3)
    assert found.jobs == (name(1), name(2), name(3))
    assert sorted(job.name for job in found.known) == [name(1), name(2)]
    assert (found.files, found.state_files, found.input_files) == (len(mine), 0, 0)
    assert found.size == sum(len(bucket.store.objects[key]) for key in mine)
    assert not found.has_study
    assert bucket.remove() == mine
    assert sorted(bucket.account.deleted) == [name(1), name(2)]


@pytest.mark.parametrize(
    ("state", "inputs", "files", "left"),
    [
        (True, False, (2, 0), {"input/", "inputs/"}),
        (False, True, (0, 4), {"state/"}),
        (True, True, (2, 4), set()),
    ],
)
def test_state_and_inputs_go_where_they_are_asked_for(
    bucket: Bucket, state: bool, inputs: bool, files: tuple[int, int], left: set[str]
) -> None:
    mine = bucket.of_jobs(1, 2, 3)
    found = bucket.find(state=state, inputs=inputs)
    assert (found.state_files, found.input_files, found.files) == (*files, len(mine) + sum(files))
    gone = bucket.remove(state=state, inputs=inputs)
    assert len(gone) == len(mine) + sum(files)
    assert found.size == sum(len(key) for key in gone - {PLACE.source(name(2)) + "run.json"}) + 19
    kept = {key.removeprefix(PLACE.folder) for key in bucket.store.objects}
    assert {folder for folder in ("state/", "input/", "inputs/") if any(one.startswith(folder) for one in kept)} == left
    assert {"notes.txt", f"{name(1)}/mine.txt", "state2/x"} <= kept


@pytest.mark.parametrize("minute", [1, 2, 3])
def test_one_job_goes_alone(bucket: Bucket, minute: int) -> None:
    mine = bucket.of_jobs(minute)
    assert bucket.find(job=name(minute)).jobs == (name(minute),)
    assert bucket.remove(job=name(minute)) == mine
    assert bucket.account.deleted == ([name(minute)] if minute < 3 else [])


def test_a_job_that_nobody_knows_is_not_found(bucket: Bucket) -> None:
    found = bucket.find(job=name(9))
    assert (found.jobs, found.files, found.prefixes) == ((), 0, ())


@pytest.mark.parametrize(("before", "gone"), [(1, []), (2, [1]), (3, [1, 2]), (4, [1, 2, 3])])
def test_only_jobs_made_before_a_time_go(bucket: Bucket, before: int, gone: list[int]) -> None:
    moment: datetime = NOON + timedelta(minutes=before)
    assert bucket.find(before=moment).jobs == tuple(name(minute) for minute in gone)


def test_a_job_that_the_search_does_not_list_is_found_by_its_folder(bucket: Bucket) -> None:
    bucket.account.add("training", name(3), 3, project="")  # without tags
    kind, answer, tags = bucket.account.jobs[f"arn:training/{name(3)}"]
    answer["ModelArtifacts"] = {"S3ModelArtifacts": f"s3://b/p/task/{name(3)}/output/model.tar.gz"}
    assert {job.name for job in bucket.find().known} == {name(1), name(2), name(3)}
    answer["ModelArtifacts"] = {"S3ModelArtifacts": f"s3://b/other/task/{name(3)}/output/model.tar.gz"}
    assert name(3) not in bucket.find().jobs, "it is another task's"
    assert (kind, tags) == ("training", {})


@pytest.mark.parametrize(
    ("wanted", "is_refused"),
    [
        ({}, True),
        ({"job": name(1)}, True),
        ({"job": name(2)}, False),
        ({"before": NOON + timedelta(hours=1)}, False),
        ({"before": NOON + timedelta(hours=1), "state": True}, True),
        ({"before": NOON + timedelta(hours=1), "inputs": True}, True),
    ],
)
def test_nothing_that_runs_is_deleted(bucket: Bucket, wanted: dict[str, Any], is_refused: bool) -> None:
    bucket.account.add("training", name(1), 1, "InProgress")
    if not is_refused:
        assert name(1) not in bucket.find(**wanted).jobs
        return
    with pytest.raises(
        UsageError, match=f"the job {name(1)} is running: nothing was deleted.*\n.*ssm stop --job aaaaaa01"
    ):
        bucket.find(**wanted)


@pytest.mark.parametrize(
    ("key", "wanted", "where"),
    [
        (f"{PLACE.state}t-2030-01-31-12-00-00-bbbbbbbb/source/run.json", {"state": True}, "in a folder of this one"),
        (f"{PLACE.input}u/t-2030-01-31-12-00-00-bbbbbbbb/source/run.json", {"inputs": True}, "in a folder of this one"),
        (f"{PLACE.source(name(1))}state/x", {}, "in a job's folder"),
        (f"{PLACE.source(name(1))}claim.json", {}, "in a job's folder"),
        (f"{PLACE.source(name(1))}task/claim.json", {}, "in a job's folder"),
        (f"{PLACE.source(name(1))}t-2030-01-31-12-00-00-bbbbbbbb/x", {}, "in a job's folder"),
        (f"{PLACE.folder}{name(1)}/model/t-2030-01-31-12-00-00-bbbbbbbb/x", {}, "in a job's folder"),
        (
            f"{PLACE.folder}{name(1)}/output/deep/t/t-2030-01-31-12-00-00-bbbbbbbb/source/run.json",
            {},
            "in a job's folder",
        ),
    ],
)
def test_what_is_another_tasks_is_named_and_nothing_is_deleted(
    bucket: Bucket, key: str, wanted: dict[str, Any], where: str
) -> None:
    bucket.store.write("b", key, b"x")
    with pytest.raises(UsageError) as caught:
        bucket.find(**wanted)
    assert str(caught.value) == f"ssm rm: s3://b/{key} is another task's, which lies {where}: nothing was deleted."


@pytest.mark.parametrize(
    "key",
    [
        f"{PLACE.state}source/run.json",
        f"{PLACE.state}x/source/run.json",
        f"{PLACE.state}t-2030-01-31-12-00-00-bbbbbbbb/source/other.json",
        f"{PLACE.state}t-2030-01-31-12-00-00-bbbbbbbb/code/run.json",
        f"{PLACE.folder}{name(1)}/model/state/x",
        f"{PLACE.folder}{name(1)}/output/deep/claim.json/x",
        f"{PLACE.folder}{name(1)}/output/run.json",
    ],
)
def test_what_is_like_another_tasks_and_is_not_goes_too(bucket: Bucket, key: str) -> None:
    bucket.store.write("b", key, b"x")
    assert key in bucket.remove(state=True)


def test_a_state_that_is_another_tasks_folder_stays(bucket: Bucket) -> None:
    lock = {"job": "t-2030-01-31-12-00-00-bbbbbbbb", "at": NOON.isoformat()}
    bucket.store.write("b", f"{PLACE.state}claim.json", json.dumps(lock).encode())
    with pytest.raises(UsageError, match=r"s3://b/p/task/state/ is the folder of another task.*cannot be deleted"):
        bucket.find(state=True)
    assert bucket.find().state_files == 0
    bucket.store.write("b", f"{PLACE.state}claim.json", b"somebody's own")
    assert bucket.find(state=True).state_files == 3


@pytest.mark.parametrize(("wanted", "is_refused"), [({"state": True}, True), ({"inputs": True}, True), ({}, False)])
def test_a_job_that_begins_meanwhile_keeps_its_state_and_inputs(
    bucket: Bucket, wanted: dict[str, Any], is_refused: bool
) -> None:
    asked = Wanted(place=PLACE, **wanted)
    found = removal.find(asked, bucket.services)
    bucket.account.add("training", name(30), 30, "InProgress")
    content = json.dumps({"job": name(30), "kind": "training", "at": NOON.isoformat(), "process": ""}).encode()
    bucket.store.write("b", PLACE.claim, content)
    before = {*bucket.store.objects}
    if is_refused:
        with pytest.raises(UsageError, match=f"the job {name(30)} has begun meanwhile: nothing was deleted"):
            removal.remove(asked, found, bucket.services)
        assert before == {*bucket.store.objects}
    else:
        removal.remove(asked, found, bucket.services)
        assert bucket.of_jobs(1, 2, 3) == set()
    assert bucket.store.read("b", PLACE.claim) == content, "another command's lock"


def test_the_task_is_locked_while_objects_go_and_records_go_last(bucket: Bucket) -> None:
    seen: list[tuple[bool, int]] = []

    class Watched(MemoryStore):
        def delete(self, bucket_: str, keys: Any) -> None:
            seen.append((PLACE.claim in self.objects, len(bucket.account.deleted)))
            super().delete(bucket_, keys)

    watched = Watched()
    watched.objects = bucket.store.objects
    bucket.store = watched
    bucket.remove(state=True)
    assert {locked for locked, _ in seen} == {True}
    assert {deleted for _, deleted in seen[:-1]} == {0}
    assert seen[-1] == (True, 2)


def test_keys_go_in_parts_and_only_while_they_are_ours(bucket: Bucket) -> None:
    keys = tuple(f"{PLACE.trials}{number}" for number in range(2500))
    bucket.store.objects |= dict.fromkeys(keys, b"")
    found = replace(bucket.find(job=name(9)), keys=keys)
    asked: list[int] = []

    def still_ours() -> bool:
        asked.append(len([key for key in keys if key in bucket.store.objects]))
        return len(asked) < 3

    with pytest.raises(UsageError, match="another command has taken the study meanwhile: not all was deleted"):
        removal.remove(Wanted(place=PLACE), found, bucket.services, still_ours=still_ours)
    assert asked == [2500, 1500, 500]
    assert PLACE.claim not in bucket.store.objects
    removal.remove(Wanted(place=PLACE), found, bucket.services)
    assert not any(key in bucket.store.objects for key in keys)


def test_records_go_where_the_bucket_is_gone_already() -> None:
    bucket = Bucket()
    place = replace(PLACE, bucket="gone")
    found = replace(bucket.find(), prefixes=("p/task/",))
    removal.remove(Wanted(place=place), found, bucket.services)
    assert sorted(bucket.account.deleted) == [name(1), name(2)]
    assert bucket.of_jobs(1), "of another bucket"


def test_a_record_that_cannot_be_deleted_is_an_error_unless_it_is_gone(bucket: Bucket) -> None:
    found = bucket.find(job=name(1))
    (job,) = found.known
    bucket.account.trouble = refused("AccessDeniedException", "no", "DeleteTrainingJob")
    with pytest.raises(ClientError, match="no"):
        removal.forget(job, bucket.services)
    del bucket.account.jobs[f"arn:training/{name(1)}"]  # by another command
    assert removal.forget(job, bucket.services)
    bucket.account.trouble = OSError("the network")
    with pytest.raises(OSError, match="the network"):
        removal.forget(job, bucket.services)


def test_an_old_boto3_deletes_no_records(bucket: Bucket) -> None:
    found = bucket.find(job=name(1))
    old = replace(bucket.services, sagemaker=cast("SageMaker", object()))
    assert not removal.forget(found.known[0], old)


def test_jobs_are_named_in_short() -> None:
    assert removal.short_names([name(1), name(2)]) == "aaaaaa01, aaaaaa02"
