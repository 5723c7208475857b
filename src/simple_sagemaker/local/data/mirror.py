"""Mirrors a folder of a host to a bucket while the job runs: checkpoints and TensorBoard's files.

In: a host's folder and an S3 prefix. Out: objects that follow the folder, in small steps so that the caller can do
other work between them. A host deletes only objects that it owns: those it wrote, and of those that existed at the
start, the ones in the folder of its name (those in no host's folder belong to the first host).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...core.store import KeyRefused, ProgressCallback, Store, no_progress
from ...storage.file_copy import ChangedMeanwhile
from ...storage.safe_paths import DEEPEST
from ..job import beneath

_FILES_PER_STEP = 1000  # files between two steps of a pass
_MOST_REFUSED = 100  # of which each is a line in the job's log
Mark = tuple[int, int, int]  # size, time of the last change in ns, inode


class Abandoned(Exception):
    """The job must not go on; raised by a callback in the middle of a transfer."""


@dataclass
class Mirror:
    """One host's folder and its address. ``hosts`` are all hosts; the first owns what no other does.

    ``root`` is the folder below which the job may put links, the mirrored folder itself if None.
    """

    folder: Path
    bucket: str
    prefix: str
    store: Store
    host: str
    hosts: list[str]
    deletes: bool = True
    root: Path | None = None
    on_progress: ProgressCallback = no_progress
    _known: dict[str, Mark] = field(default_factory=dict)
    _owned: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    stalled: Exception | None = None
    _unseen: list[str] = field(default_factory=list)  # folders that the current pass could not look into

    @property
    def count(self) -> int:
        """How many files are mirrored."""
        return len(self._known)

    def restore(self) -> Iterator[None]:
        """Download everything under the prefix into the folder, one object a step; an empty prefix is no error."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for entry in self.store.list(self.bucket, self.prefix):
            path = entry.key[len(self.prefix) :]
            if not path or path.endswith("/"):  # a console's folder marker
                continue
            parts = path.split("/")
            if len(parts) > DEEPEST or any(part in {"", ".", ".."} for part in parts):
                self.refused[path] = f"No folder can hold {beneath.shown(entry.key)!r}."
                continue
            target = self.folder / path
            self.store.fetch(self.bucket, entry.key, target, self.on_progress)
            self._known[path] = _mark(os.stat(target))
            if self._owner(path) == self.host:
                self._owned.add(path)
            yield

    def pass_once(self, *, is_last: bool = False) -> Iterator[None]:
        """Upload what is new or changed since the last pass, then delete what is gone; at most one object a step.

        If the store fails, ``stalled`` says how, and the next pass tries again. ``is_last`` is for the pass after which
        there is no other: what could not be read until then is refused.
        """
        self.stalled, self._unseen = None, []
        present: set[str] = set()
        try:
            with beneath.open_folder(self.root or self.folder, self._path()) as folder:
                yield from self._upload_changed(folder, present, is_last=is_last)
        except beneath.Unreachable as why:
            if why.errno != errno.ENOENT:
                self._refuse(".", str(why.strerror))
                return
        if self.stalled is None:
            yield from self._delete_gone(present)

    def _upload_changed(self, folder: int, present: set[str], *, is_last: bool) -> Iterator[None]:
        def refuse(path: str, why: str) -> None:
            self._unseen.append(f"{path}/")
            if is_last or why != beneath.UNREADABLE:  # a container's user may keep files to itself while it runs
                self._refuse(path, why)

        for entry in beneath.walk(folder, refuse):
            if not stat.S_ISREG(entry.stat.st_mode):
                continue
            present.add(entry.path)
            if len(present) % _FILES_PER_STEP == 0:  # looking takes time, too: let the caller do other work
                yield
            if self._known.get(entry.path) != _mark(entry.stat):
                self._upload(entry, is_last=is_last)
                yield
            if self.stalled:
                return

    def _upload(self, entry: beneath.Entry, *, is_last: bool) -> None:
        try:
            descriptor = beneath.open_regular(entry.name, entry.parent)
        except beneath.Unreachable as why:
            if is_last and why.errno in {errno.EACCES, errno.EPERM}:
                self._refuse(entry.path, beneath.UNREADABLE)
            return
        mark = _mark(os.fstat(descriptor))
        try:
            if beneath.is_larger_than_disk(descriptor):
                self._refuse(entry.path, beneath.LARGER_THAN_DISK)
                self._known[entry.path] = mark
                return
            path = beneath.path_of(descriptor, entry.parent, entry.name)
            self.store.send(path, self.bucket, self.prefix + entry.path, self.on_progress)
        except ChangedMeanwhile:  # the next pass handles it
            return
        except (KeyRefused, UnicodeEncodeError) as error:
            self._refuse(entry.path, str(error))
        except Abandoned:
            raise
        except Exception as error:
            if isinstance(error, PermissionError) and error.filename is None:  # the job's role may not do it, ever
                raise
            self.stalled = error
            return
        finally:
            os.close(descriptor)
        self._known[entry.path] = mark
        self._owned.add(entry.path)

    def _delete_gone(self, present: set[str]) -> Iterator[None]:
        unseen = tuple(self._unseen)
        for path in [path for path in self._known if path not in present and not path.startswith(unseen)]:
            del self._known[path]
            if self.deletes and path in self._owned:
                self._owned.discard(path)
                self.store.delete(self.bucket, [self.prefix + path])
                yield

    def _refuse(self, path: str, why: str) -> None:
        if len(self.refused) < _MOST_REFUSED:
            self.refused[path] = why

    def _path(self) -> str:
        return "" if self.root is None else self.folder.relative_to(self.root).as_posix()

    def _owner(self, path: str) -> str:
        first = path.partition("/")[0]
        return first if first in self.hosts else self.hosts[0]


def _mark(state: os.stat_result) -> Mark:
    return state.st_size, state.st_mtime_ns, state.st_ino
