"""Whether a file is sent again: by what it was when it was sent, else by its content, and what is said of doubt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simple_sagemaker.core.progress import Meter
from simple_sagemaker.core.store import Copied, KeyRefused, ProgressCallback, Stored, no_progress
from simple_sagemaker.storage.sync.local_tree import Tree
from simple_sagemaker.storage.sync.sync import Sync, SyncResult
from tests.unit.memory import MemoryStore


class Tagging(MemoryStore):
    """A store whose tags are versions, with digests of what was sent; ``sure`` is what it says of content, if known."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, int] = {}
        self.compared: list[str] = []
        self.sent: list[str] = []
        self.sure = True

    def _tag(self, key: str) -> str:
        return str(self.versions.get(key, 0))

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        self.versions[key] = self.versions.get(key, 0) + 1
        self.sent.append(key.removeprefix("p/"))
        on_progress(Path(path).stat().st_size)
        return super().send(path, bucket, key, on_progress)._replace(digest=Path(path).read_text())

    def digest(self, path: Path, on_progress: ProgressCallback = no_progress) -> str:
        self.compared.append(f"digest of {path.name}")
        return path.read_text()

    def holds(
        self, bucket: str, stored: Stored, path: Path, on_progress: ProgressCallback = no_progress
    ) -> bool | None:
        self.compared.append(f"content of {path.name}")
        return self.objects[stored.key] == path.read_bytes() if self.sure else None


class Folder:
    """A folder that is mirrored to ``p/``, with an index."""

    def __init__(self, top: Path) -> None:
        self.path, self.cache, self.store = top / "data", top / "cache", Tagging()
        self.path.mkdir()
        self.notes: list[str] = []
        self.meter = Meter(clock=lambda: 0.0)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.path / name).write_text(text)
            os.utime(self.path / name, ns=(1, 1))

    def sync(self) -> SyncResult:
        self.store.sent, self.store.compared, self.notes = [], [], []
        self.meter = Meter(clock=lambda: 0.0)
        return self._sync().run()

    def _sync(self) -> Sync:
        return Sync(
            tree=Tree(self.path),
            store=self.store,
            bucket="b",
            prefix="p/",
            cache=self.cache,
            note=self.notes.append,
            meter=self.meter,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write(a="one", b="two")
    return made


def test_what_was_sent_is_counted(folder: Folder) -> None:
    folder.store.objects["p/old"] = b"x"
    assert folder.sync() == SyncResult(sent=2, sent_bytes=6, deleted=1, total=2)
    assert (folder.meter.seen_files, folder.meter.seen_size, folder.meter.moved_size) == (2, 6, 6)
    assert sorted(folder.store.objects) == ["p/a", "p/b"]


def test_a_file_whose_times_alone_changed_is_compared_by_its_digest(folder: Folder) -> None:
    folder.sync()
    os.utime(folder.path / "a", ns=(2, 2))
    assert folder.sync() == SyncResult(total=2)
    assert "digest of a" in folder.store.compared
    assert "content of a" not in folder.store.compared
    assert folder.meter.seen_size == 6
    folder.write(a="eno")
    assert folder.sync() == SyncResult(sent=1, sent_bytes=3, total=2)
    assert folder.store.objects["p/a"] == b"eno"


def test_a_file_of_another_size_is_sent_without_a_look(folder: Folder) -> None:
    folder.sync()
    folder.write(a="longer")
    assert folder.sync() == SyncResult(sent=1, sent_bytes=6, total=2)
    assert "digest of a" not in folder.store.compared


def test_an_object_that_another_wrote_is_compared_by_content(folder: Folder) -> None:
    folder.sync()
    folder.store.versions["p/a"] = 7
    assert folder.sync() == SyncResult(total=2)
    assert "content of a" in folder.store.compared
    folder.store.versions["p/a"], folder.store.objects["p/a"] = 8, b"eno"
    assert folder.sync() == SyncResult(sent=1, sent_bytes=3, total=2)
    assert folder.store.objects["p/a"] == b"one"


def test_where_content_cannot_be_compared_it_is_sent_and_said(folder: Folder) -> None:
    folder.store.objects |= {"p/a": b"one", "p/b": b"twenty"}
    folder.store.sure = False
    assert folder.sync() == SyncResult(sent=2, sent_bytes=6, total=2, unsure=1)
    (note,) = folder.notes
    assert note.startswith("1 file sent that may have been unchanged: the bucket is encrypted with a KMS key")


def test_a_file_that_is_written_to_while_it_is_compared_is_sent(folder: Folder) -> None:
    folder.store.objects |= {"p/a": b"one", "p/b": b"two"}
    original = folder.store.holds

    def changing(bucket: str, stored: Stored, path: Path, on_progress: ProgressCallback = no_progress) -> bool | None:
        same = original(bucket, stored, path, on_progress)
        if path.name == "a":
            path.write_text("eno")
        return same

    folder.store.holds = changing  # type: ignore[method-assign]
    assert folder.sync() == SyncResult(sent=1, sent_bytes=3, total=2)
    assert folder.store.objects == {"p/a": b"eno", "p/b": b"two"}


class Refusing(Tagging):
    """A store that cannot hold ``a`` while it holds ``old``, as a folder cannot hold ``a`` beside ``a/x``."""

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        if key == "p/a" and "p/old" in self.objects:
            raise KeyRefused("p/a", "clashes")
        return super().send(path, bucket, key, on_progress)

    def delete(self, bucket: str, keys: Iterator[str]) -> None:  # type: ignore[override]
        super().delete(bucket, [key for key in keys if key != "p/stays"])


def test_a_key_that_clashes_is_sent_once_the_other_is_gone(folder: Folder) -> None:
    folder.store = Refusing()
    folder.store.objects["p/old"] = b"x"
    assert folder.sync() == SyncResult(sent=2, sent_bytes=6, deleted=1, total=2)
    assert sorted(folder.store.objects) == ["p/a", "p/b"]


def test_a_difference_is_found_by_size_or_content_and_a_look_is_remembered(folder: Folder) -> None:
    folder.sync()

    def first() -> tuple[str | None, list[str]]:
        folder.store.compared = []
        return folder._sync().first_difference(), folder.store.compared

    os.utime(folder.path / "a", ns=(2, 2))
    assert first()[0] is None
    folder.store.objects["p/b"] = b"twenty"
    assert first() == ("b", ["content of a"])
    folder.store.objects["p/b"] = b"owt"
    assert first() == ("b", ["content of a", "content of b"])
    del folder.store.objects["p/b"]
    assert first()[0] == "b"
    folder.store.objects |= {"p/b": b"two", "p/aa": b"x"}
    assert first()[0] == "aa"
    (folder.path / "b").unlink()
    del folder.store.objects["p/b"], folder.store.objects["p/aa"]
    assert first()[0] is None, "what both have lost is no difference"
    folder.store.sure = False
    assert first()[0] is None, "nothing is known of it"
