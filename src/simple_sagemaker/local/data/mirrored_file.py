"""A file of a mirrored folder, between the look at it and its upload, and files whose keys the store refuses."""

from __future__ import annotations

import os
from typing import NamedTuple

from ...core.records import dataclass, field
from ...storage.file_copy import times

Mark = tuple[int, int, int, int]  # size, times of the last changes of content and of anything in ns, inode
UNSENT: Mark = (-1, 0, 0, 0)  # of no file


class Upload(NamedTuple):
    """A file to be sent: its path below the folder, its mark when it was opened, and its content or a descriptor.

    ``source`` is a path that opens what the descriptor does.
    """

    path: str
    mark: Mark
    data: bytes | None = None
    descriptor: int = -1
    source: str = ""


@dataclass
class Blocked:
    """Files whose keys the store refused: in the ``current`` pass, with marks and reasons, and those given up for it.

    A key may be refused because of another that only the next pass deletes, as ``x`` while there is ``x/y``. So a file
    is given up when two passes were refused, and tried again in the last one.
    """

    current: dict[str, tuple[Mark, str]] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    _once: dict[str, Mark] = field(default_factory=dict)

    def give_up(self, *, is_last: bool) -> dict[str, tuple[Mark, str]]:
        """The files to give up at the end of a pass, with marks and reasons."""
        before, blocked = self._once, self.current
        self._once = {path: mark for path, (mark, _) in blocked.items()}
        hopeless = {path: blocked[path] for path in blocked if is_last or before.get(path) == blocked[path][0]}
        self.given_up |= hopeless.keys()
        return hopeless


def read_steady(descriptor: int, mark: Mark) -> bytes | None:
    """The content of a small file up to its size when it was opened; None if it was changed except by growing."""
    data = os.read(descriptor, mark[0] + 1)
    now = mark_of(os.fstat(descriptor))
    return data[: mark[0]] if now == mark or now[0] > mark[0] <= len(data) else None


def mark_of(state: os.stat_result) -> Mark:
    """What tells whether a file was changed since it was sent."""
    return state.st_size, *times(state), state.st_ino
