"""Temporary folders that the next process removes when their owner was killed.

The owner holds a lock on a file in its folder for as long as it lives; whoever makes such a folder next removes those
that nobody holds. Needs ``flock``: on Windows folders are made and removed, but those of killed processes stay.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EMULATOR = "ssm-emulator-"  # the prefix of an emulator's home that ends with it
_LOCK = ".lock"
_UNNAMED = ".new-"
_RANDOM = 8  # bytes of a name
_HEX = frozenset("0123456789abcdef")
_NEW_S = 3600.0  # a folder without a name is just being made, or was left by somebody killed while making it


@contextmanager
def scratch_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """Make a folder for as long as the context lasts, in ``parent`` or where the system has temporary files.

    Only this user can enter it.
    """
    place = parent or Path(_temporary_files())
    remove_abandoned(place, prefix)
    folder, held = make_held(place, prefix)
    try:
        yield folder
    finally:
        os.close(held)
        remove_held(folder)


def _temporary_files() -> str:
    """Where the system has temporary files, as :func:`tempfile.gettempdir` says, which takes 15 ms to be loaded."""
    if sys.platform != "win32":
        usual = next(filter(None, map(os.environ.get, ("TMPDIR", "TEMP", "TMP"))), "/tmp")
        if os.path.isabs(usual) and os.path.isdir(usual) and os.access(usual, os.W_OK | os.X_OK):
            return usual
    import tempfile

    return tempfile.gettempdir()


def make_held(parent: Path, prefix: str) -> tuple[Path, int]:
    """Make a folder that this process holds until the descriptor is closed, or the process ends.

    It gets its name once it is held: nobody can take it for an abandoned one meanwhile.
    """
    name = f"{prefix}{os.urandom(_RANDOM).hex()}"
    if sys.platform == "win32":  # which renames no folder that has an open file, and where nothing is removed
        (parent / name).mkdir()
        return parent / name, _hold(parent / name)
    unnamed = parent / f"{_UNNAMED}{name}"
    unnamed.mkdir(0o700)
    descriptor = _hold(unnamed)
    unnamed.rename(parent / name)
    return parent / name, descriptor


def _hold(folder: Path) -> int:
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
            is_ours = entry.name.startswith((prefix, f"{_UNNAMED}{prefix}"))
            if is_ours and entry.is_dir(follow_symlinks=False) and _is_abandoned(entry):
                remove_held(Path(entry.path))


def has_lost_owner(path: Path, prefix: str) -> bool:
    """Whether a path is in a folder that :func:`scratch_folder` made, and nobody holds that any more or it is gone."""
    return any(_hold_is_free(folder) for folder in path.parents if _is_made(folder.name, prefix))


def _is_made(name: str, prefix: str) -> bool:
    """Whether a name is one that :func:`make_held` gives, and not one that somebody chose."""
    return name.startswith(prefix) and len(name) == len(prefix) + 2 * _RANDOM and _HEX.issuperset(name[len(prefix) :])


def remove_held(folder: Path) -> None:
    """Remove a folder that this process made by :func:`make_held`, with whatever is in it; what stays is abandoned."""
    try:  # most are empty, and shutil costs 2 ms
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(entry: os.DirEntry[str]) -> bool:
    if sys.platform == "win32":
        return False
    try:
        state = entry.stat(follow_symlinks=False)
        if state.st_uid != os.geteuid():
            return False
        if entry.name.startswith(_UNNAMED):
            return time.time() - state.st_mtime > _NEW_S
        return os.path.lexists(os.path.join(entry.path, _LOCK)) and _hold_is_free(entry.path)
    except OSError:  # it is just being removed, as one without a lock is
        return False


def _hold_is_free(folder: Path | str) -> bool:
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        descriptor = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # its owner lives
        return False
    finally:
        os.close(descriptor)
    return True
