"""The index of what was sent: a cache that is never believed too much."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.sync import index
from simple_sagemaker.storage.sync.index import Index, Sent
from simple_sagemaker.storage.sync.local_tree import Tree
from simple_sagemaker.storage.sync.sync import Sync, SyncResult


def quiet() -> None:
    raise AssertionError("nobody else has it")


def test_rows_are_kept_in_the_order_of_keys(tmp_path: Path) -> None:
    rows = [Sent(f"{number:05}{letter}", "m", "d", "t") for number in range(3000) for letter in "aé"]
    with index.open_index(tmp_path / "i.sqlite", quiet) as found:
        for row in reversed(rows):
            found.put(row)
    with index.open_index(tmp_path / "i.sqlite", quiet) as found:
        assert list(found.rows()) == sorted(rows, key=lambda row: row.key.encode())
        found.forget(rows[0].key)
        found.put(rows[1]._replace(tag="new"))
    with index.open_index(tmp_path / "i.sqlite", quiet) as found:
        assert [(row.key, row.tag) for row in found.rows()][:1] == [(rows[1].key, "new")]


def test_a_full_page_is_written_at_once_so_that_a_killed_sync_has_sent_it_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_PAGE", 2)
    file = str(tmp_path / "i.sqlite")

    def kept() -> list[str]:
        with closing(sqlite3.connect(file)) as other:
            return [key for (key,) in other.execute("SELECT key FROM sent ORDER BY key")]

    with closing(Index(file)) as found:
        found.put(Sent("a", "m", "d", "t"))
        assert kept() == []
        found.put(Sent("b", "m", "d", "t"))
        assert kept() == ["a", "b"]
        found.forget("a")
        assert kept() == ["a", "b"]
        found.forget("b")
        assert kept() == []


def test_what_was_put_is_kept_when_the_sync_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with index.open_index(tmp_path / "i.sqlite", quiet) as found:
            found.put(Sent("k", "m", "d", "t"))
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        fail()
    with index.open_index(tmp_path / "i.sqlite", quiet) as found:
        assert [row.key for row in found.rows()] == ["k"]


def test_a_file_written_to_within_the_clocks_tick_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    fresh = os.stat(tmp_path / "f")
    assert index.mark_if_settled(index.mark(fresh), time.time_ns()) == ""
    assert index.mark_if_settled(index.mark(fresh), time.time_ns() + 10**10) == index.mark(fresh)


SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("modified_ns", "changed_ns", "settled"),
    [
        (10 * SECOND - 1, 10 * SECOND - 1, True),
        (0, 10 * SECOND, False),  # its name, or its times, changed within the tick
        (10 * SECOND, 0, False),
        (11 * SECOND, 11 * SECOND, False),
        (99 * SECOND, 0, False),  # a time of the future can be that of the next change too
    ],
)
def test_a_file_is_settled_two_seconds_after_its_last_change(modified_ns: int, changed_ns: int, settled: bool) -> None:
    mark = f"5:{modified_ns}:{changed_ns}:7:8"
    assert index.mark_if_settled(mark, read_ns=12 * SECOND) == (mark if settled else "")


def test_a_file_that_was_rewritten_and_given_its_old_time_has_another_mark(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("old")
    before = os.stat(file)
    until = time.monotonic() + 300
    while os.stat(file).st_ctime_ns == before.st_ctime_ns:  # until the clock of the file system has moved on
        assert time.monotonic() < until
        file.write_text("new")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.stat(file).st_mtime_ns == before.st_mtime_ns
    assert index.mark(os.stat(file)) != index.mark(before)


@pytest.mark.parametrize("there_before", [False, True], ids=["sent", "compared"])
def test_a_file_that_is_sent_or_compared_within_the_tick_is_looked_at_again(top: Path, there_before: bool) -> None:
    if there_before:
        sync(top, None)
    far = time.time_ns() + 3600 * SECOND  # as if all were written just now, however slow this machine is
    for number in range(29):
        os.utime(top / "data" / f"{number}", ns=(far, far))
    sync(top, top / "cache")
    with closing(Index(str(file_of(top)))) as known:
        marks = {row.key: row.mark for row in known.rows()}
    assert {key for key, mark in marks.items() if mark} <= {"29"}
    assert len(marks) == 30


def sync(top: Path, cache: Path | None) -> SyncResult:
    store = FolderStore(top / "buckets")
    store.make_bucket("b")
    return Sync(tree=Tree(top / "data"), store=store, bucket="b", prefix="p/", cache=cache).run()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for number in range(30):
        (tmp_path / "data" / f"{number}").write_text("x")
    return tmp_path


def file_of(top: Path) -> Path:
    (found,) = (top / "cache").glob("*.sqlite")
    return found


@pytest.mark.parametrize("damage", ["all", "middle", "empty", "other", "older"])
def test_a_broken_index_is_begun_anew(top: Path, damage: str) -> None:
    sync(top, top / "cache")
    file = file_of(top)
    whole = file.read_bytes()
    if damage == "all":
        file.write_bytes(b"no database" * 1000)
    elif damage == "middle":
        file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        base = sqlite3.connect(file)
        base.execute("DROP TABLE sent")
        base.execute("CREATE TABLE sent (other TEXT)" if damage == "other" else "PRAGMA user_version = 99")
        base.commit()
        base.close()
    (top / "data" / "new").write_text("y")
    assert (sync(top, top / "cache").sent, sync(top, top / "cache").sent) == (1, 0)
    assert FolderStore(top / "buckets").read("b", "p/new") == b"y"
    with closing(sqlite3.connect(file)) as base:  # nothing is looked at again for ever
        assert base.execute("SELECT count(*) FROM sent").fetchone() == (31,)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_home_that_cannot_be_written_is_no_hindrance(top: Path) -> None:
    (top / "closed").mkdir(mode=0o500)
    assert sync(top, top / "closed" / "cache").sent == 30


def test_without_a_cache_nothing_is_sent_again_either(top: Path) -> None:
    assert (sync(top, None).sent, sync(top, None).sent) == (30, 0)


def test_a_second_sync_of_the_same_place_waits_and_says_so(top: Path) -> None:
    store = FolderStore(top / "buckets")
    store.make_bucket("b")
    notes: list[str] = []
    waits = threading.Event()

    def note(text: str) -> None:
        notes.append(text)
        waits.set()

    second = Sync(tree=Tree(top / "data"), store=store, bucket="b", prefix="p/", cache=top / "cache", note=note)
    place = index.file_of(top / "cache", f"{store.place}\ns3://b/p/")
    with index.open_index(place, quiet):
        thread = threading.Thread(target=second.run)
        thread.start()
        assert waits.wait(60)
        assert list(store.list("b", "p/")) == []
    thread.join()
    assert notes == ["Waiting for another command that sends the same input"]
    assert len(list(store.list("b", "p/"))) == 30


def test_many_syncs_at_once_end_in_a_mirror(top: Path) -> None:
    processes = [multiprocessing.get_context("spawn").Process(target=sync, args=(top, top / "cache")) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert sync(top, top / "cache").sent == 0


def test_an_index_that_nobody_kept_vanishes() -> None:
    temporary = Index("")
    temporary.put(Sent("k", "m", "d", "t"))
    temporary.save()
    assert [row.key for row in temporary.rows()] == ["k"]
    temporary.close()
