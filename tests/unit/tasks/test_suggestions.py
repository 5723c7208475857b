"""What is said of the surroundings when a task is not found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks import suggestions as neighbours

PLACE = TaskPlace(bucket="b", project="proj", task="train")


class Bucket:
    """Tasks in a bucket."""

    def __init__(self, root: Path) -> None:
        self.store = FolderStore(root)
        self.store.make_bucket("b")

    def advice(self, place: TaskPlace, *tasks: str) -> str:
        for task in tasks:
            self.store.write("b", f"{task}/job/source/run.json", b"{}")
        return neighbours.advice(place, self.store)


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path)


def test_tasks_of_like_names_come_first(bucket: Bucket) -> None:
    text = bucket.advice(PLACE, "proj/trian", "proj/evaluate", "proj/Train-2")
    assert text == "There are: task Train-2 of this project; task trian of this project."


def test_without_a_like_one_all_tasks_of_the_project_are_named(bucket: Bucket) -> None:
    assert (
        bucket.advice(PLACE, "proj/one", "proj/two") == "There are: task one of this project; task two of this project."
    )


def test_the_same_task_under_other_prefixes_is_found(bucket: Bucket) -> None:
    text = bucket.advice(PLACE, "team/a/proj/train", "xproj/train", "other/proj/unlike")
    assert "task train under the prefix x;" in text
    assert "task train under the prefix team/a/" in text
    assert "other" not in text


def test_a_task_without_the_prefix_that_was_typed_is_found(bucket: Bucket) -> None:
    place = TaskPlace(bucket="b", project="proj", task="train", prefix="team/")
    assert bucket.advice(place, "proj/train") == "There are: task train under the prefix ''."


def test_projects_are_named_when_there_is_none_of_that_name(bucket: Bucket) -> None:
    assert bucket.advice(PLACE, "proj2/a", "else/b") == "There is no project 'proj'; there are: proj2."
    place = TaskPlace(bucket="b", project="nothing", task="t", prefix="team/")
    assert bucket.advice(place, "team/one/a", "two/b") == "There is no project 'nothing'; there are: one."


def test_an_empty_bucket_leaves_advice(bucket: Bucket) -> None:
    assert "the prefix and the bucket" in bucket.advice(PLACE)


def test_few_listings_are_made_however_many_folders_there_are(tmp_path: Path) -> None:
    class Counted(FolderStore):
        count = 0

        def folders(self, bucket: str, prefix: str) -> Sequence[str]:
            self.count += 1
            return super().folders(bucket, prefix)

    store = Counted(tmp_path)
    for number in range(200):
        (tmp_path / "b" / f"f{number}" / "g" / "h").mkdir(parents=True)
    advice = neighbours.advice(TaskPlace(bucket="b", project="proj", task="t", prefix="none/"), store)
    assert "the prefix and the bucket" in advice
    assert store.count < 70
