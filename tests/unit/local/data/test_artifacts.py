"""Folders of hosts packed as SageMaker packs them."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.data import artifacts
from simple_sagemaker.storage.folder_store import FolderStore

# Python 3.11.3 and earlier have no filters, and the archive is our own.
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "buckets")
    made.make_bucket("b")
    return made


def folder(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def upload(store: FolderStore, *folders: Path) -> list[str]:
    scratch = store.root.parent / "scratch"
    clashes = artifacts.upload([*folders], store, bucket="b", key="m.tar.gz", scratch=scratch)
    assert not scratch.exists()
    return clashes


def members(store: FolderStore) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(store.read("b", "m.tar.gz"))) as archive:
        return {member.name: member for member in archive}


def test_names_are_relative_without_a_dot_and_owned_by_root(store: FolderStore, tmp_path: Path) -> None:
    one = folder(tmp_path / "one", f="x")
    (one / "d/deep").mkdir(parents=True)
    (one / "d/deep/é").write_text("y")
    assert upload(store, one) == []
    packed = members(store)
    assert [*packed] == ["d", "d/deep", "d/deep/é", "f"]
    assert {(member.uid, member.gid, member.uname) for member in packed.values()} == {(0, 0, "root")}
    assert packed["d"].isdir()


def test_a_union_names_its_clashes_and_keeps_the_last(store: FolderStore, tmp_path: Path) -> None:
    one, two = folder(tmp_path / "one", same="1", a="a"), folder(tmp_path / "two", same="22", b="b")
    (one / "d").mkdir()
    (two / "d").mkdir()
    assert upload(store, one, two) == ["same"]
    assert {name: member.size for name, member in members(store).items()} == {"same": 2, "a": 1, "b": 1, "d": 0}


def test_a_file_of_one_host_where_another_has_a_folder_still_unpacks(store: FolderStore, tmp_path: Path) -> None:
    one, two = folder(tmp_path / "one"), folder(tmp_path / "two", d="file")
    (one / "d").mkdir()
    (one / "d/inner").write_text("x")
    assert upload(store, one, two) == ["d"]
    with tarfile.open(fileobj=io.BytesIO(store.read("b", "m.tar.gz"))) as archive:
        archive.extractall(tmp_path / "out", **SAFELY)


def test_nothing_is_no_object(store: FolderStore, tmp_path: Path) -> None:
    upload(store, folder(tmp_path / "one"), folder(tmp_path / "two"))
    assert [*store.list("b", "")] == []


def test_pipes_and_sockets_are_passed_over(store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = folder(tmp_path / "one", f="x")
    os.mkfifo(one / "pipe")
    monkeypatch.chdir(one)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        upload(store, one)
    assert [*members(store)] == ["f"]


def test_two_links_to_one_file_are_both_whole_in_the_archive(store: FolderStore, tmp_path: Path) -> None:
    one = folder(tmp_path / "one", f="x")
    os.link(one / "f", one / "g")
    upload(store, one)
    with tarfile.open(fileobj=io.BytesIO(store.read("b", "m.tar.gz"))) as archive:
        archive.extractall(tmp_path / "out", **SAFELY)
    assert (tmp_path / "out/g").read_text() == "x"
