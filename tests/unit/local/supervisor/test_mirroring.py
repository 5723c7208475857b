"""Folders that are saved while a job runs: what of it a person hears, and what is left at the end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simple_sagemaker.local.data.failures import JobFault
from simple_sagemaker.local.requests.request import MirroredFolder
from simple_sagemaker.local.supervisor import mirroring
from simple_sagemaker.local.supervisor.mirroring import Mirrors
from simple_sagemaker.storage.folder_store import FolderStore

STATE = MirroredFolder(path="/state/", uri="s3://b/p/state/", restores=True, deletes=True)
BOARD = MirroredFolder(path="/board", uri="s3://b", restores=False, deletes=False)


class Unreliable(FolderStore):
    """A bucket that can be out of order."""

    is_broken = False

    def send(self, *arguments: Any, **named: Any) -> Any:
        if self.is_broken:
            raise OSError(28, "No space left on device")
        return super().send(*arguments, **named)


@pytest.fixture
def store(tmp_path: Path) -> Unreliable:
    store = Unreliable(tmp_path / "buckets")
    store.make_bucket("b")
    return store


def mirrors(store: Unreliable, folder: Path, *mirrored: MirroredFolder, hosts: int = 1) -> tuple[Mirrors, list[str]]:
    """The mirrors of hosts that have their folders below one of their own; and what is said of them."""
    work: Any = SimpleNamespace(mirrored_folders=lambda: mirrored)
    made: list[Any] = []
    for number in range(hosts, 0, -1):
        own = folder / f"algo-{number}"
        for one in mirrored:
            (own / one.path.strip("/")).mkdir(parents=True)
        inside = lambda path, own=own: own / path.strip("/")  # noqa: E731
        made.append(SimpleNamespace(name=f"algo-{number}", number=number, folder=own, inside=inside))
    said: list[str] = []
    found = Mirrors(work, made, store, lambda host, text: said.append(f"{host}: {text}"))
    for host in made:
        for _ in found.restore(host):
            pass
    return found, said


def keys(store: Unreliable) -> list[str]:
    return [one.key for one in store.list("b", "")]


def test_a_state_is_restored_and_a_folder_that_is_only_sent_is_not(store: Unreliable, tmp_path: Path) -> None:
    store.write("b", "p/state/x", b"old")
    store.write("b", "y", b"old")
    found, said = mirrors(store, tmp_path, STATE, BOARD)
    assert (tmp_path / "algo-1/state/x").read_bytes() == b"old"
    assert not (tmp_path / "algo-1/board/y").exists()
    (tmp_path / "algo-1/state/new").write_text("new")
    (tmp_path / "algo-1/board/log").write_text("log")
    assert found.flush() == ""
    assert keys(store) == ["log", "p/state/new", "p/state/x", "y"]
    assert said == []


def test_a_bucket_that_is_not_there_fails_the_job_in_the_services_words(store: Unreliable, tmp_path: Path) -> None:
    gone = MirroredFolder(path="/state", uri="s3://gone/x", restores=True, deletes=True)
    with pytest.raises(JobFault, match=r"Data download failed:Unable to download object s3://gone/x/ \(NoSuchBucket"):
        mirrors(store, tmp_path, gone)


def test_trouble_is_said_once_and_its_end_too(store: Unreliable, tmp_path: Path) -> None:
    found, said = mirrors(store, tmp_path, STATE, hosts=2)
    (tmp_path / "algo-2/state/x").write_text("x")
    store.is_broken = True
    for _ in range(3):
        for _ in found._pass_once():
            pass
    (trouble,) = said
    assert trouble.startswith("algo-2: state cannot be saved now: No space left on device. The job goes on; saving is ")
    assert found.flush() == "state cannot be saved to s3://b/p/state/: No space left on device"
    store.is_broken = False
    assert found.flush() == ""
    assert said[1:] == ["algo-2: state is saved again"]
    assert keys(store) == ["p/state/x"]
    store.is_broken = True
    (tmp_path / "algo-2/state/x").write_text("longer")
    found.flush()
    assert len(said) == 3  # new trouble is said anew


def test_what_cannot_be_kept_is_named_with_its_folder(store: Unreliable, tmp_path: Path) -> None:
    found, said = mirrors(store, tmp_path, STATE)
    (tmp_path / "algo-1/state/link").symlink_to("/etc/passwd")
    found.flush()
    found.flush()
    assert len(said) == 1
    assert said[0].startswith("algo-1: state/link is not kept: ")


def test_very_many_files_are_said_once(store: Unreliable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mirroring.MANY_FILES == 10_000
    monkeypatch.setattr(mirroring, "MANY_FILES", 3)
    found, said = mirrors(store, tmp_path, STATE)
    for number in range(3):
        (tmp_path / f"algo-1/state/{number}").write_text("x")
    found.flush()
    assert said == []
    (tmp_path / "algo-1/state/3").write_text("x")
    found.flush()
    found.flush()
    assert len(said) == 1
    assert said[0].startswith("algo-1: state holds more than 3 files. That is no trouble here; on AWS the sync ")


def test_passes_pause_for_a_second_or_ten_times_as_long_as_they_take(
    store: Unreliable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(mirroring, "time", SimpleNamespace(monotonic=lambda: clock.now))
    found, _ = mirrors(store, tmp_path, STATE)
    (tmp_path / "algo-1/state/x").write_text("x")
    passes = found.passes()
    assert next(passes) is True
    while next(passes):
        pass
    assert keys(store) == ["p/state/x"]
    clock.now += 0.9
    assert next(passes) is False
    clock.now += 0.2
    (tmp_path / "algo-1/state/y").write_text("y")
    assert next(passes) is True
    clock.now += 2.0  # which this pass takes
    while next(passes):
        pass
    clock.now += 19.0
    assert next(passes) is False
    clock.now += 1.1
    (tmp_path / "algo-1/state/z").write_text("z")
    assert next(passes) is True


def test_saving_ends_when_it_has_to(store: Unreliable, tmp_path: Path) -> None:
    found, _ = mirrors(store, tmp_path, STATE)
    (tmp_path / "algo-1/state/x").write_text("x")

    def stop(_: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        found.flush(stop)
