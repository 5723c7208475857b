"""What a channel's pipes stream, in which order, and when the next pipe appears."""

from __future__ import annotations

import gzip
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.core.store import ProgressCallback, no_progress
from simple_sagemaker.local.data import pipe_mode
from simple_sagemaker.local.data.channels import Channel, Item, Part
from simple_sagemaker.local.data.pipe_mode import Feeder, Flow
from simple_sagemaker.storage.folder_store import FolderStore
from tests.unit.memory import MemoryStore

NAMES = [f"o{number:02}" for number in range(40)]


class Far(MemoryStore):
    """A store that is no folder, and counts what was fetched."""

    def __init__(self, *keys: str) -> None:
        super().__init__(*keys)
        self.fetched: list[str] = []

    def fetch(
        self, bucket: str, key: str, to: Path, on_progress: ProgressCallback = no_progress, keep: Path | None = None
    ) -> None:
        self.fetched.append(key)
        super().fetch(bucket, key, to, on_progress, keep)


def channel(*, sharded: bool = False, **members: object) -> Channel:
    return Channel(name="c", uri="s3://b/o", data_type="S3Prefix", sharded=sharded, mode="Pipe", **members)  # type: ignore[arg-type]


def item(key: str, size: int = 3) -> Item:
    return Item(bucket="b", key=key, path=key, size=size)


def flow(folder: Path, store: MemoryStore | FolderStore, parts: list[list[Part]], of: Channel, **at: int) -> Flow:
    scratch = folder / "scratch"
    where = {"host": 0, "hosts": 1, **at}
    return Flow(channel=of, parts=parts, folder=folder / "data", scratch=scratch, store=store, **where)


def folder_store(root: Path, **objects: bytes) -> FolderStore:
    store = FolderStore(root / "buckets")
    store.make_bucket("b")
    for key, data in objects.items():
        store.write("b", key, data)
    return store


def store_of(kind: str, root: Path) -> MemoryStore | FolderStore:
    return Far(*NAMES) if kind == "far" else folder_store(root, **{name: name.encode() for name in NAMES})


both_stores = pytest.mark.parametrize("kind", ["far", "folder"])


@both_stores
def test_objects_and_values_come_in_their_order_and_leave_no_file(tmp_path: Path, kind: str) -> None:
    parts: list[list[Part]] = [[item(name), b"-", item(name), b","] for name in NAMES]
    streamed = b"".join(flow(tmp_path, store_of(kind, tmp_path), parts, channel()).chunks(0))
    assert streamed == b"".join(f"{name}-{name},".encode() for name in NAMES)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("scratch")] == []


@both_stores
def test_each_host_streams_its_share_of_whole_units(tmp_path: Path, kind: str) -> None:
    units: list[list[Part]] = [[item(name), b";"] for name in NAMES[:5]]
    store = store_of(kind, tmp_path)
    sharded = channel(sharded=True)
    assert b"".join(flow(tmp_path, store, units, sharded, host=1, hosts=2).chunks(0)) == b"o01;o03;"
    assert b"".join(flow(tmp_path, store, units, channel(), host=1, hosts=2).chunks(7)) == b"o00;o01;o02;o03;o04;"


def test_with_a_seed_each_epoch_has_an_order_of_its_own_that_all_hosts_share(tmp_path: Path) -> None:
    units: list[list[Part]] = [[name.encode()] for name in NAMES]
    shuffled = channel(seed=3, sharded=True)

    def epoch(number: int, host: int) -> list[bytes]:
        return list(flow(tmp_path, MemoryStore(), units, shuffled, host=host, hosts=2).chunks(number))

    first, second = [*epoch(0, 0), *epoch(0, 1)], [*epoch(1, 0), *epoch(1, 1)]
    assert sorted(first) == sorted(second) == [name.encode() for name in NAMES]
    assert first != second
    assert epoch(0, 0) == epoch(0, 0)


def test_records_wrap_objects_and_values_and_packed_objects_are_unpacked(tmp_path: Path) -> None:
    store = folder_store(tmp_path, packed=gzip.compress(b"abcde"))
    parts: list[list[Part]] = [[item("packed"), b"xy"]]
    magic = b"\x0a\x23\xd7\xce"
    wrapped = b"".join(flow(tmp_path, store, parts, channel(gzip=True, recordio=True)).chunks(0))
    assert wrapped == magic + b"\5\0\0\0abcde\0\0\0" + magic + b"\2\0\0\0xy\0\0"
    assert b"".join(flow(tmp_path, store, parts, channel(gzip=True)).chunks(0)) == b"abcdexy"


def test_a_large_object_is_streamed_in_pieces(tmp_path: Path) -> None:
    store = folder_store(tmp_path, large=bytes(2 * (1 << 20) + 1))
    assert [len(one) for one in flow(tmp_path, store, [[item("large")]], channel()).chunks(0)] == [1 << 20, 1 << 20, 1]


def test_what_cannot_be_streamed_is_named(tmp_path: Path) -> None:
    store = folder_store(tmp_path, plain=b"no gzip")
    with pytest.raises(ValueError, match="s3://b/plain: BadGzipFile: Not a gzipped file"):
        list(flow(tmp_path, store, [[item("plain")]], channel(gzip=True)).chunks(0))
    for empty in (store, Far()):
        with pytest.raises(ValueError, match="s3://b/gone: FileNotFoundError: "):
            list(flow(tmp_path, empty, [[item("gone")]], channel()).chunks(0))


@pytest.mark.parametrize(
    ("size", "ahead"),
    [
        (3, 17),  # sixteen, and the one that is read
        (0, 5),  # whose size is not known: as many as there is room for, at 16 MiB each
        ((16 << 20) - 1, 5),
        ((16 << 20) + 1, 4),
        (64 << 20, 2),
        (65 << 20, 1),
    ],
)
def test_as_many_objects_are_fetched_ahead_as_there_is_room_for(tmp_path: Path, size: int, ahead: int) -> None:
    store = Far(*NAMES)
    chunks = flow(tmp_path, store, [[item(name, size)] for name in NAMES], channel()).chunks(0)
    assert next(chunks) == b"o00"
    deadline = time.monotonic() + 30
    while len(store.fetched) < ahead and time.monotonic() < deadline:
        time.sleep(0.001)
    chunks.close()  # waits for what is being fetched
    assert sorted(store.fetched) == NAMES[:ahead]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("scratch")] == []


def test_a_pipe_is_named_after_the_last_part_of_its_folder(tmp_path: Path) -> None:
    assert flow(tmp_path, MemoryStore(), [], channel()).name(0) == "c_0"
    assert flow(tmp_path, MemoryStore(), [], channel(folder="/opt/ml/processing/in")).name(12) == "in_12"


@pytest.fixture
def feeder(tmp_path: Path) -> Iterator[Feeder]:
    started = pipe_mode.start(flow(tmp_path, MemoryStore(), [[b"one,"], [b"two"]], channel()), close=[])
    yield started
    started.end()


def pipes(feeder: Feeder) -> list[str]:
    return sorted(path.name for path in feeder.flow.folder.iterdir())


def until(feeder: Feeder, names: list[str]) -> bool:
    deadline = time.monotonic() + 30
    while pipes(feeder) != names and time.monotonic() < deadline:
        time.sleep(0.005)
    return pipes(feeder) == names


def test_the_next_pipe_is_there_before_the_reader_sees_the_end(feeder: Feeder) -> None:
    for epoch in range(3):
        assert f"c_{epoch}" in pipes(feeder)
        with (feeder.flow.folder / f"c_{epoch}").open("rb") as pipe:
            assert pipe.read() == b"one,two"
        assert f"c_{epoch + 1}" in pipes(feeder)
        assert until(feeder, [f"c_{epoch + 1}"])
    assert feeder.problem() == ""


def test_a_reader_that_reads_nothing_holds_the_next_pipe_up_until_it_closes(feeder: Feeder) -> None:
    with (feeder.flow.folder / "c_0").open("rb"):
        time.sleep(0.2)
        assert pipes(feeder) == ["c_0"]
    assert until(feeder, ["c_1"])
    assert feeder.problem() == ""


def test_a_broken_stream_never_ends_and_its_problem_is_told(tmp_path: Path) -> None:
    broken = pipe_mode.start(flow(tmp_path, MemoryStore("o0"), [[item("o0")], [item("gone")]], channel()), close=[])
    try:
        assert broken.problem() == ""
        descriptor = os.open(broken.flow.folder / "c_0", os.O_RDONLY)
        assert os.read(descriptor, 2) == b"o0"
        assert select.select([broken.problems], [], [], 30)[0]
        assert broken.problem().startswith("channel c: s3://b/gone: FileNotFoundError: ")
        assert select.select([descriptor], [], [], 0.1)[0] == []  # no end of the file
        os.close(descriptor)
    finally:
        broken.end()


def test_a_pipe_that_the_job_replaced_is_a_problem(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    replaced = pipe_mode.start(flow(tmp_path, MemoryStore(), [[b"data"]], channel()), close=[])
    try:
        with (replaced.flow.folder / "c_0").open("rb") as pipe:
            assert pipe.read() == b"data"
        assert until(replaced, ["c_1"])
    finally:
        replaced.end()
    (replaced.flow.folder / "c_1").unlink()
    (replaced.flow.folder / "c_0").write_text("")
    folder = os.open(replaced.flow.folder, os.O_RDONLY)
    with pytest.raises(ValueError, match="c_0 was replaced by something that is no named pipe"):
        pipe_mode._feed(replaced.flow, folder)
    (replaced.flow.folder / "c_0").unlink()
    (replaced.flow.folder / "c_0").symlink_to(outside)
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        pipe_mode._feed(replaced.flow, folder)
    os.close(folder)
    assert outside.read_text() == "kept"


def test_a_feeder_that_has_ended_is_a_problem(feeder: Feeder) -> None:
    os.kill(feeder.pid, signal.SIGKILL)
    assert select.select([feeder.problems], [], [], 30)[0]
    assert feeder.problem() == "channel c: the process that feeds it has ended"


def test_a_pipe_cannot_take_the_place_of_a_file(tmp_path: Path, feeder: Feeder) -> None:
    with pytest.raises(FileExistsError):
        pipe_mode.start(feeder.flow, close=[])
