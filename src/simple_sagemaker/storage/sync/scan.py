"""List a folder's entries in the order of S3's keys, in little memory however many there are."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

_Level = tuple[str, str, Iterator[str], frozenset[tuple[int, int]]]  # folder, prefix, names left, folders above
_AT_ONCE = 50_000  # names in memory; more of them are sorted in pieces on the disk


def names_in_key_order(folder: str) -> Iterator[str]:
    """The names in a folder in the order of their keys: folders end in "/", links count as their targets.

    Python compares strings by code point, which is the order of their bytes in UTF-8 and S3's order.
    """
    with os.scandir(folder) as entries:
        return sort_on_disk(f"{entry.name}/" if _is_folder(entry) else entry.name for entry in entries)


def files(folder: str, prefix: str, start: str) -> Iterator[tuple[str, os.stat_result]]:
    """The keys and stats of the files below a folder whose names begin with ``start``, in the order of S3's keys.

    Keys begin with ``prefix``. Links are followed, and one that leads back up counts as empty. Files deleted meanwhile
    may be seen or not.
    """
    level = _open_level(folder, prefix, frozenset())
    levels = [level] if level else []  # a list of its own, not Python's stack: folders may be in folders without end
    while levels:
        folder, prefix, names, above = levels[-1]
        name = next(names, None)
        if name is None:
            levels.pop()
        elif len(levels) == 1 and not name.startswith(start):
            continue
        elif name.endswith("/"):
            if level := _open_level(os.path.join(folder, name[:-1]), prefix + name, above):
                levels.append(level)
        elif state := _state(os.path.join(folder, name)):
            yield prefix + name, state


def _open_level(folder: str, prefix: str, above: frozenset[tuple[int, int]]) -> _Level | None:
    """Begin to list a folder; None for one that leads back up, or was deleted or replaced since it was seen."""
    try:
        here = os.stat(folder)
        mark = (here.st_dev, here.st_ino)
        return None if mark in above else (folder, prefix, names_in_key_order(folder), above | {mark})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # deeper than a path can say; no key is that long either
            return None
        raise


def _state(path: str) -> os.stat_result | None:
    try:
        state = os.stat(path)
    except OSError:  # deleted since it was seen, or a link that leads nowhere
        return None
    return state if stat.S_ISREG(state.st_mode) else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def sort_on_disk(texts: Iterable[str], at_once: int = _AT_ONCE) -> Iterator[str]:
    """Sort texts. All are read before the first is returned; none may hold a zero character."""
    rest = iter(texts)
    pieces: list[Iterator[str]] = []
    while piece := sorted(islice(rest, at_once)):
        if not pieces and len(piece) < at_once:
            return iter(piece)
        pieces.append(_read_spill(_spill(piece)))
    import heapq

    return heapq.merge(*pieces)


def _spill(texts: Iterable[str]) -> IO[bytes]:
    import tempfile

    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the iterator that reads it
    file.writelines(os.fsencode(text) + b"\0" for text in texts)
    file.seek(0)
    return file


def _read_spill(file: IO[bytes]) -> Iterator[str]:
    with file:
        rest = b""
        while chunk := file.read(1 << 16):
            *whole, rest = (rest + chunk).split(b"\0")
            yield from map(os.fsdecode, whole)
