"""Copy files of this machine, in the kernel and keeping holes where the system can, and move or remove them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import Any, NamedTuple

from ..core.regular_files import open_regular

_system: Any = os  # what only some systems have
_CHUNK = 1 << 23
_BINARY: int = getattr(os, "O_BINARY", 0)
_TRIES = 3  # with a file that changes while it is copied


class ChangedMeanwhile(OSError):
    """A file or object was changed again and again while it was copied."""


def times(state: os.stat_result) -> tuple[int, int]:
    """The times in ns of the last change of content, which a program can set, and of anything, which none can."""
    return state.st_mtime_ns, state.st_ctime_ns


def is_no_object(path: Path) -> bool:
    """Whether something is there that is neither file nor folder: a pipe, a device, a link that leads nowhere."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return path.is_symlink()
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def copy_steady(source: Path | str, to: Path | str) -> os.stat_result:
    """Copy a file as ``copy_file`` does and return its stat from before. A file that only grows is copied as it is.

    Raises ChangedMeanwhile for a file that is changed in any other way during every try.
    """
    for _ in range(_TRIES):
        before = os.stat(source)
        copy_file(source, to)
        after = os.stat(source)
        if times(before) == times(after) or before.st_size < after.st_size:
            return before
    raise ChangedMeanwhile(f"{source} changed each time while it was being copied")


class SmallFile(NamedTuple):
    """The content of a small file, and its stat when it was opened."""

    data: bytes
    before: os.stat_result


def read_small(path: Path | str, most: int) -> SmallFile | None:
    """Read a file of at most ``most`` bytes in the fewest calls; None for a larger one and for one that changes."""
    handle = open_regular(path, os.O_RDONLY | _BINARY | getattr(os, "O_CLOEXEC", 0))
    try:
        before = os.fstat(handle)
        if before.st_size > most:
            return None
        data = os.read(handle, before.st_size + 1)
        now = os.fstat(handle)
    finally:
        os.close(handle)
    if len(data) != before.st_size or (now.st_size, *times(now)) != (before.st_size, *times(before)):
        return None
    return SmallFile(data, before)


def write_new(path: Path | str, data: bytes) -> int:
    """Create a file in the fewest calls; return its open descriptor. If writing fails the file is removed."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        write_all(handle, data)
    except BaseException:
        os.close(handle)
        os.unlink(path)
        raise
    return handle


def write_all(handle: int, data: bytes | memoryview) -> int:
    """Write all of ``data``; return its size."""
    done = 0
    while done < len(data):
        done += os.write(handle, memoryview(data)[done:] if done else data)
    return done


def copy_file(source: Path | str, to: Path | str) -> None:
    """Copy the bytes of a file, in the kernel (and as a clone) where the system can; holes stay holes."""
    with open(source, "rb", buffering=0, opener=open_regular) as read, open(to, "wb", buffering=0) as write:
        if hasattr(os, "copy_file_range"):
            try:
                _copy_in_kernel(read.fileno(), write.fileno())
                return
            except OSError:  # another file system, or one that cannot: begin again by hand
                read.seek(0)
                write.seek(0)
                write.truncate()
        while chunk := read.read(_CHUNK):
            view = memoryview(chunk)
            while view:
                view = view[write.write(view) :]


def _copy_in_kernel(read: int, write: int) -> None:
    state: Any = os.fstat(read)
    if state.st_blocks * 512 < state.st_size:
        for start, end in _data_ranges(read, state.st_size):
            _copy_range(read, write, start, end)
        os.ftruncate(write, state.st_size)
    else:
        while _system.copy_file_range(read, write, 1 << 30):
            pass


def _copy_range(read: int, write: int, start: int, end: int) -> None:
    while start < end:
        done = _system.copy_file_range(read, write, end - start, start, start)
        if not done:
            return
        start += done


def _data_ranges(read: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each part of a file that is not a hole."""
    end = 0
    while end < size:
        try:
            start = os.lseek(read, end, _system.SEEK_DATA)
        except OSError:  # nothing but a hole up to the end
            return
        end = os.lseek(read, start, _system.SEEK_HOLE)
        yield start, end


@contextmanager
def exclusive(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder, of which one process has it at a time; False where there are no such locks."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            is_locked = True
        except OSError:  # a network file system without locks
            is_locked = False
        yield is_locked
    finally:
        os.close(handle)


def replace_if(path: Path, new: Path, expected: bytes) -> bool:
    """Replace ``path`` by ``new`` if its content is ``expected``. The caller has locked the store: no other does."""
    try:
        if not has_content(path, expected):
            return False
    except FileNotFoundError:
        return False
    os.replace(new, path)
    return True


def has_content(path: Path, expected: bytes) -> bool:
    """Whether a file has exactly these bytes; no more of it is read. Raises FileNotFoundError for what is no file."""
    with open(path, "rb", opener=open_regular) as file:
        return file.read(len(expected) + 1) == expected


def move_aside(path: Path, aside: Path, expected: bytes) -> bool:
    """Move ``path`` aside if its content is ``expected``; of several concurrent callers one succeeds.

    For a moment there is no such file for others: use it where :func:`exclusive` has no lock.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        os.rename(path, aside)
    except FileNotFoundError:
        return False
    is_expected = False
    try:
        is_expected = has_content(aside, expected)
    except FileNotFoundError:  # what is no file came there meanwhile
        return False
    finally:
        if not is_expected:
            with suppress(FileExistsError):  # somebody wrote a newer one meanwhile
                os.link(aside, path, follow_symlinks=False)
    return is_expected


def prune(folder: Path, top: Path) -> None:
    """Remove a folder if it is empty, then its empty parents below ``top``."""
    while folder != top and top in folder.parents:
        try:
            folder.rmdir()
        except OSError:  # not empty, or gone already
            return
        folder = folder.parent


class FileSource:
    """A file of this machine, read once from its beginning; ``on_progress`` is called with the bytes read."""

    def __init__(self, file: RawIOBase, on_progress: Callable[[int], None]) -> None:
        self.size = os.fstat(file.fileno()).st_size
        self._file = file
        self._on_progress = on_progress

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        data = self._file.read(size) or b""
        self._on_progress(len(data))
        return data
