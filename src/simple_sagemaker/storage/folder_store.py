"""The store that is a folder of this machine: objects are plain files, ``<root>/<bucket>/<key>``.

A person can fill and read it with ``cp`` and ``ls``. Writing is atomic: a reader sees the old object or the new one,
never half of one.
"""

from __future__ import annotations

import atexit
import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from ..core.regular_files import open_regular, read_within
from ..core.scratch import make_held, remove_abandoned, remove_held
from ..core.store import (
    LARGEST_RECORD,
    Copied,
    KeyRefused,
    ProgressCallback,
    Source,
    Stored,
    TooLarge,
    no_progress,
)
from .file_copy import (
    FileSource,
    copy_steady,
    exclusive,
    is_no_object,
    move_aside,
    prune,
    read_small,
    replace_if,
    write_new,
)
from .private import make_private
from .safe_paths import is_utf8
from .sync.scan import files

_SCRATCH = ".writing"  # not a legal bucket name
_PREFIX = "process-"
_CHUNK = 1 << 23
_SMALL = 1 << 16  # bytes; larger files are copied in the kernel
_TURNS = 100


class FolderStore:
    """Buckets that are folders below ``root``. Symbolic links in them are followed, so a data set can be linked in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def place(self) -> str:
        return str(self.root.absolute())

    def has_bucket(self, bucket: str) -> bool:
        return _is_name(bucket) and (self.root / bucket).is_dir()

    def make_bucket(self, bucket: str) -> None:
        make_private(self.root)
        self._top(bucket).mkdir(exist_ok=True)

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:  # noqa: ARG002
        top = self._top(bucket)
        if not top.is_dir():
            raise _no_bucket(bucket)
        folder, _, start = prefix.rpartition("/")
        inside = top / folder if _is_plain(folder) and not prefix.startswith("/") else None
        if inside is None or not inside.is_dir():
            return iter(())
        entries = files(str(inside), f"{folder}/" if folder else "", start)
        return (Stored(key=key, size=of.st_size, modified=of.st_mtime, tag=_tag(of)) for key, of in entries)

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        if prefix.startswith("/") or not _is_plain(prefix[:-1]):
            return []
        try:
            with os.scandir(self._top(bucket) / prefix) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, bucket: str, key: str, most: int = LARGEST_RECORD) -> bytes:
        with open(self._path(bucket, key), "rb", opener=open_regular) as file:
            data = read_within(file, most)
        if data is None:
            raise TooLarge(bucket, key, most)
        return data

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
            if expected is not None:
                with exclusive(self.root) as is_locked:
                    if is_locked:
                        return replace_if(path, scratch, expected)
                if not move_aside(path, aside, expected):
                    return False
            os.link(scratch, path)  # refuses what is there: of several that try, one succeeds
        except FileExistsError:
            return expected is None and is_no_object(path) and self._replace_no_object(path, scratch)
        finally:
            scratch.unlink(missing_ok=True)
            aside.unlink(missing_ok=True)
        return True

    def _replace_no_object(self, path: Path, new: Path) -> bool:
        """Put an object where something is that counts as none; of several that try one does."""
        with exclusive(self.root) as is_locked:
            if not is_locked:
                raise FileExistsError(errno.EEXIST, "It is no regular file; remove it", str(path))
            if not is_no_object(path):  # another was quicker
                return False
            os.replace(new, path)
            return True

    def fetch(
        self,
        bucket: str,
        key: str,
        to: Path,
        on_progress: ProgressCallback = no_progress,
        keep: Path | None = None,  # noqa: ARG002 - a copy is quick
    ) -> None:
        source = self._path(bucket, key)
        to.parent.mkdir(parents=True, exist_ok=True)
        on_progress(copy_steady(source, to).st_size)

    def fill(self, bucket: str, key: str, to: str, on_progress: ProgressCallback = no_progress) -> None:
        on_progress(copy_steady(self._path(bucket, key), to).st_size)

    @contextmanager
    def open_stream(
        self,
        bucket: str,
        key: str,
        keep: Path,  # noqa: ARG002 - read in place
        on_progress: ProgressCallback = no_progress,
    ) -> Iterator[Source]:
        with open(self._path(bucket, key), "rb", buffering=0, opener=open_regular) as file:
            yield FileSource(file, on_progress)

    def copy(self, bucket: str, key: str, to: str) -> None:
        scratch = self._scratch()
        try:
            copy_steady(self._path(bucket, key), scratch)
            self._place(scratch, bucket, to)
        finally:
            scratch.unlink(missing_ok=True)

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        self._path(bucket, key)
        if small := read_small(path, _SMALL):
            on_progress(len(small.data))
            return Copied(small.before, "", self._write_small(bucket, key, small.data))
        scratch = self._scratch()
        try:
            before = copy_steady(path, scratch)
            on_progress(before.st_size)
            with open(scratch, "rb") as copy:
                self._place(scratch, bucket, key)
                return Copied(stat=before, digest="", tag=_tag(os.fstat(copy.fileno())))
        finally:
            scratch.unlink(missing_ok=True)

    def _write_small(self, bucket: str, key: str, data: bytes) -> str:
        """Write an object in the fewest calls; return its tag."""
        scratch = self._scratch()
        handle = write_new(scratch, data)
        try:
            try:
                os.replace(scratch, f"{self.root}/{bucket}/{key}")
            except OSError:  # most often its folder is not there
                self._place(scratch, bucket, key)
            return _tag(os.fstat(handle))
        finally:
            os.close(handle)

    def digest(self, path: Path, on_progress: ProgressCallback = no_progress) -> str:  # noqa: ARG002 - contents are compared
        return ""

    def holds(
        self, bucket: str, stored: Stored, path: Path, on_progress: ProgressCallback = no_progress
    ) -> bool | None:
        key = self._path(bucket, stored.key)
        opened = partial(open, mode="rb", buffering=0, opener=open_regular)
        with opened(path) as ours, opened(key) as theirs:
            while (chunk := ours.read(_CHUNK)) == theirs.read(_CHUNK):
                if not chunk:
                    return True
                on_progress(len(chunk))
        return False

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        top = self._top(bucket)
        for key in keys:
            path = self._path(bucket, key)
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # no object of that name
                continue
            prune(path.parent, top)

    def _path(self, bucket: str, key: str) -> Path:
        if not is_utf8(key):
            raise KeyRefused(f"The name {key!a} is not UTF-8, and keys of S3 are.")
        if not _is_plain(key) or not key:
            raise KeyRefused(f"A folder cannot hold the key {key!r}: empty, '.' and '..' parts are not file names.")
        return self._top(bucket) / key

    def _top(self, bucket: str) -> Path:
        if not _is_name(bucket):
            raise _no_bucket(bucket)
        return self.root / bucket

    def _scratch(self) -> Path:
        """A new name for a file that is being written, in a folder that this process holds."""
        folder = _own_folder(self.root / _SCRATCH, os.getpid())
        folder.mkdir(parents=True, exist_ok=True)
        return folder / os.urandom(8).hex()

    def _place(self, scratch: Path, bucket: str, key: str) -> None:
        try:
            if not self.has_bucket(bucket):
                raise _no_bucket(bucket)
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


@cache
def _own_folder(parent: Path, pid: int) -> Path:  # noqa: ARG001 - a fork needs one of its own
    """This process's folder for files that are being written; those of killed processes are removed."""
    make_private(parent)
    remove_abandoned(parent, _PREFIX)
    folder, _ = make_held(parent, _PREFIX)
    atexit.register(remove_held, folder)
    return folder


def _tag(of: os.stat_result) -> str:
    return f"{of.st_ino:x}-{of.st_mtime_ns:x}-{of.st_ctime_ns:x}"


def _no_bucket(bucket: str) -> FileNotFoundError:
    return FileNotFoundError(f"there is no bucket {bucket!r}")


def _is_name(bucket: str) -> bool:
    """Whether a bucket can have the name: none leads out of the root, or is where files are being written."""
    return bucket[:1] not in {"", "."} and "/" not in bucket and "\0" not in bucket


def _is_plain(key: str) -> bool:
    return not key or all(part not in {"", ".", ".."} for part in key.split("/"))
