"""What lies in a bucket's folder and is no object, or none of its kind: nothing waits for it, reads it or loses it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simple_sagemaker.core.store import Stored, TooLarge
from simple_sagemaker.storage.folder_store import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("b")
    return made


@contextmanager
def without_locks(_: Path) -> Iterator[bool]:
    yield False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_what_is_no_file_is_no_object_and_holds_nobody_up(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder, key = store.root / "b", f"d/{kind}"
    (folder / "d").mkdir()
    if kind == "pipe":
        os.mkfifo(folder / key)
    elif kind == "device":
        (folder / key).symlink_to("/dev/zero")
    else:
        monkeypatch.chdir(folder / "d")  # whose path may be too long for an address
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(kind)
    assert list(store.list("b", "")) == []
    with pytest.raises(FileNotFoundError):
        store.read("b", key)
    with pytest.raises(FileNotFoundError), store.open_stream("b", key, folder):
        pass
    with pytest.raises(FileNotFoundError):
        store.holds("b", Stored(key, 0, 0.0, ""), Path(os.devnull))
    with pytest.raises(FileNotFoundError):
        store.copy("b", key, "copy")
    with pytest.raises(FileNotFoundError):
        store.fetch("b", key, tmp_path / "fetched")
    with pytest.raises(FileNotFoundError):
        store.fill("b", key, str(tmp_path / "filled"))
    with pytest.raises(FileNotFoundError):
        store.send(folder / key, "b", "sent")
    assert not store.write_if("b", key, b"ours", expected=b"theirs")
    with monkeypatch.context() as patch:
        patch.setattr("simple_sagemaker.storage.folder_store.exclusive", without_locks)
        assert not store.write_if("b", key, b"ours", expected=b"theirs")
    assert os.path.lexists(folder / key), "what is not ours stays"
    assert list(store.list("b", "")) == []
    store.write("b", key, b"ours")
    assert store.read("b", key) == b"ours"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_device_that_a_link_leads_to_is_deleted_as_the_link(store: FolderStore) -> None:
    os.mkfifo(store.root / "b" / "pipe")
    (store.root / "b" / "device").symlink_to("/dev/null")
    store.delete("b", ["pipe", "device"])
    assert (os.listdir(store.root / "b"), os.path.exists("/dev/null")) == ([], True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "nowhere", "itself", "device"])
def test_what_is_no_object_does_not_stand_in_the_way_of_a_first_one(
    store: FolderStore, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store.root / "b" / "claim.json"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"nowhere": "/nowhere", "itself": "claim.json", "device": "/dev/null"}[kind])
    with pytest.raises(FileNotFoundError):
        store.read("b", "claim.json")
    with monkeypatch.context() as patch:
        patch.setattr("simple_sagemaker.storage.folder_store.exclusive", without_locks)
        with pytest.raises(FileExistsError, match="no regular file; remove it"):
            store.write_if("b", "claim.json", b"ours", expected=None)
    assert store.write_if("b", "claim.json", b"ours", expected=None)
    assert not store.write_if("b", "claim.json", b"theirs", expected=None)
    assert store.read("b", "claim.json") == b"ours"


def test_a_folder_in_the_place_of_an_object_stays_where_it_is(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("b", "claim.json/within", b"x")
    monkeypatch.setattr("simple_sagemaker.storage.folder_store.exclusive", without_locks)
    assert not store.write_if("b", "claim.json", b"ours", expected=b"theirs")
    assert store.read("b", "claim.json/within") == b"x"


@pytest.mark.parametrize("bucket", ["..", ".", "", ".writing", "b/../../outside", "../outside", "b/d"])
def test_no_bucket_lies_outside_the_buckets(store: FolderStore, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"x")
    store.write("b", "d/secret", b"x")
    assert not store.has_bucket(bucket)
    assert store.folders(bucket, "") == []
    for refused in (
        lambda: store.read(bucket, "secret"),
        lambda: list(store.list(bucket, "")),
        lambda: store.delete(bucket, ["secret"]),
        lambda: store.write(bucket, "new", b"y"),
        lambda: store.write_if(bucket, "new", b"y", expected=None),
        lambda: store.make_bucket(bucket),
    ):
        with pytest.raises(FileNotFoundError, match="there is no bucket"):
            refused()
    assert sorted(os.listdir(tmp_path)) == ["buckets", "outside", "secret"]


@pytest.mark.parametrize("prefix", ["../", "../../", "d/../../", "./", "/"])
def test_no_folder_of_a_bucket_lies_outside_of_it(store: FolderStore, prefix: str) -> None:
    store.write("b", "d/e/k", b"x")
    assert store.folders("b", prefix) == []
    assert list(store.list("b", prefix)) == []


def test_an_object_larger_than_its_kind_is_refused_before_it_is_read(store: FolderStore) -> None:
    store.write("b", "k", b"12345")
    with open(store.root / "b" / "hole", "wb") as out:
        out.truncate(1 << 36)
    assert store.read("b", "k", 5) == b"12345"
    with pytest.raises(TooLarge, match="s3://b/k has more than 4 bytes"):
        store.read("b", "k", 4)
    with pytest.raises(TooLarge, match="s3://b/hole has more than 16777216 bytes"):
        store.read("b", "hole")
    assert not store.write_if("b", "hole", b"ours", expected=b"theirs")
    assert (store.root / "b" / "hole").stat().st_size == 1 << 36
