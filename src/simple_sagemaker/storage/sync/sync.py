"""Mirror a local folder or file to a key prefix: afterwards the prefix holds what the folder holds, nothing else.

Three lists in the order of keys are merged: the files, the objects, and the index of what was sent. A file is not sent
if neither its object nor the file has changed since; where either is in doubt, contents are compared. Memory does not
grow with the number of files or their size.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from ...core import layout
from ...core.progress import Meter, file_count
from ...core.records import dataclass, field
from ...core.store import Copied, KeyRefused, ProgressCallback, Store, Stored
from ..worker_pool import LIGHT, ROOM, WorkerPool
from . import index
from .index import Index, Sent
from .local_tree import File, Tree
from .scan import sort_on_disk


@dataclass(kw_only=True)
class SyncResult:
    """Outcome of a sync: objects and bytes sent, objects deleted, and how many the prefix holds now.

    ``unsure`` is how many of ``sent`` may have been unchanged, in a bucket whose tags are not checksums.
    """

    sent: int = 0
    sent_bytes: int = 0
    deleted: int = 0
    total: int = 0
    unsure: int = 0


class _Upload(NamedTuple):
    """One file to be sent; ``stored`` is an object of the same size that may have its content already."""

    file: File
    stored: Stored | None
    known: Sent | None


class _UploadResult(NamedTuple):
    """Outcome of an upload: ``copied`` is None if nothing had to be sent, ``row`` is None if the file has vanished."""

    upload: _Upload
    row: Sent | None = None
    copied: Copied | None = None
    unsure: bool = False
    clash: KeyRefused | None = None


class _Unordered(Exception):
    """The store lists its keys in another order than S3 does."""


@dataclass(frozen=True, kw_only=True)
class Sync:
    """The sync of a tree to a prefix, which ends in "/". ``cache`` is the folder of indexes, None for none."""

    tree: Tree
    store: Store
    bucket: str
    prefix: str
    cache: Path | None = None
    note: Callable[[str], None] = lambda _: None
    meter: Meter = field(default_factory=Meter)

    def run(self) -> SyncResult:
        """Make the prefix hold exactly the tree: send changed and new files, then delete all other objects.

        Others may see a half-made copy meanwhile: objects appear one by one. After an interruption the next run
        resumes. Raises ChangedMeanwhile for a file that keeps being written to, and KeyRefused for a key that the store
        cannot hold.
        """
        if not self.prefix.endswith("/"):
            raise ValueError(f"a prefix that does not end in '/': {self.prefix!r}")
        place = f"{self.store.place}\n{layout.uri(self.bucket, self.prefix)}"
        done = self._with_index(index.file_of(self.cache, place) if self.cache else None)
        if done.unsure:
            self.note(
                f"{file_count(done.unsure)} sent that may have been unchanged: the bucket is encrypted with a KMS key, "
                "so that the ETags of its objects are not checksums"
            )
        return done

    def first_difference(self) -> str | None:
        """The first key that the two hold otherwise, None for none that is known; a file once read is remembered."""
        place = f"{self.store.place}\n{layout.uri(self.bucket, self.prefix)}"
        file = index.file_of(self.cache, place) if self.cache else None
        try:
            with index.open_index(file, waiting=self._wait) as known:
                return self._first_difference(known)
        except sqlite3.DatabaseError:  # a broken index: look without one
            with index.open_index(None, waiting=self._wait) as known:
                return self._first_difference(known)

    def _first_difference(self, known: Index) -> str | None:
        objects = _put_in_order(self._list_objects(known))
        files = self.tree.files(self.prefix)
        for key, file, stored, row in _side_by_side(files, _below(objects, self.prefix), known.rows()):
            if file is None and stored is None:
                continue  # a row of what both have lost
            if file is None or stored is None or stored.size != file.size:
                return key
            sent = row if row is not None and row.tag == stored.tag else None
            if sent is not None and sent.mark == file.mark:
                continue
            began = time.time_ns()
            if (same := self.store.holds(self.bucket, stored, Path(file.path))) is False:
                return key
            if same and index.mark(os.stat(file.path)) == (mark := file.mark):
                known.put(Sent(key, index.mark_if_settled(mark, began), sent.digest if sent else "", stored.tag))
        return None

    def _with_index(self, file: Path | None) -> SyncResult:
        done = SyncResult()
        try:
            with index.open_index(file, waiting=self._wait) as known:
                try:
                    self._once(known, self._list_objects(known), done)
                except _Unordered:
                    self._once(known, _put_in_order(self._list_objects(known)), done)
                return done
        except sqlite3.DatabaseError:  # a broken index: start without one
            if file is None:
                raise
            index.drop(file)
            return self._with_index(None)

    def _wait(self) -> None:
        self.note("Waiting for another command that sends the same input")

    def _list_objects(self, known: Index) -> Iterator[Stored]:
        objects = self.store.list(self.bucket, self.prefix, () if known.is_empty else self.tree.surveyed)
        return _put_in_order(objects) if layout.is_directory_bucket(self.bucket) else objects

    def _once(self, known: Index, objects: Iterator[Stored], done: SyncResult) -> None:
        known.clear_deletions()
        done.total = 0
        clashes = self._send(self._to_send(known, objects, done), known, done)
        done.deleted = self._delete(known)
        for again in self._send((one.upload for one in clashes), known, done):
            if again.clash:
                raise again.clash

    def _send(self, to_send: Iterator[_Upload], known: Index, done: SyncResult) -> list[_UploadResult]:
        """Send, and record what was sent; return the uploads whose key clashes with an existing one."""

        def on_progress(size: int) -> None:
            pool.check()
            self.meter.add_bytes(size)

        pool: WorkerPool[_Upload, _UploadResult] = WorkerPool(
            lambda upload: self._send_if_needed(upload, pool, on_progress),
            to_send,
            weigh=lambda upload: min(upload.file.size, ROOM),
        )
        clashes = []
        for one in pool:
            if one.clash:
                clashes.append(one)
                continue
            self.meter.finish_file()
            if one.row is None:
                done.total -= 1
                known.add_deletion(self.prefix + one.upload.file.key)
                known.forget(one.upload.file.key)
                continue
            known.put(one.row)
            if one.copied:
                done.sent += 1
                done.sent_bytes += one.copied.stat.st_size
                done.unsure += one.unsure
        return clashes

    def _to_send(self, known: Index, objects: Iterator[Stored], done: SyncResult) -> Iterator[_Upload]:
        """Yield the files that may have changed; remember the objects of vanished files for deletion."""
        files = self.tree.files(self.prefix)
        for key, file, stored, row in _side_by_side(files, _below(objects, self.prefix), known.rows()):
            if file is None:
                if stored is not None:
                    known.add_deletion(stored.key)
                if row is not None:
                    known.forget(key)
                continue
            done.total += 1
            if row is not None and stored is not None and row.tag == stored.tag and row.mark == file.mark:
                self.meter.skip_file(file.size)
            else:
                same_size = stored is not None and stored.size == file.size
                yield _Upload(file, stored if same_size else None, row)

    def _send_if_needed(
        self, upload: _Upload, pool: WorkerPool[_Upload, _UploadResult], on_progress: ProgressCallback
    ) -> _UploadResult:
        """Send a file if its object differs; runs in a worker thread."""
        file = upload.file
        began = time.time_ns()
        try:
            same, digest = self._compare(upload, pool) if upload.stored else (False, "")
            if same and upload.stored:
                self.meter.seen_size += file.size
                return _UploadResult(
                    upload, Sent(file.key, index.mark_if_settled(file.mark, began), digest, upload.stored.tag)
                )
            copied = self._send_file(file, pool, on_progress)
        except KeyRefused as error:
            return _UploadResult(upload, clash=error)
        except FileNotFoundError:
            if os.path.exists(file.path):
                raise  # the missing one is the bucket
            return _UploadResult(upload)
        row = Sent(file.key, index.mark_if_settled(index.mark(copied.stat), began), copied.digest, copied.tag)
        return _UploadResult(upload, row, copied, unsure=same is None)

    def _compare(self, upload: _Upload, pool: WorkerPool[_Upload, _UploadResult]) -> tuple[bool | None, str]:
        """Return whether the object has the file's content (None: unknown), and the file's digest if known."""
        file, stored, known = upload
        if stored is None:
            return False, ""
        path = Path(file.path)
        if known is not None and known.digest and known.tag == stored.tag:
            digest = self.store.digest(path, pool.check)
            same: bool | None = digest == known.digest
        else:
            digest, same = "", self.store.holds(self.bucket, stored, path, pool.check)
        if same and index.mark(os.stat(path)) != file.mark:
            return False, ""  # it was written to meanwhile
        return same, digest

    def _send_file(self, file: File, pool: WorkerPool[_Upload, _UploadResult], on_progress: ProgressCallback) -> Copied:
        with pool.measure() if file.size <= LIGHT else nullcontext():
            return self.store.send(file.path, self.bucket, self.prefix + file.key, on_progress)

    def _delete(self, known: Index) -> int:
        """Delete the remembered keys, in batches; return their number."""
        count = 0

        def keys_to_delete() -> Iterator[str]:
            nonlocal count
            for key in known.deletions():
                count += 1
                yield key

        self.store.delete(self.bucket, keys_to_delete())
        return count


def _below(objects: Iterator[Stored], prefix: str) -> Iterator[tuple[str, Stored]]:
    """Yield the objects with their keys below a prefix, each once. Raises _Unordered if not in S3's order."""
    last: str | None = None
    for stored in objects:
        key = stored.key[len(prefix) :]
        if last is None or key > last:
            yield key, stored
        elif key < last:
            raise _Unordered
        last = key


def _put_in_order(objects: Iterator[Stored]) -> Iterator[Stored]:
    """Sort the listing of a store without order, such as S3's directory buckets."""
    lines = (f"{one.key}\n\n{one.size}\n\n{one.modified}\n\n{one.tag}" for one in objects)
    for line in sort_on_disk(lines):
        key, size, modified, tag = line.rsplit("\n\n", 3)
        yield Stored(key=key, size=int(size), modified=float(modified), tag=tag)


_Row = tuple[str, File | None, Stored | None, Sent | None]


def _side_by_side(files: Iterator[File], objects: Iterator[tuple[str, Stored]], rows: Iterator[Sent]) -> Iterator[_Row]:
    """Merge three lists in the order of keys: yield each key that any of them has, and what each has for it."""
    file, stored, row = next(files, None), next(objects, None), next(rows, None)
    while True:
        if file and stored and row and file[0] == stored[0] == row[0]:  # nearly all of them, mostly
            yield file[0], file, stored[1], row
            file, stored, row = next(files, None), next(objects, None), next(rows, None)
            continue
        heads = [head[0] for head in (file, stored, row) if head]
        if not heads:
            return
        key = min(heads)
        here = file if file and file[0] == key else None
        existing = stored[1] if stored and stored[0] == key else None
        known = row if row and row[0] == key else None
        yield key, here, existing, known
        file = next(files, None) if here else file
        stored = next(objects, None) if existing else stored
        row = next(rows, None) if known else row
