"""What is on its way into the folder of jobs or out of it: new jobs, new tags, jobs that are being deleted.

Each has a place in the hidden folder ``.drafts`` there, with a lock file beside it that its process holds. What nobody
holds was left by a killed process: whoever starts a job next removes it. All that changes the folder of jobs passes
through, at once with the change, so the two folders' times of change show that something did.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...storage.private import make_private, narrow
from .remove import remove_folder

FOLDER = ".drafts"
_LOCK = ".lock"
_CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)


@contextmanager
def draft(jobs: Path) -> Iterator[Path]:
    """A place for one file or folder. What is still there in the end is removed."""
    folder = jobs / FOLDER
    if not folder.is_dir():
        make_private(jobs)
        narrow(jobs)  # of a version that left it to the umask: once, so that it can be opened to others after that
        make_private(folder)
    path, descriptor = _reserve(folder)
    try:
        yield path
    finally:
        try:
            _remove(path)
        finally:
            _lock_of(path).unlink(missing_ok=True)  # the last, and while it is held
            os.close(descriptor)


def remove_abandoned(jobs: Path) -> None:
    """Remove what killed processes left. What cannot be removed stays."""
    with suppress(FileNotFoundError), os.scandir(jobs / FOLDER) as entries:
        for entry in entries:
            if entry.name.endswith(_LOCK):
                with suppress(OSError):
                    _remove_if_abandoned(Path(entry.path))


def _reserve(folder: Path) -> tuple[Path, int]:
    """A new name, and the descriptor that holds its lock."""
    while True:
        path = folder / os.urandom(8).hex()
        lock = _lock_of(path)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | _CLOEXEC, 0o600)
        if _try_lock(descriptor, lock):
            return path, descriptor
        os.close(descriptor)  # another process was faster, took it for an abandoned one, and removes it


def _remove_if_abandoned(lock: Path) -> None:
    descriptor = os.open(lock, os.O_RDWR | _CLOEXEC)
    try:
        if _try_lock(descriptor, lock):
            _remove(lock.with_suffix(""))
            lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, path: Path) -> bool:
    """Whether this process holds the lock now, and the file is still there."""
    if sys.platform == "win32":
        raise NotImplementedError("jobs as processes need Linux or macOS")
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except (BlockingIOError, FileNotFoundError):
        return False


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.is_dir():
            remove_folder(path)
        else:
            path.unlink()


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{_LOCK}")
