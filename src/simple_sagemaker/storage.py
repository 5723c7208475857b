"""Objects by bucket and key: one protocol, and the store that is a folder of this machine.

A folder store keeps ``<root>/<bucket>/<key>`` as plain files that a person can fill and read with ``cp`` and ``ls``.
Writing is atomic: a reader sees the old object or the new one, never half of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_SCRATCH = ".writing"  # not a legal bucket name
_CHUNK = 1 << 23
_TURNS = 100


class KeyRefused(ValueError):
    """A key that this store cannot hold; the message names the key and says why."""


class ChangedMeanwhile(OSError):
    """A file or object was changed again and again while it was copied."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One object: its key, its size in bytes and when it was last written (seconds since the epoch)."""

    key: str
    size: int
    modified: float


class Store(Protocol):
    """What the tool asks of S3. A missing object is FileNotFoundError, a missing bucket too."""

    def has_bucket(self, bucket: str) -> bool:
        """Whether the bucket exists and can be read."""
        ...

    def make_bucket(self, bucket: str) -> None:
        """Make the bucket; nothing happens when it exists."""
        ...

    def list(self, bucket: str, prefix: str) -> Iterator[Stored]:
        """The objects whose key begins with the literal ``prefix``, in S3's order (bytes of the key).

        Objects written or deleted meanwhile may be seen or not.
        """
        ...

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        """The names directly below a prefix that ends in "/" and under which objects lie, sorted."""
        ...

    def read(self, bucket: str, key: str) -> bytes:
        """The content of one object."""
        ...

    def write(self, bucket: str, key: str, data: bytes) -> None:
        """Make or replace one object, atomically."""
        ...

    def write_if(self, bucket: str, key: str, data: bytes, *, expected: bytes | None) -> bool:
        """Write one object only where it is as ``expected`` (None: not there); whether it was. Atomic among all."""
        ...

    def fetch(self, bucket: str, key: str, to: Path) -> None:
        """Copy one object to a file, whose folder is made."""
        ...

    def send(self, path: Path, bucket: str, key: str) -> None:
        """Copy a file to one object, atomically."""
        ...

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete objects; those already gone are no error."""
        ...


class FolderStore:
    """Buckets that are folders below ``root``. Symbolic links in them are followed, so a data set can be linked in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def has_bucket(self, bucket: str) -> bool:
        return (self.root / bucket).is_dir()

    def make_bucket(self, bucket: str) -> None:
        (self.root / bucket).mkdir(parents=True, exist_ok=True)

    def list(self, bucket: str, prefix: str) -> Iterator[Stored]:
        top = self.root / bucket
        if not top.is_dir():
            raise FileNotFoundError(f"no bucket {bucket!r} under {self.root}")
        folder, _, start = prefix.rpartition("/")
        inside = top / folder if _plain(folder) else None
        if inside is None or not inside.is_dir():
            return iter(())
        return _walk(str(inside), f"{folder}/" if folder else "", start, frozenset())

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        try:
            with os.scandir(self.root / bucket / prefix) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, bucket: str, key: str) -> bytes:
        return self._path(bucket, key).read_bytes()

    def write(self, bucket: str, key: str, data: bytes) -> None:
        scratch = self._scratch()
        with open(scratch, "xb") as out:
            out.write(data)
        self._place(scratch, bucket, key)

    def write_if(self, bucket: str, key: str, data: bytes, *, expected: bytes | None) -> bool:
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch, aside = self._scratch(), self._scratch()
        scratch.write_bytes(data)
        try:
            if expected is not None and not _taken_away(path, aside, expected):
                return False
            os.link(scratch, path)  # refuses what is there: of several that try, one succeeds
        except FileExistsError:
            return False
        finally:
            scratch.unlink()
            aside.unlink(missing_ok=True)
        return True

    def fetch(self, bucket: str, key: str, to: Path) -> None:
        source = self._path(bucket, key)
        to.parent.mkdir(parents=True, exist_ok=True)
        copy_file(source, to)

    def send(self, path: Path, bucket: str, key: str) -> None:
        scratch = self._scratch()
        copy_file(path, scratch)
        self._place(scratch, bucket, key)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        top = self.root / bucket
        for key in keys:
            path = self._path(bucket, key)
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # no object of that name
                continue
            _prune(path.parent, top)

    def _path(self, bucket: str, key: str) -> Path:
        if not _plain(key) or not key:
            raise KeyRefused(f"A folder cannot hold the key {key!r}: empty, '.' and '..' parts are not file names.")
        return self.root / bucket / key

    def _scratch(self) -> Path:
        folder = self.root / _SCRATCH
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{os.getpid()}-{os.urandom(8).hex()}"

    def _place(self, scratch: Path, bucket: str, key: str) -> None:
        try:
            if not self.has_bucket(bucket):
                raise FileNotFoundError(f"no bucket {bucket!r} under {self.root}")
            path = self._path(bucket, key)
            for _ in range(_TURNS):  # a delete may remove the folder as empty at any time: then make it again
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(scratch, path)
                    return
                except FileNotFoundError:
                    continue
                except (FileExistsError, NotADirectoryError, IsADirectoryError):
                    if path.is_dir() or any(parent.is_file() for parent in path.parents):
                        break
            raise KeyRefused(f"A folder cannot hold {key!r} beside an object that one is a part of.")
        finally:
            scratch.unlink(missing_ok=True)


def _taken_away(path: Path, aside: Path, expected: bytes) -> bool:
    """Move ``path`` aside if its content is as expected; one of several that try at once does."""
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return False
    if aside.read_bytes() == expected:
        return True
    try:
        os.link(aside, path)
    except FileExistsError:  # somebody wrote a newer one meanwhile
        return False
    return False


def copy_file(source: Path, to: Path) -> None:
    """Copy the bytes of a file, in the kernel (and as a clone) where the system can."""
    with open(source, "rb", buffering=0) as read, open(to, "wb", buffering=0) as write:
        if hasattr(os, "copy_file_range"):
            try:
                while os.copy_file_range(read.fileno(), write.fileno(), 1 << 30):
                    pass
                return
            except OSError:  # another file system, or one that cannot: begin again by hand
                read.seek(0)
                write.seek(0)
                write.truncate()
        while chunk := read.read(_CHUNK):
            view = memoryview(chunk)
            while view:
                view = view[write.write(view) :]


def _plain(key: str) -> bool:
    return not key or all(part not in {"", ".", ".."} for part in key.split("/"))


def _walk(folder: str, prefix: str, start: str, above: frozenset[tuple[int, int]]) -> Iterator[Stored]:
    try:
        here = os.stat(folder)
        mark = (here.st_dev, here.st_ino)
        if mark in above:
            return  # a link that leads back up
        with os.scandir(folder) as entries:
            found = [(e.name + "/" if e.is_dir() else e.name, e) for e in entries if e.name.startswith(start)]
    except (FileNotFoundError, NotADirectoryError):  # deleted or replaced since it was seen
        return
    for name, entry in sorted(found, key=lambda pair: os.fsencode(pair[0])):
        if name.endswith("/"):
            yield from _walk(entry.path, prefix + name, "", above | {mark})
        elif what := _file(entry):
            yield Stored(key=prefix + name, size=what.st_size, modified=what.st_mtime)


def _file(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat() if entry.is_file() else None
    except FileNotFoundError:  # deleted since it was seen
        return None


def _prune(folder: Path, top: Path) -> None:
    while folder != top and top in folder.parents:
        try:
            folder.rmdir()
        except OSError:  # not empty, or gone already
            return
        folder = folder.parent
