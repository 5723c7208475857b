"""Files read for upload, large ones in parts: no object is ever half of one version and half of another."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ...core.store import ProgressCallback, no_progress
from ..file_copy import times

PART = 8 << 20  # bytes, of what is sent in parts
AT_ONCE = 4
_PARTS = 10_000  # S3 takes no more for one object
_READ = 1 << 20


class Changed(Exception):
    """A part is of a different version than the first."""


class SteadyFile:
    """A file up to its size when it was opened; ``on_progress`` is called with the bytes read.

    It is read once, or each time from its start by an iterator; ``on_progress`` then takes back what was read before.

    A file that only grows is read to its old end. The last read raises Changed for a file that changed in any other
    way, so the upload is not yet complete then.
    """

    def __init__(self, source: BinaryIO, on_progress: ProgressCallback = no_progress) -> None:
        self._source = source
        self._on_progress = on_progress
        self._hash = hashlib.sha256()
        self.before = os.fstat(source.fileno())
        self.size = self._left = self.before.st_size

    @property
    def part(self) -> int:
        """The size of the upload's parts, in bytes."""
        return part_of(self.size)

    @property
    def digest(self) -> str:
        """The SHA-256 of what was read."""
        return self._hash.hexdigest()

    def whole(self) -> bytes:
        """Read everything, with what was appended meanwhile, and the content of a special file whose size is 0."""
        data = self._source.read()
        self._left = max(0, self.size - len(data))
        self._count_bytes(data)
        self._look()
        return data

    def read(self, count: int = -1) -> bytes:
        """Read the next ``count`` bytes, fewer at the end; without a count all that remain."""
        data = self._source.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(data)
        self._count_bytes(data)
        if not self._left or not data:
            self._look()
        return data

    def __iter__(self) -> Iterator[bytes]:
        self._on_progress(self._left - self.size)
        self._source.seek(0)
        self._left, self._hash = self.size, hashlib.sha256()
        while data := self.read(PART):
            yield data

    def _count_bytes(self, data: bytes) -> None:
        self._hash.update(data)
        self._on_progress(len(data))

    def _look(self) -> None:
        now = os.fstat(self._source.fileno())
        touched = times(now) != times(self.before)
        if self._left or now.st_size < self.size or (touched and now.st_size == self.size):
            raise Changed


def part_of(size: int) -> int:
    """The part size for uploading that many bytes; whole MiB, so that other clients can guess it."""
    return max(PART, -(-size // (_PARTS << 20)) << 20)


def digest(path: Path, on_progress: ProgressCallback = no_progress) -> str:
    """The SHA-256 that a file has when it is uploaded."""
    hasher = hashlib.sha256()
    with open(path, "rb", buffering=0) as source:
        while data := source.read(_READ):
            hasher.update(data)
            on_progress(len(data))
    return hasher.hexdigest()


def etag(path: Path, like: str, on_progress: ProgressCallback = no_progress) -> str:
    """The ETag that S3 gives a file if it depends on the content alone; in parts or not, as in the ETag ``like``.

    "" where it cannot be known: for parts of another size.
    """
    whole, _, parts = like.partition("-")
    if len(whole) != 32:
        return ""
    with open(path, "rb", buffering=0) as source:
        if not parts:
            return _md5(source, None, on_progress).hex()
        size = os.fstat(source.fileno()).st_size
        part = part_of(size)
        if str(max(1, -(-size // part))) != parts:
            return ""
        digests = [_md5(source, part, on_progress) for _ in range(int(parts))]
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{parts}"


def _md5(source: BinaryIO, count: int | None, on_progress: ProgressCallback) -> bytes:
    """The MD5 of the next ``count`` bytes, or of all."""
    hasher = hashlib.md5(usedforsecurity=False)
    left = count
    while data := source.read(_READ if left is None else min(_READ, left)):
        hasher.update(data)
        on_progress(len(data))
        left = None if left is None else left - len(data)
    return hasher.digest()
