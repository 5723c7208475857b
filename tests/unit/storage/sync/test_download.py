"""A folder of objects downloaded: everything once, counted, and what is there already is not fetched again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.core.progress import Meter
from simple_sagemaker.core.store import ProgressCallback, Stored, no_progress
from simple_sagemaker.storage.sync.download import DownloadResult, Earlier, FolderDownload
from simple_sagemaker.storage.worker_pool import LIGHT
from tests.unit.memory import MemoryStore


class Counting(MemoryStore):
    """A store that says which objects were fetched, and which of them large, with the place for a part of them."""

    def __init__(self, **objects: bytes) -> None:
        super().__init__()
        self.objects = {f"p/{name}": data for name, data in objects.items()}
        self.filled: list[str] = []
        self.kept: list[Path] = []

    def fill(self, bucket: str, key: str, to: str, on_progress: ProgressCallback = no_progress) -> None:
        self.filled.append(key)
        super().fill(bucket, key, to, on_progress)
        on_progress(len(self.objects[key]))

    def fetch(
        self, bucket: str, key: str, to: Path, on_progress: ProgressCallback = no_progress, keep: Path | None = None
    ) -> None:
        assert keep
        self.kept.append(keep)
        super().fetch(bucket, key, to, on_progress, keep)
        on_progress(len(self.objects[key]))

    def holds(
        self, bucket: str, stored: Stored, path: Path, on_progress: ProgressCallback = no_progress
    ) -> bool | None:
        return path.read_bytes() == self.objects[stored.key]


def download(
    store: MemoryStore, top: Path, *earlier: Earlier, name: str = "to"
) -> tuple[DownloadResult, dict[str, bytes], Meter]:
    to, meter = top / name, Meter(clock=lambda: 0.0)
    to.mkdir()
    done = FolderDownload(
        store=store, bucket="b", prefix="p/", to=to, arriving=top / "arriving", earlier=earlier, meter=meter
    ).run()
    return done, {str(path.relative_to(to)): path.read_bytes() for path in to.rglob("*") if path.is_file()}, meter


CONTENT = {"a": b"1234", "empty": b"", "large": b"x" * (LIGHT + 1), "just": b"y" * LIGHT}


def test_everything_is_fetched_and_counted(tmp_path: Path) -> None:
    store = Counting(**CONTENT)
    store.objects |= {"p/sub/": b"", "p/": b"", "other/x": b"x"}
    done, held, meter = download(store, tmp_path)
    assert held == CONTENT
    whole = sum(map(len, CONTENT.values()))
    assert done == DownloadResult(files=4, fetched=4, fetched_bytes=whole)
    assert (meter.files, meter.size) == (4, whole)
    assert (meter.seen_files, meter.seen_size, meter.moved_size) == (4, whole, whole)
    assert sorted(store.filled) == ["p/a", "p/empty", "p/just"]
    (kept,) = store.kept
    assert kept.parent == tmp_path / "arriving"
    assert download(store, tmp_path, name="again")[0] == done
    assert store.kept == [kept] * 2, "a later try goes on with the same part"


def test_nothing_is_an_empty_folder(tmp_path: Path) -> None:
    done, held, _ = download(Counting(), tmp_path)
    assert (done, held) == (DownloadResult(files=0, fetched=0, fetched_bytes=0), {})


@pytest.mark.parametrize("ours", [True, False])
def test_what_an_earlier_folder_has_is_taken_from_there(tmp_path: Path, ours: bool) -> None:
    store = Counting(same=b"1234", other=b"5678", longer=b"abc", gone=b"x", linked=b"l", empty=b"", folder=b"f")
    before = tmp_path / "before"
    (before / "folder").mkdir(parents=True)
    for name, text in (("same", "1234"), ("other", "8765"), ("longer", "abcd"), ("target", "l"), ("empty", "")):
        (before / name).write_text(text)
    (before / "linked").symlink_to("target")
    inode = (before / "same").stat().st_ino
    done, held, meter = download(store, tmp_path, Earlier(tmp_path / "no folder", ours), Earlier(before, ours))
    assert held == {key.removeprefix("p/"): data for key, data in store.objects.items()}
    assert sorted(store.filled) == ["p/empty", "p/folder", "p/gone", "p/linked", "p/longer", "p/other"]
    assert done == DownloadResult(files=7, fetched=6, fetched_bytes=10)
    assert (meter.seen_files, meter.seen_size, meter.moved_size) == (7, 14, 10)
    assert (tmp_path / "to/same").stat().st_ino == inode
    assert (before / "same").exists() is not ours, "moved, or linked"
    assert os.listdir(tmp_path / "arriving") == []


def test_the_first_folder_that_has_it_counts(tmp_path: Path) -> None:
    for name, text in (("first", "old!"), ("second", "1234"), ("third", "1234")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(text)
    folders = [Earlier(tmp_path / name, ours=True) for name in ("first", "second", "third")]
    done, held, _ = download(Counting(a=b"1234"), tmp_path, *folders)
    assert (done.fetched, held) == (0, {"a": b"1234"})
    assert [(folder.folder / "a").exists() for folder in folders] == [True, False, True]
