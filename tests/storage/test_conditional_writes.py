"""Conditional writes, on which the locks of tasks rest: of many threads and processes at once, one succeeds.

moto looks at a condition and writes afterwards, so that two at once may both succeed: here it answers one request at a
time, as S3 changes an object. rclone does not look at conditions (tests/storage/test_stores.py).
"""

from __future__ import annotations

import multiprocessing
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simple_sagemaker.core.store import Store
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.s3.store import S3Store
from tests.counts import examples
from tests.storage.conftest import session
from tests.storage.servers import moto_in_turn

THREADS = 4
PROCESSES = 3


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_in_turn() as url:
        yield url


def open_store(where: str) -> Store:
    return S3Store(session(), endpoint=where) if where.startswith("http") else FolderStore(Path(where))


@pytest.fixture(params=["folder", "moto"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The folder or the address of a store that has a bucket ``writes``."""
    place = str(tmp_path / "buckets") if request.param == "folder" else str(request.getfixturevalue("server"))
    open_store(place).make_bucket("writes")
    return place


def at_once(where: str, act: str, key: str, each: int) -> None:
    """Call a function of this module in some threads of some processes, of which one is this."""
    others = [
        multiprocessing.get_context("spawn").Process(target=_in_threads, args=(where, act, key, each), daemon=True)
        for _ in range(PROCESSES - 1)
    ]
    try:
        for other in others:
            other.start()
        _in_threads(where, act, key, each)
        for other in others:
            other.join(100)
        assert [other.exitcode for other in others] == [0] * len(others)
    finally:
        for other in others:
            other.kill()


def _in_threads(where: str, act: str, key: str, each: int) -> None:
    store, gate = open_store(where), threading.Barrier(THREADS)

    def run(_: int) -> None:
        gate.wait(60)
        for turn in range(each):
            globals()[act](store, key, turn)

    with ThreadPoolExecutor(THREADS) as workers:
        list(workers.map(run, range(THREADS)))


def make_once(store: Store, key: str, turn: int) -> None:
    """Try to make an object; who does writes so down."""
    ours = uuid.uuid4().hex
    if store.write_if("writes", f"{key}/made-{turn}", ours.encode(), expected=None):
        store.write("writes", f"{key}/by-{turn}/{ours}", b"")


def count_up(store: Store, key: str, turn: int) -> None:
    """Add one to the number in an object, as often as it takes to be the one whose write counts."""
    while True:
        current = store.read("writes", key)
        number = int(current.split()[0])
        if store.write_if("writes", key, f"{number + 1} {uuid.uuid4().hex}".encode(), expected=current):
            return


def test_one_of_many_makes_the_object(where: str) -> None:
    store, turns = open_store(where), examples(4, 40)
    at_once(where, "make_once", "once", turns)
    for turn in range(turns):
        made = store.read("writes", f"once/made-{turn}").decode()
        assert [one.key.rpartition("/")[2] for one in store.list("writes", f"once/by-{turn}/")] == [made]


def test_no_write_of_many_is_lost(where: str) -> None:
    store, turns = open_store(where), examples(2, 20)
    store.write("writes", "counter", b"0 start")
    at_once(where, "count_up", "counter", turns)
    assert int(store.read("writes", "counter").split()[0]) == PROCESSES * THREADS * turns
