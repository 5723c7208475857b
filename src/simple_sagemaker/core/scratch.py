"""Temporary folders that the next process removes when their owner was killed.

The owner holds a lock on a file in its folder for as long as it lives; whoever makes such a folder next removes those
that nobody holds. Needs ``flock``: on Windows folders are made and removed, but those of killed processes stay.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"
_NEW_S = 3600.0  # a folder without a lock is just being made, or was left by somebody killed while making it


@contextmanager
def scratch_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """Make a folder for as long as the context lasts, in ``parent`` or where the system has temporary files.

    Only this user can enter it.
    """
    import tempfile  # costs 15 ms

    place = parent or Path(tempfile.gettempdir())
    remove_abandoned(place, prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    held = hold(folder)
    try:
        yield folder
    finally:
        os.close(held)
        shutil.rmtree(folder, ignore_errors=True)


def hold(folder: Path) -> int:
    """Hold a folder, as its owner, until the descriptor that is returned is closed or the process ends."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove this user's folders of that prefix whose owners are gone; others, and what cannot be removed, stay."""
    if sys.platform == "win32":
        return
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False) and _is_abandoned(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_abandoned(entry: os.DirEntry[str]) -> bool:
    if sys.platform == "win32":
        return False
    import fcntl

    state = entry.stat(follow_symlinks=False)
    try:
        if state.st_uid != os.geteuid():
            return False
        descriptor = os.open(os.path.join(entry.path, _LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return time.time() - state.st_mtime > _NEW_S
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # its owner lives
        return False
    finally:
        os.close(descriptor)
    return True
