"""A file of a mirrored folder, between the look at it and its upload."""

from __future__ import annotations

import os
from typing import NamedTuple

from ...storage.file_copy import times

Mark = tuple[int, int, int, int]  # size, times of the last changes of content and of anything in ns, inode


class Upload(NamedTuple):
    """A file to be sent: its path below the folder, its mark when it was opened, and its content or a descriptor.

    ``source`` is a path that opens what the descriptor does.
    """

    path: str
    mark: Mark
    data: bytes | None = None
    descriptor: int = -1
    source: str = ""


def read_steady(descriptor: int, mark: Mark) -> bytes | None:
    """The content of a small file up to its size when it was opened; None if it was changed except by growing."""
    data = os.read(descriptor, mark[0] + 1)
    now = mark_of(os.fstat(descriptor))
    return data[: mark[0]] if now == mark or now[0] > mark[0] <= len(data) else None


def mark_of(state: os.stat_result) -> Mark:
    """What tells whether a file was changed since it was sent."""
    return state.st_size, *times(state), state.st_ino
