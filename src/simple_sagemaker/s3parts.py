"""Files as they are sent and fetched in parts: no object or file is ever half of one version and half of another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import obstore.store

PART = 8 << 20  # bytes, of what is sent and fetched in parts
AT_ONCE = 6
_PARTS = 10_000  # S3 takes no more for one object


class Changed(Exception):
    """A part is of another version than the first."""


class Steady:
    """A file as far as it went when it was opened, to be read once.

    One that only grows is read to its old end. The last read raises Changed for a file that was written to otherwise,
    so whoever sends it has not yet finished the object.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._before = os.fstat(source.fileno())
        self.size = self._left = self._before.st_size

    @property
    def part(self) -> int:
        """The size of the parts it is sent in, in bytes."""
        return max(PART, -(-self.size // _PARTS))

    def whole(self) -> bytes:
        """All of it; what has been added meanwhile too, and what a special file gives that says it is empty."""
        data = self._source.read()
        self._left = max(0, self.size - len(data))
        self._look()
        return data

    def read(self, count: int = -1) -> bytes:
        """The next ``count`` bytes, fewer at the end; without a count all that are left."""
        data = self._source.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(data)
        if not self._left or not data:
            self._look()
        return data

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(PART):
            yield data

    def _look(self) -> None:
        now = os.fstat(self._source.fileno())
        touched = now.st_mtime_ns != self._before.st_mtime_ns
        if self._left or now.st_size < self.size or (touched and now.st_size == self.size):
            raise Changed


def in_parts(fast: obstore.store.S3Store, key: str, size: int, tag: str | None, to: Path) -> bool:
    """Fetch a large object in several ranges at once; False when it changed in between."""
    import obstore
    from obstore.exceptions import GenericError

    def part(start: int) -> None:
        found = obstore.get(fast, key, options={"range": (start, min(start + PART, size))})
        if found.meta["e_tag"] != tag:
            raise Changed
        data = found.bytes()
        with open(to, "r+b") as out:
            out.seek(start)
            out.write(data)

    with open(to, "wb") as whole:
        whole.truncate(size)
    try:
        with ThreadPoolExecutor(AT_ONCE) as workers:
            for _ in workers.map(part, range(0, size, PART)):
                pass
    except Changed:
        return False
    except GenericError as error:
        if "non-partial" not in str(error):
            raise
        with open(to, "wb") as out:  # a server that sends the whole where a range was asked for
            out.writelines(obstore.get(fast, key).stream(min_chunk_size=PART))
    return True
