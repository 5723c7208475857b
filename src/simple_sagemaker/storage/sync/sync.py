"""A local folder or file mirrored to a key prefix: afterwards the prefix holds what the folder holds, nothing else.

Three lists in the order of keys go by side by side: the files, the objects, and the index of what was sent. A file is
not sent when its object is as we left it and the file as we read it; where either is in doubt, contents are compared.
Memory does not grow with the number of files or their size.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ...core import layout
from ...core.progress import Meter, counted
from ...core.store import Copied, KeyRefused, Store, Stored, Told
from ..worker_pool import LIGHT, ROOM, Abreast
from . import index
from .index import Index, Sent
from .local_tree import File, Tree
from .scan import sorted_on_disk


@dataclass(kw_only=True)
class Synced:
    """What a sync did: objects and bytes sent, objects deleted, and how many the prefix holds now.

    ``unsure`` are those of ``sent`` that may have been unchanged, in a bucket whose tags do not tell.
    """

    sent: int = 0
    sent_bytes: int = 0
    deleted: int = 0
    held: int = 0
    unsure: int = 0


class _Out(NamedTuple):
    """One file to be sent; ``found`` is an object of its size that may have its content already."""

    file: File
    found: Stored | None
    known: Sent | None


class _Sent(NamedTuple):
    """What became of one: ``copied`` None means that nothing had to be sent, ``row`` None that nothing is there."""

    out: _Out
    row: Sent | None = None
    copied: Copied | None = None
    unsure: bool = False
    clash: KeyRefused | None = None


class _Unordered(Exception):
    """The store lists its keys in another order than S3 does."""


@dataclass(frozen=True, kw_only=True)
class Sync:
    """A tree on its way to a prefix, which ends in "/". ``cache`` is the folder of indexes, None for none."""

    tree: Tree
    store: Store
    bucket: str
    prefix: str
    cache: Path | None = None
    note: Callable[[str], None] = lambda _: None
    meter: Meter = field(default_factory=Meter)

    def run(self) -> Synced:
        """Make the prefix hold exactly the tree: changed and new files are sent, then what is not among them goes.

        Others may see a half-made copy meanwhile: objects appear one by one. Ended on the way, the next run goes on.
        Raises ChangedMeanwhile for a file that is always written to, KeyRefused for what the store cannot hold.
        """
        if not self.prefix.endswith("/"):
            raise ValueError(f"a prefix that does not end in '/': {self.prefix!r}")
        place = f"{self.store.place}\n{layout.uri(self.bucket, self.prefix)}"
        done = self._with_index(index.file_of(self.cache, place) if self.cache else None)
        if done.unsure:
            self.note(
                f"{counted(done.unsure)} sent that may have been unchanged: the bucket is encrypted with a key of "
                "KMS, so that its objects do not tell their content"
            )
        return done

    def _with_index(self, file: Path | None) -> Synced:
        done = Synced()
        try:
            with index.opened(file, waiting=self._wait) as known:
                try:
                    self._once(known, self._listed(), done)
                except _Unordered:
                    self._once(known, _put_in_order(self._listed()), done)
                return done
        except sqlite3.DatabaseError:  # a broken index: everything is in doubt
            if file is None:
                raise
            index.drop(file)
            return self._with_index(None)

    def _wait(self) -> None:
        self.note("Waiting for another command that sends the same input")

    def _listed(self) -> Iterator[Stored]:
        listed = self.store.list(self.bucket, self.prefix)
        return _put_in_order(listed) if layout.is_directory_bucket(self.bucket) else listed

    def _once(self, known: Index, listed: Iterator[Stored], done: Synced) -> None:
        known.forget_gone()
        done.held = 0
        clashes = self._send(self._to_send(known, listed, done), known, done)
        done.deleted = self._delete(known)
        for again in self._send((one.out for one in clashes), known, done):
            if again.clash:
                raise again.clash

    def _send(self, to_send: Iterator[_Out], known: Index, done: Synced) -> list[_Sent]:
        """Send, and keep account; gives those whose key clashes with one that is there."""

        def moved(size: int) -> None:
            crowd.check()
            self.meter.moved(size)

        crowd: Abreast[_Out, _Sent] = Abreast(lambda out: self._settled(out, crowd, moved), to_send, weigh=_weight)
        clashes = []
        for one in crowd:
            if one.clash:
                clashes.append(one)
                continue
            self.meter.finished()
            if one.row is None:
                done.held -= 1
                known.remember_gone(self.prefix + one.out.file.key)
                known.forget(one.out.file.key)
                continue
            known.put(one.row)
            if one.copied:
                done.sent += 1
                done.sent_bytes += one.copied.stat.st_size
                done.unsure += one.unsure
        return clashes

    def _to_send(self, known: Index, listed: Iterator[Stored], done: Synced) -> Iterator[_Out]:
        """The files that are not surely unchanged; what is no longer there is remembered to be deleted."""
        files = self.tree.files(self.prefix)
        for key, file, found, row in _side_by_side(files, _below(listed, self.prefix), known.rows()):
            if file is None:
                if found is not None:
                    known.remember_gone(found.key)
                if row is not None:
                    known.forget(key)
                continue
            done.held += 1
            if row is not None and found is not None and row.tag == found.tag and row.mark == file.mark:
                self.meter.passed(file.size)
            else:
                same_size = found is not None and found.size == file.size
                yield _Out(file, found if same_size else None, row)

    def _settled(self, out: _Out, crowd: Abreast[_Out, _Sent], moved: Told) -> _Sent:
        """Send a file, if it has to be sent; in a thread of its own."""
        file = out.file
        began = time.time_ns()
        try:
            same, digest = self._compared(out, crowd) if out.found else (False, "")
            if same and out.found:
                self.meter.seen_size += file.size
                return _Sent(out, Sent(file.key, index.settled(file.mark, began), digest, out.found.tag))
            copied = self._copied(file, crowd, moved)
        except KeyRefused as error:
            return _Sent(out, clash=error)
        except FileNotFoundError:
            if os.path.exists(file.path):
                raise  # it is the bucket that is not there
            return _Sent(out)
        row = Sent(file.key, index.settled(index.mark(copied.stat), began), copied.digest, copied.tag)
        return _Sent(out, row, copied, unsure=same is None)

    def _compared(self, out: _Out, crowd: Abreast[_Out, _Sent]) -> tuple[bool | None, str]:
        """Whether the object has the file's content (None: that cannot be known), and the file's digest if known."""
        file, found, known = out
        if found is None:
            return False, ""
        path = Path(file.path)
        if known is not None and known.digest and known.tag == found.tag:
            digest = self.store.digest(path, crowd.check)
            same: bool | None = digest == known.digest
        else:
            digest, same = "", self.store.holds(self.bucket, found, path, crowd.check)
        if same and index.mark(os.stat(path)) != file.mark:
            return False, ""  # it was written to meanwhile
        return same, digest

    def _copied(self, file: File, crowd: Abreast[_Out, _Sent], moved: Told) -> Copied:
        with crowd.timed() if file.size <= LIGHT else nullcontext():
            return self.store.send(file.path, self.bucket, self.prefix + file.key, moved)

    def _delete(self, known: Index) -> int:
        """Delete what was remembered, in batches; gives how many there were."""
        count = 0

        def counted() -> Iterator[str]:
            nonlocal count
            for key in known.gone():
                count += 1
                yield key

        self.store.delete(self.bucket, counted())
        return count


def _weight(out: _Out) -> int:
    return min(out.file.size, ROOM)


def _below(listed: Iterator[Stored], prefix: str) -> Iterator[tuple[str, Stored]]:
    """The objects with their keys below a prefix. Raises _Unordered where they come in another order than S3's."""
    last = ""
    for found in listed:
        key = found.key[len(prefix) :]
        if key < last:
            raise _Unordered
        last = key
        yield key, found


def _put_in_order(listed: Iterator[Stored]) -> Iterator[Stored]:
    """A listing of a store that knows no order, as S3's directory buckets do not."""
    lines = (f"{one.key}\n\n{one.size}\n\n{one.modified}\n\n{one.tag}" for one in listed)
    for line in sorted_on_disk(lines):
        key, size, modified, tag = line.rsplit("\n\n", 3)
        yield Stored(key=key, size=int(size), modified=float(modified), tag=tag)


_Row = tuple[str, File | None, Stored | None, Sent | None]


def _side_by_side(files: Iterator[File], listed: Iterator[tuple[str, Stored]], rows: Iterator[Sent]) -> Iterator[_Row]:
    """Three lists in the order of keys as one: each key that any of them has, and what each has of it."""
    file, found, row = next(files, None), next(listed, None), next(rows, None)
    while True:
        if file and found and row and file[0] == found[0] == row[0]:  # nearly all of them, mostly
            yield file[0], file, found[1], row
            file, found, row = next(files, None), next(listed, None), next(rows, None)
            continue
        heads = [head[0] for head in (file, found, row) if head]
        if not heads:
            return
        key = min(heads)
        here = file if file and file[0] == key else None
        there = found[1] if found and found[0] == key else None
        known = row if row and row[0] == key else None
        yield key, here, there, known
        file = next(files, None) if here else file
        found = next(listed, None) if there else found
        row = next(rows, None) if known else row
