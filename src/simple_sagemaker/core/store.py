"""Objects by bucket and key: the protocol of every store. Two keep it: ``folderstore`` and ``s3store``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

Told = Callable[[int], None]  # of bytes that have moved; may raise to stop the rest


class KeyRefused(ValueError):
    """A key that this store cannot hold; the message names the key and says why."""


def untold(_: int) -> None:
    """Nobody asks how far a transfer is."""


class Stored(NamedTuple):
    """One object: its key, its size in bytes and when it was last written (seconds since the epoch).

    ``tag`` is another one after every write: S3's ETag, or which file it is and when that was changed.
    """

    key: str
    size: int
    modified: float
    tag: str = ""


class Copied(NamedTuple):
    """A file that became an object: what it was when it was opened, its digest ("" if none), the object's tag."""

    stat: os.stat_result
    digest: str
    tag: str


class Source(Protocol):
    """The content of an object of ``size`` bytes, read once from its beginning."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        ...


class Store(Protocol):
    """What the tool asks of S3. A missing object is FileNotFoundError, a missing bucket too."""

    @property
    def place(self) -> str:
        """What tells this store from others: where it is."""
        ...

    def has_bucket(self, bucket: str) -> bool:
        """Whether the bucket exists and can be read."""
        ...

    def make_bucket(self, bucket: str) -> None:
        """Make the bucket; nothing happens when it exists."""
        ...

    def list(self, bucket: str, prefix: str) -> Iterator[Stored]:
        """The objects whose key begins with the literal ``prefix``, in S3's order (bytes of the key).

        Objects written or deleted meanwhile may be seen or not.
        """
        ...

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        """The names directly below a prefix that ends in "/" and under which objects lie, sorted."""
        ...

    def read(self, bucket: str, key: str) -> bytes:
        """The content of one object."""
        ...

    def write(self, bucket: str, key: str, data: bytes) -> None:
        """Make or replace one object, atomically."""
        ...

    def write_if(self, bucket: str, key: str, data: bytes, *, expected: bytes | None) -> bool:
        """Write one object only where it is as ``expected`` (None: not there); whether it was. Atomic among all."""
        ...

    def fetch(self, bucket: str, key: str, to: Path, moved: Told = untold, keep: Path | None = None) -> None:
        """Copy one object to a file, whose folder is made.

        ``keep`` is a file for what has arrived of a large object: left there, and gone on from, if this ends early.
        """
        ...

    def fill(self, bucket: str, key: str, to: str, moved: Told = untold) -> None:
        """Write a small object into a file that is there and that nobody looks at yet: ended early, half is in it."""
        ...

    def opened(self, bucket: str, key: str, keep: Path, moved: Told = untold) -> AbstractContextManager[Source]:
        """One object, read while it arrives; ``keep`` is as in ``fetch``, and gone when all was read.

        Raises ChangedMeanwhile for one that is replaced meanwhile.
        """
        ...

    def copy(self, bucket: str, key: str, to: str) -> None:
        """Make ``to``, in the same bucket, an object with the content of ``key``, which crosses no network of ours."""
        ...

    def send(self, path: Path | str, bucket: str, key: str, moved: Told = untold) -> Copied:
        """Copy a file to one object, atomically. Raises ChangedMeanwhile for one that is rewritten all the time."""
        ...

    def digest(self, path: Path, moved: Told = untold) -> str:
        """The digest that ``send`` would give for a file; "" where it gives none."""
        ...

    def holds(self, bucket: str, found: Stored, path: Path, moved: Told = untold) -> bool | None:
        """Whether an object has the content of a file, which is of its size; None where that cannot be known.

        The object itself is not fetched over a network.
        """
        ...

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete objects; those already gone are no error."""
        ...
