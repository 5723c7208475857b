"""A folder mirrored to a prefix."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.core.store import Copied, ProgressCallback, Store, Stored, no_progress
from simple_sagemaker.errors import UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.sync.local_tree import Tree
from simple_sagemaker.storage.sync.sync import Sync, SyncResult
from tests.counts import examples

names = st.sampled_from(["a", "b c", "é", "sub/x", "sub/deep/y", "%20"])
trees = st.dictionaries(names, st.binary(max_size=4), min_size=1)


def fill(folder: Path, tree: dict[str, bytes]) -> None:
    for name, data in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def sync(folder: Path, store: Store, prefix: str = "p/") -> SyncResult:
    """Sync with an index that is kept beside the folder."""
    cache = folder.with_name(f"{folder.name}-cache")
    return Sync(tree=Tree(folder), store=store, bucket="b", prefix=prefix, cache=cache).run()


def keys(path: Path) -> list[str]:
    Tree(path).survey()
    return [file.key for file in Tree(path).files()]


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
            done = sync(folder, store, "p/input/")
            assert held(store, "p/input/") == tree
            assert done.total == len(tree)
        assert held(store, "p/input2/") == {"neighbour": b"n"}


@settings(max_examples=examples(12, 500))  # each one writes files
@given(before=trees, after=trees)
def test_a_difference_is_named_and_nothing_is_sent(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as top:
        store = FolderStore(Path(top) / "buckets")
        store.make_bucket("b")
        for name, tree in (("before", before), ("after", after)):
            fill(Path(top) / name, tree)
        cache = Path(top) / "cache"
        Sync(tree=Tree(Path(top) / "before"), store=store, bucket="b", prefix="p/", cache=cache).run()
        differing = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        for index in (cache, None):
            now = Sync(tree=Tree(Path(top) / "after"), store=store, bucket="b", prefix="p/", cache=index)
            assert now.first_difference() == min(differing, key=str.encode, default=None)
        assert held(store, "p/") == before


class Reading(FolderStore):
    """Counts the files that are compared by content."""

    compared = 0

    def holds(self, *words: Any) -> bool | None:
        self.compared += 1
        return super().holds(*words)


def test_a_copy_of_what_was_sent_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simple_sagemaker.storage.sync.index._TICK_NS", -(1 << 60))  # every file is old enough
    store = Reading(tmp_path / "buckets")
    store.make_bucket("b")
    for name in ("sent", "copy"):
        fill(tmp_path / name, {"a": b"1", "d/b": b"2"})
    Sync(tree=Tree(tmp_path / "sent"), store=store, bucket="b", prefix="p/", cache=tmp_path / "cache").run()
    seen = Sync(tree=Tree(tmp_path / "copy"), store=store, bucket="b", prefix="p/", cache=tmp_path / "cache")
    compared = []
    for _ in range(2):
        store.compared = 0
        assert seen.first_difference() is None
        compared.append(store.compared)
    assert compared == [2, 0]
    (tmp_path / "copy/d/b").write_bytes(b"3")
    assert seen.first_difference() == "d/b"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("b")
    return made


def test_only_what_changed_is_sent_again(store: FolderStore, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, {"a": b"1", "b": b"22", "c": b"3"})
    assert sync(folder, store).sent == 3
    assert sync(folder, store).sent == 0
    fill(folder, {"b": b"23"})  # of the same size
    (folder / "c").unlink()
    done = sync(folder, store)
    assert (done.sent, done.sent_bytes, done.deleted, done.total) == (1, 2, 1, 2)


def test_an_older_file_moved_into_place_is_seen_as_changed(store: FolderStore, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, {"a": b"1"})
    fill(tmp_path, {"older": b"2"})
    os.utime(tmp_path / "older", (1, 1))
    sync(folder, store)
    (tmp_path / "older").replace(folder / "a")  # as `mv` and `tar x` do: an old time, the same size
    sync(folder, store)
    assert held(store, "p/") == {"a": b"2"}


def test_a_single_file_is_held_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("x")
    assert keys(tmp_path / "one.csv") == ["one.csv"]


def test_links_are_followed_to_files_and_folders(tmp_path: Path) -> None:
    fill(tmp_path / "far", {"f": b"1", "sub/g": b"2"})
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").symlink_to(tmp_path / "far/f")
    (folder / "folder").symlink_to(tmp_path / "far/sub")
    assert keys(folder) == ["file", "folder/g"]


@pytest.mark.parametrize(("target", "words"), [("nowhere", "leads nowhere"), (".", "leads back"), ("link", "nowhere")])
def test_a_link_that_cannot_be_followed_is_refused_by_name(tmp_path: Path, target: str, words: str) -> None:
    fill(tmp_path, {"f": b"1"})
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(UsageError, match=f"link.*{words}"):
        keys(tmp_path)


def test_a_folder_without_files_and_a_name_that_is_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no file"):
        keys(tmp_path)
    (tmp_path / os.fsdecode(b"\xff")).write_text("x")
    with pytest.raises(UsageError, match="not UTF-8"):
        keys(tmp_path)


def test_what_is_not_sent_is_said(tmp_path: Path) -> None:
    fill(tmp_path, {"f": b"1"})
    (tmp_path / "hollow" / "deeper").mkdir(parents=True)
    (tmp_path / "nothing").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    survey = Tree(tmp_path).survey()
    assert (survey.files, survey.size, survey.empty_folders) == (1, 1, 2)
    assert [Path(path).name for path in survey.left_out] == ["pipe", "socket"]
    assert survey.notes[0] == "Not sent: 2 empty folders, because S3 holds files only"
    assert survey.notes[1].startswith("Not sent, because not a file: ")


def test_what_s3_cannot_hold_is_refused_by_name_before_anything_is_sent(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["é" * 100] * 5)
    fill(deep, {"f": b"1"})
    assert Tree(tmp_path).survey().files == 1
    with pytest.raises(UsageError, match="has a key of 1026 bytes on S3, which holds 1024"):
        Tree(tmp_path).survey("p" * 19 + "/")
    with pytest.raises(UsageError, match="1026 bytes"):
        list(Tree(tmp_path).files("p" * 19 + "/"))


def test_a_file_larger_than_s3_holds_is_refused_by_name(tmp_path: Path) -> None:
    with open(tmp_path / "huge", "wb") as huge:
        try:
            huge.truncate(50 << 40)
        except OSError:
            pytest.skip("this file system has no files of that size")
    with pytest.raises(UsageError, match=r"'.*huge' is larger than S3 holds"):
        Tree(tmp_path).survey()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", ["file", "folder"])
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str) -> None:
    fill(tmp_path, {"file": b"1", "folder/f": b"2"})
    (tmp_path / name).chmod(0)
    try:
        with pytest.raises(UsageError, match=f"{name}' cannot be read"):
            Tree(tmp_path).survey()
    finally:
        (tmp_path / name).chmod(0o700)


def test_a_file_of_six_gib_that_is_a_hole_stays_one(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    size = (6 << 30) + 1
    with open(tmp_path / "data" / "sparse", "wb") as sparse:
        sparse.write(b"head")
        sparse.seek(size - 1)
        sparse.write(b"t")
    if os.stat(tmp_path / "data" / "sparse").st_blocks * 512 > 1 << 20:
        pytest.skip("this file system has no holes")
    assert sync(tmp_path / "data", store).sent_bytes == size
    with open(store.root / "b" / "p" / "sparse", "rb") as copy:
        assert copy.read(5) == b"head\0"
        copy.seek(size - 1)
        assert copy.read() == b"t"
        assert os.fstat(copy.fileno()).st_blocks * 512 <= 1 << 20


def test_a_file_that_vanishes_on_the_way_leaves_the_mirror_too(store: FolderStore, tmp_path: Path) -> None:
    class Removing(FolderStore):
        """Somebody removes the file just before it would be sent."""

        def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
            os.unlink(path)
            return super().send(path, bucket, key, on_progress)

    folder = tmp_path / "data"
    fill(folder, {"a": b"1", "b": b"1"})
    sync(folder, store)
    fill(folder, {"a": b"2"})
    done = sync(folder, Removing(store.root))
    assert held(store, "p/") == {"b": b"1"}
    assert (done.sent, done.total, done.deleted) == (0, 1, 1)


def test_a_missing_bucket_is_named(tmp_path: Path) -> None:
    fill(tmp_path / "data", {"a": b"1"})
    with pytest.raises(FileNotFoundError, match="no bucket 'b'"):
        sync(tmp_path / "data", FolderStore(tmp_path / "buckets"))


def test_a_prefix_that_is_no_folder_is_never_mirrored(store: FolderStore, tmp_path: Path) -> None:
    fill(tmp_path / "data", {"a": b"1"})
    with pytest.raises(ValueError, match="does not end in"):
        sync(tmp_path / "data", store, "p")


@pytest.mark.parametrize("rounds", [1, 2, 3])
@pytest.mark.parametrize("together", [True, False])
def test_an_object_that_is_listed_twice_is_not_taken_for_one_without_a_file(
    store: FolderStore, tmp_path: Path, rounds: int, *, together: bool
) -> None:
    class Repeating(FolderStore):
        """As a server does that begins a page elsewhere than it was asked to."""

        def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
            found = [*super().list(bucket, prefix, below)]
            return iter([one for one in found for _ in range(rounds)] if together else found * rounds)

    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_text(name)
    sync(folder, store)
    (folder / "b").write_text("changed")
    (folder / "c").unlink()
    mirror = Sync(tree=Tree(folder), store=Repeating(store.root), bucket="b", prefix="p/", cache=tmp_path / "cache")
    assert (mirror.run().deleted, [one.key for one in store.list("b", "p/")]) == (1, ["p/a", "p/b"])
    assert store.read("b", "p/b") == b"changed"


@pytest.mark.parametrize("bucket", ["b", "data--use1-az4--x-s3"])
def test_a_store_that_lists_in_no_order_is_mirrored_too(store: FolderStore, tmp_path: Path, bucket: str) -> None:
    class Unordered(FolderStore):
        """As S3's directory buckets are."""

        def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
            return iter(sorted(super().list(bucket, prefix), key=lambda one: one.key[::-1]))

    folder = tmp_path / "data"
    store.make_bucket(bucket)
    mirror = Sync(tree=Tree(folder), store=Unordered(store.root), bucket=bucket, prefix="p/", cache=tmp_path / "cache")
    fill(folder, {f"{number:02}": b"1" for number in range(30)})
    mirror.run()
    for number in range(10):
        (folder / f"{number:02}").unlink()
    fill(folder, {"20": b"2", "new": b"3"})
    done = mirror.run()
    assert (done.deleted, done.total) == (10, 21)
    assert done.sent == 2 or bucket == "b"  # which is known only on the way: some may be sent twice
    assert {path.name: path.read_bytes() for path in (store.root / bucket / "p").iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_the_keys_to_expect_are_told_once_something_was_sent(store: FolderStore, tmp_path: Path) -> None:
    class Told(FolderStore):
        """Notes which keys a listing is told of."""

        def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
            told.append(list(below))
            return super().list(bucket, prefix, below)

    told: list[list[str]] = []
    fill(tmp_path / "data", {"a": b"1", "b/c": b"1"})
    for _ in range(2):
        tree = Tree(tmp_path / "data")
        tree.survey("p/")
        Sync(tree=tree, store=Told(store.root), bucket="b", prefix="p/", cache=tmp_path / "cache").run()
    tree = Tree(tmp_path / "data")
    tree.survey("p/")
    mirror = Sync(tree=tree, store=Told(store.root), bucket="b", prefix="p/", cache=tmp_path / "cache")
    assert mirror.first_difference() is None
    assert told == [[], ["a", "b/c"], ["a", "b/c"]]


@pytest.mark.parametrize("is_old", [False, True])
def test_files_are_looked_at_again_unless_they_were_a_moment_ago(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_old: bool
) -> None:
    folder = tmp_path / "data"
    fill(folder, {"gone": b"1", "kept": b"1"})
    tree = Tree(folder)
    tree.survey("p/")
    (folder / "gone").unlink()
    fill(folder, {"new": b"1"})
    if is_old:
        monkeypatch.setattr("simple_sagemaker.storage.sync.local_tree._FRESH_S", 0.0)
    Sync(tree=tree, store=store, bucket="b", prefix="p/").run()
    assert held(store, "p/") == {"kept": b"1", **({"new": b"1"} if is_old else {})}
    Sync(tree=tree, store=store, bucket="b", prefix="p/").run()
    assert held(store, "p/") == {"kept": b"1", "new": b"1"}
