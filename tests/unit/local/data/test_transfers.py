"""Transfers of a job: their steps, their errors, and which ones may be tried again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simple_sagemaker.core.store import ProgressCallback, Store, no_progress
from simple_sagemaker.local.data import transfers
from simple_sagemaker.local.data.transfers import Abandoned, is_denial, is_local, transfer, weight_of_download
from simple_sagemaker.storage.folder_store import FolderStore
from tests.unit.memory import MemoryStore


@pytest.fixture(params=["folder", "far"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return FolderStore(tmp_path) if request.param == "folder" else MemoryStore()


def test_only_folders_are_local(tmp_path: Path) -> None:
    assert is_local(FolderStore(tmp_path))
    assert not is_local(MemoryStore())


def test_a_refusal_of_the_store_is_final_and_one_of_this_machines_files_is_not() -> None:
    assert is_denial(PermissionError("AccessDenied"))
    assert not is_denial(PermissionError(13, "Permission denied", "/a/file"))
    assert not is_denial(OSError("AccessDenied"))


@pytest.mark.parametrize("mib", [0, 1, 16])
def test_a_small_object_weighs_what_it_has_and_a_large_one_half_a_part(mib: int) -> None:
    assert weight_of_download(mib << 20) == mib << 20
    assert weight_of_download((16 << 20) + 1) == 8 << 20


class Recording(MemoryStore):
    """Notes which way an object came."""

    def __init__(self) -> None:
        super().__init__("k")
        self.ways: list[str] = []

    def fetch(
        self, bucket: str, key: str, to: Path, on_progress: ProgressCallback = no_progress, keep: Path | None = None
    ) -> None:
        self.ways.append("fetch")
        super().fetch(bucket, key, to, on_progress, keep)

    def fill(self, bucket: str, key: str, to: str, on_progress: ProgressCallback = no_progress) -> None:
        self.ways.append("fill")
        super().fill(bucket, key, to, on_progress)


def test_only_what_is_larger_than_a_part_comes_in_parts(tmp_path: Path) -> None:
    store = Recording()
    for size in (0, 16 << 20, (16 << 20) + 1):
        to = tmp_path / str(size)
        transfers.fetch(store, "b", "k", size=size, to=str(to), on_progress=no_progress)
        assert to.read_bytes() == b"k"
    assert store.ways == ["fill", "fill", "fetch"]


def test_every_item_is_moved_once_and_none_is_a_step(store: Store) -> None:
    moved: list[str] = []
    items = ["a", None, "b", "c"]
    steps = list(transfer(lambda one, _: moved.append(one), items, store=store, weigh=len, on_progress=no_progress))
    assert sorted(moved) == ["a", "b", "c"]
    assert len(steps) == 4 if is_local(store) else steps


def test_folders_are_moved_one_after_the_other_and_tell_their_bytes(tmp_path: Path) -> None:
    told: list[int] = []
    done: list[str] = []

    def move(one: str, on_progress: ProgressCallback) -> None:
        on_progress(len(one))
        done.append(one)

    items = iter(["a", "bb"])
    steps = transfer(move, items, store=FolderStore(tmp_path), weigh=len, on_progress=told.append)
    next(steps)
    assert (told, done) == ([1], ["a"])
    next(steps)
    assert (told, done) == ([1, 2], ["a", "bb"])


def test_the_first_error_of_a_transfer_is_raised(store: Store) -> None:
    def move(one: str, _: ProgressCallback) -> None:
        if one == "bad":
            raise FileNotFoundError(one)

    with pytest.raises(FileNotFoundError, match="bad"):
        list(transfer(move, ["a", "bad", "b"], store=store, weigh=len, on_progress=no_progress))


def test_a_callback_that_raises_ends_all_transfers(store: Store) -> None:
    class Stop(Exception):
        pass

    def stop(_: int) -> None:
        raise Stop

    ends: list[type[BaseException]] = []

    def move(_: str, on_progress: ProgressCallback) -> None:
        try:
            while True:
                on_progress(1)
        except BaseException as error:
            ends.append(type(error))
            raise

    def items() -> Iterator[str | None]:
        yield "long"
        while True:
            yield None

    with pytest.raises(Stop):
        list(transfer(move, items(), store=store, weigh=len, on_progress=stop))
    assert ends == [Stop if is_local(store) else Abandoned]
