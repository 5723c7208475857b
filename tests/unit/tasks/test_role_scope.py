"""What a job's role may read of an address: what the listing showed, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.specs import Code, LocalInput, Place, S3Input, TaskSpec
from simple_sagemaker.jobs.display import Lines
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks.submission import Submission
from tests.golden.lines import services

PLACE = TaskPlace(bucket="mine", project="proj", task="task")


def submission(buckets: Path, *uris: str, local: Path | None = None) -> Submission:
    inputs = [S3Input(name=f"c{number}", uri=uri) for number, uri in enumerate(uris)]
    spec = TaskSpec(
        kind="run",
        place=Place(project="proj", task="task"),
        code=Code(),
        inputs=[*inputs, *([LocalInput(path=local)] if local else [])],
    )
    return Submission(spec=spec, place=PLACE, services=services(buckets), watcher=Lines(1), bucket_exists=True)


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    store = FolderStore(tmp_path / "buckets")
    for bucket in ("mine", "other"):
        store.make_bucket(bucket)
        for key in (
            "data/a.csv",
            "data/deep/b.csv",
            "set/a.csv",
            "set2/b.csv",
            "one.csv",
            "two.csv",
            "two.csv.bak",
            "proj/x/a.csv",
        ):
            store.write(bucket, key, b"x")
    return tmp_path / "buckets"


@pytest.mark.parametrize(
    ("uri", "reads", "objects"),
    [
        pytest.param("s3://mine/data/", {"s3://mine/data/"}, set(), id="a folder"),
        pytest.param("s3://mine/data", {"s3://mine/data/"}, set(), id="a folder without its slash"),
        pytest.param("s3://mine/set", {"s3://mine/set"}, set(), id="the beginning of two folders"),
        pytest.param("s3://mine/one.csv", set(), {"s3://mine/one.csv"}, id="one object"),
        pytest.param("s3://mine/on", {"s3://mine/on"}, set(), id="the beginning of an object"),
        pytest.param("s3://mine/two.csv", {"s3://mine/two.csv"}, set(), id="an object, and the beginning of another"),
        pytest.param("s3://mine/proj/x", set(), set(), id="in the project's folder"),
        pytest.param("s3://other/data", {"s3://other/"}, set(), id="another bucket"),
    ],
)
def test_a_role_gets_what_the_listing_showed(buckets: Path, uri: str, reads: set[str], objects: set[str]) -> None:
    needs = submission(buckets, uri).needs("image")
    assert (set(needs.reads), set(needs.objects)) == (reads, objects)


def test_what_a_role_gets_changes_nothing_of_the_fingerprint(buckets: Path) -> None:
    uris = ("s3://mine/data", "s3://mine/set", "s3://mine/one.csv")
    before, after = submission(buckets, *uris), submission(buckets, *uris)
    after.needs("image")
    assert before.plan.fingerprint == after.plan.fingerprint
