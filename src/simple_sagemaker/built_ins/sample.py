"""The first lines of what a channel of this machine holds, read within bounds, whatever lies there.

In: a file or folder. Out: a few files with their first bytes and lines. Nothing but regular files is opened, no more
than some entries are looked at, and of each file no more than a megabyte is read.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..core.records import dataclass, field

_MOST_BYTES: Final = 1 << 20
_MOST_LINES: Final = 1000
_HEAD_BYTES: Final = 512
_MOST_FILES: Final = 3
_MOST_ENTRIES: Final = 2000


@dataclass(frozen=True, kw_only=True)
class FileSample:
    """The beginning of a file: ``path`` as the person would write it, its first bytes, and its complete lines.

    Lines have no line ends. ``is_whole`` is whether they are all that there are.
    """

    path: str
    head: bytes
    lines: tuple[str, ...]
    is_whole: bool
    size: int


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a channel holds: ``files`` are samples of the first ones in the order of their names, ``names`` all seen.

    Names are relative to the channel. ``hidden`` is the path of a file or folder whose name begins with a dot, ``deep``
    the name of a file three or more folders below, ``is_deep`` whether all files are, ``is_all`` whether ``names`` is
    the whole of it.
    """

    files: tuple[FileSample, ...]
    names: tuple[str, ...]
    hidden: str = ""
    deep: str = ""
    is_deep: bool = False
    is_all: bool = True
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is no file with anything but blanks in it."""
        filled = [size for size in self.sizes.values() if size]
        are_blank = all(file.is_whole and not any(map(str.strip, file.lines)) for file in self.files)
        return self.is_all and (not filled or (len(filled) == len(self.files) and are_blank))


def take_sample(path: Path) -> Sample:
    """The sample of a file or folder; an empty one of what cannot be read, which others refuse."""
    if not path.is_dir():
        status = _regular(path)
        one = _read(path) if status else None
        size = {path.name: status.st_size} if status else {}
        return Sample(files=(one,) if one else (), names=(path.name,), is_all=status is not None, sizes=size)
    found = list(_walk(path))
    sizes: dict[str, int] = {}
    for file in found:
        if status := _regular(file):
            sizes[file.relative_to(path).as_posix()] = status.st_size
    data = [name for name in sizes if sizes[name] and not name.rpartition("/")[2].startswith((".", "_"))]
    files = [one for name in data[:_MOST_FILES] if (one := _read(path / name))]
    depths = [name.count("/") for name in sizes]
    return Sample(
        files=tuple(files),
        names=tuple(sizes),
        hidden=next((str(path / part) for name in sizes if (part := _hidden(name))), ""),
        deep=next((name for name in sizes if name.count("/") > 2), ""),
        is_deep=bool(depths) and min(depths) > 2,
        is_all=len(found) < _MOST_ENTRIES,
        sizes=sizes,
    )


def _hidden(name: str) -> str:
    """The part of a name up to the first file or folder that begins with a dot; empty without one."""
    parts = name.split("/")
    number = next((number for number, part in enumerate(parts, 1) if part.startswith(".")), 0)
    return "/".join(parts[:number])


def _walk(folder: Path) -> Iterator[Path]:
    """The files below a folder, by name; some thousands of entries at most, and no folder twice by way of links."""
    count = 0
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(base) / name
            count += 1
            if count >= _MOST_ENTRIES:
                return


def _regular(path: Path) -> os.stat_result | None:
    """The status of a regular file; None for anything else, which is not opened."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _read(path: Path) -> FileSample | None:
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(number, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            data = file.read(_MOST_BYTES)
    except OSError:
        return None
    text, is_whole = data, len(data) >= status.st_size
    if path.name.lower().endswith(".json.gz") and data[:2] == b"\x1f\x8b":
        text, is_whole = _unpacked(data), False
    lines = text.decode("utf-8", "replace").split("\n")
    last = lines.pop()
    if is_whole and last:
        lines.append(last)
    lines = [line.removesuffix("\r") for line in lines]
    return FileSample(
        path=str(path),
        head=data[:_HEAD_BYTES],
        lines=tuple(lines[:_MOST_LINES]),
        is_whole=is_whole and len(lines) <= _MOST_LINES,
        size=status.st_size,
    )


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, _MOST_BYTES)
    except zlib.error:
        return b""
