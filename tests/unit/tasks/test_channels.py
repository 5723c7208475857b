"""Inputs of a task as they are surveyed: what counts as data, and what counts as a change of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simple_sagemaker.core.specs import Code, Input, LocalInput, Place, S3Input, TaskSpec
from simple_sagemaker.core.store import Stored
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.tasks.channels import Plan, Planner
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE, World


class TimedStore(MemoryStore):
    """A store that says when each object was last written."""

    def __init__(self, *keys: str) -> None:
        super().__init__(*keys)
        self.times = dict.fromkeys(keys, 1000.0)

    def list(self, bucket: str, prefix: str) -> Iterator[Stored]:
        for one in super().list(bucket, prefix):
            yield one._replace(modified=self.times.get(one.key, 0.0))


def plan(store: MemoryStore, *inputs: Input) -> Plan:
    spec = TaskSpec(kind="run", place=Place(project="p", task="task"), code=Code(entry_point="w.py"), inputs=inputs)
    return Planner(spec, PLACE, World(store).services(), note=lambda _: None).plan()


def on_s3(uri: str = "s3://b/data/") -> S3Input:
    return S3Input(name="x", uri=uri)


def fingerprint(store: MemoryStore, *inputs: Input) -> str:
    return plan(store, *(inputs or (on_s3(),))).fingerprint


def test_an_unchanged_input_has_the_same_fingerprint() -> None:
    assert fingerprint(TimedStore("data/a", "data/b")) == fingerprint(TimedStore("data/a", "data/b", "other"))


@pytest.mark.parametrize("change", ["time", "size", "name", "more", "fewer", "last time"])
def test_a_change_of_an_input_changes_the_fingerprint(change: str) -> None:
    before, store = fingerprint(TimedStore("data/a", "data/b")), TimedStore("data/a", "data/b")
    if change == "time":  # written again with as many bytes
        store.times["data/a"] += 0.001
    elif change == "last time":
        store.times["data/b"] += 0.001
    elif change == "size":
        store.objects["data/b"] += b"x"
    elif change == "name":
        store.objects["data/c"] = store.objects.pop("data/b")
        store.times["data/c"] = store.times["data/b"]
    elif change == "more":
        store.objects["data/c"] = b""
    else:
        del store.objects["data/b"]
    assert fingerprint(store) != before


def test_what_channels_are_called_and_how_they_are_shared_is_in_the_fingerprint() -> None:
    store = TimedStore("data/a")
    ways = [
        fingerprint(store, one)
        for one in (on_s3(), replace(on_s3(), name="y"), replace(on_s3(), distribution="ShardedByS3Key"))
    ]
    assert len({*ways, fingerprint(store, on_s3("s3://b/data"))}) == 4


def test_a_local_file_that_is_written_again_changes_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    local, store = LocalInput(name="data", path=tmp_path), MemoryStore()
    before = fingerprint(store, local)
    assert fingerprint(store, local) == before
    os.utime(tmp_path / "f", ns=(1, 1))
    assert fingerprint(store, local) != before


@pytest.mark.parametrize("keys", [(), ("data/",), ("data/", "data/sub/"), ("database",), ("data2/a",)])
def test_a_folder_without_data_is_no_input(keys: tuple[str, ...]) -> None:
    with pytest.raises(InputNotFound, match="nothing is there"):
        plan(MemoryStore(*keys), on_s3())


def test_a_folder_marker_beside_data_is_no_hindrance() -> None:
    store = TimedStore("data/", "data/sub/", "data/sub/x")
    assert [channel.uri for channel in plan(store, on_s3()).channels] == ["s3://b/data/"]
    before = fingerprint(store)
    store.times["data/sub/"] += 1  # what was passed over on the way to the first key counts as well
    assert fingerprint(store) != before


@pytest.mark.parametrize(("uri", "mode"), [("s3://b/data/x", "File"), ("s3://b/data/", "Pipe"), ("s3://b/da", "Pipe")])
def test_a_single_object_is_brought_as_a_file(uri: str, mode: str) -> None:
    spec = TaskSpec(
        kind="run",
        place=Place(project="p", task="task"),
        code=Code(entry_point="w.py"),
        inputs=(on_s3(uri),),
        input_mode="Pipe",
    )
    planned = Planner(spec, PLACE, World(MemoryStore("data/x")).services(), note=lambda _: None).plan()
    assert [channel.input_mode for channel in planned.channels] == [mode]


def test_a_bucket_that_is_not_there_is_named() -> None:
    with pytest.raises(InputNotFound, match="no bucket 'other'"):
        plan(MemoryStore(), on_s3("s3://other/data/"))


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("s3://b/data/", f"data/deep/{'n' * 256}"),
        ("s3://b/data", f"data/{'é' * 128}/x"),
        ("s3://b/da", "data/../x"),
        ("s3://b/data/", "data//x"),
        ("s3://b/data/", "data/" + "/".join(["d"] * 201)),
    ],
)
def test_an_object_that_no_job_can_have_as_a_file_is_refused_before_the_job(uri: str, key: str) -> None:
    with pytest.raises(UsageError, match="an object there cannot be a file of a job"):
        _ = fingerprint(MemoryStore("data/a", key), on_s3(uri))


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("s3://b/data/", f"data/{'n' * 255}/{'é' * 127}"),
        ("s3://b/data/", "data/a\nb"),
        ("s3://b/data/", "data/x y\r\n"),
        (f"s3://b/{'p' * 300}", f"{'p' * 300}/x"),
        (f"s3://b/{'p' * 300}/", f"{'p' * 300}/x"),
        ("s3://b/data/", f"data/{'n' * 300}/"),
    ],
)
def test_odd_names_that_a_job_can_have_are_no_obstacle(uri: str, key: str) -> None:
    assert fingerprint(MemoryStore("data/a", key, "p" * 300 + "/x"), on_s3(uri))
