"""Mirrors a folder of a host to a bucket while the job runs: checkpoints and TensorBoard's files.

In: a host's folder and an S3 prefix. Out: objects that follow the folder, in small steps so that the caller can do
other work between them. A host deletes only objects that it owns: those it wrote, and of those that existed at the
start, the ones in the folder of its name (those in no host's folder belong to the first host).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...core.store import KeyRefused, Store
from ...storage.file_copy import ChangedMeanwhile
from ..job.permissions import make_accessible

_FILES_PER_STEP = 1000  # files between two steps of a pass
Mark = tuple[int, int, int]  # size, time of the last change in ns, inode


@dataclass
class Mirror:
    """One host's folder and its address. ``hosts`` are all hosts; the first owns what no other does."""

    folder: Path
    bucket: str
    prefix: str
    store: Store
    host: str
    hosts: list[str]
    deletes: bool = True
    _known: dict[str, Mark] = field(default_factory=dict)
    _owned: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

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
            if any(part in {"", ".", ".."} for part in path.split("/")):
                self.refused[path] = f"No folder can hold {entry.key!r}."
                continue
            target = self.folder / path
            self.store.fetch(self.bucket, entry.key, target)
            self._known[path] = _mark(os.stat(target))
            if self._owner(path) == self.host:
                self._owned.add(path)
            yield

    def pass_once(self) -> Iterator[None]:
        """Upload what is new or changed since the last pass, then delete what is gone; at most one object a step."""
        present = set()
        for path, mark in _walk(str(self.folder), ""):
            present.add(path)
            if len(present) % _FILES_PER_STEP == 0:  # looking takes time, too: let the caller do other work
                yield
            if self._known.get(path) != mark:
                self._upload(path, mark)
                yield
        for path in [path for path in self._known if path not in present]:
            del self._known[path]
            if self.deletes and path in self._owned:
                self._owned.discard(path)
                self.store.delete(self.bucket, [self.prefix + path])
                yield

    def _upload(self, path: str, mark: Mark) -> None:
        try:
            make_accessible(self.folder / path)
            self.store.send(self.folder / path, self.bucket, self.prefix + path)
        except (FileNotFoundError, ChangedMeanwhile):  # deleted or changed meanwhile: the next pass handles it
            return
        except KeyRefused as error:
            self.refused[path] = str(error)
        self._known[path] = mark
        self._owned.add(path)

    def _owner(self, path: str) -> str:
        first = path.partition("/")[0]
        return first if first in self.hosts else self.hosts[0]


def _mark(stat: os.stat_result) -> Mark:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, Mark]]:
    """The regular files below a folder; links, sockets and pipes are skipped."""
    try:
        make_accessible(folder)
        with os.scandir(folder) as listing:
            entries = list(listing)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            try:
                yield prefix + entry.name, _mark(entry.stat(follow_symlinks=False))
            except FileNotFoundError:
                continue
