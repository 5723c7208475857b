"""Index of the files sent to a place and their state then: a cache, safe to delete, that saves reading the files.

One SQLite file for each place. A row counts only together with a listing: it says which tag the object then had.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ..private import make_private

_FORMAT = 1
_PAGE = 2000  # rows
_ROWS = 200  # written by one statement: between statements other threads get their turn, which costs more than a row
_TICK_NS = 2_000_000_000  # the coarsest clock of file systems; a file written within it may change without a new time
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, mark TEXT, digest TEXT, tag TEXT) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS gone (key TEXT);
"""


class Sent(NamedTuple):
    """One object that was sent: the file's mark ("" if it cannot be trusted), its digest, the object's tag."""

    key: str
    mark: str
    digest: str
    tag: str


_make_sent = partial(tuple.__new__, Sent)  # as Sent._make, in half the time


def mark(stat: os.stat_result) -> str:
    """A text that changes when a file does: its size, its times, and its inode and device."""
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}:{stat.st_dev}"


def mark_if_settled(file_mark: str, read_ns: int) -> str:
    """The mark of a file read from that time on; "" if the file may have been written again within the same tick."""
    _, modified_ns, changed_ns, _, _ = file_mark.split(":")
    return file_mark if max(int(modified_ns), int(changed_ns)) < read_ns - _TICK_NS else ""


class Index:
    """The rows of one place, for one thread. Raises sqlite3.DatabaseError for a foreign or broken file."""

    def __init__(self, file: str) -> None:
        """``file`` "" is a database that vanishes when it is closed."""
        self._base = sqlite3.connect(file, timeout=60, isolation_level=None)
        try:
            self._make_ready()
        except BaseException:
            self._base.close()  # or the file could not be deleted on Windows
            raise
        self._new: list[Sent] = []
        self._old: list[tuple[str]] = []

    def _make_ready(self) -> None:
        self._base.execute("PRAGMA synchronous = OFF")  # a cache
        if self._base.execute("PRAGMA user_version").fetchone() != (_FORMAT,):
            self._base.execute("DROP TABLE IF EXISTS sent")
            self._base.execute(f"PRAGMA user_version = {_FORMAT}")
        self._base.executescript(_SCHEMA)

    def close(self) -> None:
        self._base.close()

    @property
    def is_empty(self) -> bool:
        return self._base.execute("SELECT 1 FROM sent LIMIT 1").fetchone() is None

    def rows(self) -> Iterator[Sent]:
        """Yield all rows in the order of keys. Changes made meanwhile may be seen or not."""
        last: str | None = None
        while True:
            after = "" if last is None else "WHERE key > ?"
            query = f"SELECT key, mark, digest, tag FROM sent {after} ORDER BY key LIMIT {_PAGE}"  # noqa: S608 - no input
            page = self._base.execute(query, () if last is None else (last,)).fetchall()
            yield from map(_make_sent, page)
            if len(page) < _PAGE:
                return
            last = page[-1][0]

    def put(self, row: Sent) -> None:
        self._new.append(row)
        if len(self._new) >= _PAGE:
            self.save()

    def forget(self, key: str) -> None:
        self._old.append((key,))
        if len(self._old) >= _PAGE:
            self.save()

    def save(self) -> None:
        """Write the rows put and forgotten since the last save."""
        self._base.execute("BEGIN IMMEDIATE")
        self._base.executemany("DELETE FROM sent WHERE key = ?", self._old)
        for start in range(0, len(self._new), _ROWS):
            rows = self._new[start : start + _ROWS]
            places = ",".join(["(?, ?, ?, ?)"] * len(rows))
            self._base.execute(f"INSERT OR REPLACE INTO sent VALUES {places}", [*chain(*rows)])  # noqa: S608 - no input
        self._base.execute("COMMIT")
        self._new, self._old = [], []

    def add_deletion(self, key: str) -> None:
        """Remember a key to be deleted later, within this process only."""
        self._base.execute("INSERT INTO gone VALUES (?)", (key,))

    def clear_deletions(self) -> None:
        self._base.execute("DELETE FROM gone")

    def deletions(self) -> Iterator[str]:
        """Yield the keys remembered for deletion."""
        for (key,) in self._base.execute("SELECT key FROM gone"):
            yield key


def file_of(folder: Path, place: str) -> Path:
    """The path of a place's index."""
    return folder / f"{hashlib.sha256(place.encode()).hexdigest()[:24]}.sqlite"


@contextmanager
def open_index(file: Path | None, waiting: Callable[[], None]) -> Iterator[Index]:
    """Open the index in ``file`` exclusively; ``waiting`` is called when another process has it.

    A broken index is replaced by an empty one. Without a file, or where none can be written, the index is temporary.
    """
    with (
        _alone(file, waiting) as is_writable,
        closing(_open_or_recreate(file) if file and is_writable else Index("")) as index,
    ):
        try:
            yield index
        finally:
            index.save()


def _open_or_recreate(file: Path) -> Index:
    try:
        return Index(str(file))
    except sqlite3.DatabaseError:
        drop(file)
        return Index(str(file))


def drop(file: Path) -> None:
    """Delete an index."""
    for path in (file, file.with_name(file.name + "-journal")):
        path.unlink(missing_ok=True)


@contextmanager
def _alone(file: Path | None, waiting: Callable[[], None]) -> Iterator[bool]:
    """Lock the index; yield whether its folder can be written at all."""
    handle = None
    if file is not None:
        with suppress(OSError):  # a home that is read only, or full
            make_private(file.parent)
            handle = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if handle is not None:
            _lock(handle, waiting)
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def _lock(handle: int, waiting: Callable[[], None]) -> None:
    if sys.platform == "win32":  # no lock between commands there
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a network folder without locks
        return
