"""List a folder's entries in the order of S3's keys, in little memory however many there are."""

from __future__ import annotations

import heapq
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

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
    return _below(folder, prefix, start, frozenset())


def _below(
    folder: str, prefix: str, start: str, above: frozenset[tuple[int, int]]
) -> Iterator[tuple[str, os.stat_result]]:
    try:
        here = os.stat(folder)
        mark = (here.st_dev, here.st_ino)
        if mark in above:
            return
        names = names_in_key_order(folder)
    except (FileNotFoundError, NotADirectoryError):  # deleted or replaced since it was seen
        return
    for name in names:
        path = os.path.join(folder, name)
        if not name.startswith(start):
            continue
        if name.endswith("/"):
            yield from _below(path[:-1], prefix + name, "", above | {mark})
        elif state := _state(path):
            yield prefix + name, state


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
    return heapq.merge(*pieces)


def _spill(texts: Iterable[str]) -> IO[bytes]:
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
