"""A submission surveys its inputs once: every folder is walked once, and every address is listed once."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from simple_sagemaker.cli.main import status_of
from simple_sagemaker.core.store import Stored
from simple_sagemaker.storage.folder_store import FolderStore

_scanned: list[Counter[str]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _scanned and event == "os.scandir":
        _scanned[-1][os.fspath(str(arguments[0]))] += 1


sys.addaudithook(_hear)  # stays for as long as the process does, and is deaf outside the tests below


@contextmanager
def scans() -> Iterator[Counter[str]]:
    """How often each folder was scanned meanwhile, by this process."""
    counter: Counter[str] = Counter()
    _scanned.append(counter)
    try:
        yield counter
    finally:
        _scanned.remove(counter)


@pytest.fixture
def listings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each prefix was listed, by this process."""
    counter: Counter[str] = Counter()
    plain = FolderStore.list

    def counting(self: FolderStore, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        counter[f"s3://{bucket}/{prefix}"] += 1
        return plain(self, bucket, prefix, below)

    monkeypatch.setattr(FolderStore, "list", counting)
    return counter


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("w.py", "data/a.txt", "data/deep/b.txt", "home/buckets/other/set/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("print()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSM_ENGINE", "local")
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SSM_PYTHON", sys.executable)
    return tmp_path


RUN = ("run", "-p", "p", "-t", "t", "-e", "w.py", "-i", "data", "--iis", "more", "s3://other/set/")


@pytest.mark.parametrize("again", [False, True], ids=["the first job", "a rerun of what changed"])
def test_a_run_walks_its_data_once_and_lists_each_address_once(
    here: Path, listings: Counter[str], *, again: bool
) -> None:
    if again:
        assert status_of(RUN) == 0
        (here / "data/a.txt").write_text("another\n")
        listings.clear()
    with scans() as scanned:
        assert status_of([*RUN, "--if_changed"]) == 0
    assert {folder: count for folder, count in scanned.items() if folder.startswith("data")} == {
        "data": 1,
        "data/deep": 1,
    }
    # Once by the submission, and once by the engine, which refuses an empty channel as AWS does.
    mirror = "s3://sagemaker-us-east-1-000000000000/p/t/input/"
    assert (listings["s3://other/set/"], listings[mirror]) == (2, 2)


def test_a_skip_lists_no_input_and_walks_no_large_one(here: Path, listings: Counter[str]) -> None:
    assert status_of(RUN) == 0
    listings.clear()
    with scans() as scanned:
        assert status_of(RUN) == 0
    assert not listings
    assert {folder: times for folder, times in scanned.items() if folder.startswith("data")} == {
        "data": 3,  # is it large, once for each use; then what are its files
        "data/deep": 3,
    }
    for number in range(2000):
        (here / "data" / "deep" / str(number)).touch()
    with scans() as scanned:
        assert status_of(RUN) == 0
    assert not [folder for folder in scanned if folder.startswith("data") and scanned[folder] > 2]
