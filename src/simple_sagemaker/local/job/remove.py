"""Deletes a folder of the engine, however deep a job has filled it and whatever permissions it has taken away."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .permissions import make_accessible

_FOLDER: int = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_TURNS = 100


def remove_folder(path: Path) -> None:
    """Delete a folder and everything in it, however deep, and whatever permissions a job has taken away.

    A folder that is not empty is moved up and emptied from there, so that no path becomes long. Others may remove the
    same folder at the same time. Raises FileNotFoundError where there is no such folder to begin with.
    """
    make_accessible(path)
    top = os.open(path, _FOLDER)
    try:
        for turn in range(_TURNS):
            try:
                _remove_content(top)
            except OSError as error:  # such as one for a file that a job has made immutable
                error.filename = f"{path}: {error.filename}"
                raise
            try:
                os.rmdir(path)
            except FileNotFoundError:  # another process removed the same folder
                return
            except OSError:  # another process, at work in the same folder, moved something up meanwhile
                if turn == _TURNS - 1:
                    raise
                continue
            return
    finally:
        os.close(top)


def _remove_content(top: int) -> None:
    waiting = [""]
    while waiting:
        name = waiting.pop()
        with suppress(FileNotFoundError):
            folder = os.open(name, _FOLDER, dir_fd=top) if name else os.dup(top)
            try:
                waiting += _empty(folder, top)
            finally:
                os.close(folder)
            if name:
                with suppress(OSError):  # what another process put there is met in the next turn
                    os.rmdir(name, dir_fd=top)


def _empty(folder: int, top: int) -> Iterator[str]:
    """Empty an open folder; yield the names in ``top`` to which folders that are not empty were moved."""
    is_top = os.path.samestat(os.fstat(folder), os.fstat(top))
    for name in os.listdir(folder):
        try:
            is_folder = stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            if not is_folder:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            continue
        if not is_folder:
            continue
        with suppress(OSError):  # not empty
            os.rmdir(name, dir_fd=folder)
            continue
        with suppress(FileNotFoundError):
            make_accessible(name, folder)
            moved = name
            if not is_top:
                moved = f".removing-{os.urandom(8).hex()}"
                os.rename(name, moved, src_dir_fd=folder, dst_dir_fd=top)
            yield moved
