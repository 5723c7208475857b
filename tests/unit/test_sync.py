"""A folder mirrored to a prefix."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.errors import UsageError
from simple_sagemaker.storage import FolderStore
from simple_sagemaker.sync import local_files, sync_up
from tests.counts import examples

names = st.sampled_from(["a", "b c", "é", "sub/x", "sub/deep/y", "%20"])
trees = st.dictionaries(names, st.binary(max_size=4), min_size=1)


def fill(folder: Path, tree: dict[str, bytes]) -> None:
    for name, data in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def held(store: FolderStore, prefix: str) -> dict[str, bytes]:
    return {found.key[len(prefix) :]: store.read("b", found.key) for found in store.list("b", prefix)}


@settings(max_examples=examples(30, 500))  # each one writes files
@given(before=trees, after=trees)
def test_afterwards_the_prefix_holds_exactly_the_folder_and_its_neighbours_are_untouched(
    before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as top:
        store = FolderStore(Path(top) / "buckets")
        store.make_bucket("b")
        store.write("b", "p/input2/neighbour", b"n")
        for number, tree in enumerate((before, after)):
            folder = Path(top) / str(number)
            fill(folder, tree)
            done = sync_up(local_files(folder), store, bucket="b", prefix="p/input/")
            assert held(store, "p/input/") == tree
            assert done.held == len(tree)
        assert held(store, "p/input2/") == {"neighbour": b"n"}


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("b")
    return made


def test_only_what_changed_is_sent_again(store: FolderStore, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, {"a": b"1", "b": b"22", "c": b"3"})
    assert sync_up(local_files(folder), store, bucket="b", prefix="p/").sent == 3
    assert sync_up(local_files(folder), store, bucket="b", prefix="p/").sent == 0
    fill(folder, {"b": b"23"})  # of the same size
    (folder / "c").unlink()
    done = sync_up(local_files(folder), store, bucket="b", prefix="p/")
    assert (done.sent, done.sent_bytes, done.deleted, done.held) == (1, 2, 1, 2)


def test_an_older_file_moved_into_place_is_seen_as_changed(store: FolderStore, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, {"a": b"1"})
    fill(tmp_path, {"older": b"2"})
    os.utime(tmp_path / "older", (1, 1))
    sync_up(local_files(folder), store, bucket="b", prefix="p/")
    (tmp_path / "older").replace(folder / "a")  # as `mv` and `tar x` do: an old time, the same size
    sync_up(local_files(folder), store, bucket="b", prefix="p/")
    assert held(store, "p/") == {"a": b"2"}


def test_a_single_file_is_held_by_its_name(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("x")
    assert local_files(tmp_path / "one.csv") == {"one.csv": tmp_path / "one.csv"}


def test_links_are_followed_to_files_and_folders(tmp_path: Path) -> None:
    fill(tmp_path / "far", {"f": b"1", "sub/g": b"2"})
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").symlink_to(tmp_path / "far/f")
    (folder / "folder").symlink_to(tmp_path / "far/sub")
    assert local_files(folder).keys() == {"file", "folder/g"}


@pytest.mark.parametrize(("target", "words"), [("nowhere", "leads nowhere"), (".", "leads back")])
def test_a_link_that_cannot_be_followed_is_refused_by_name(tmp_path: Path, target: str, words: str) -> None:
    fill(tmp_path, {"f": b"1"})
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(UsageError, match=f"link.*{words}"):
        local_files(tmp_path)


def test_a_folder_without_files_and_a_name_that_is_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no file"):
        local_files(tmp_path)
    (tmp_path / os.fsdecode(b"\xff")).write_text("x")
    with pytest.raises(UsageError, match="not UTF-8"):
        local_files(tmp_path)
