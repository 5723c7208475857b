"""Objects by bucket and key: the protocol that ``storage.folder_store`` and ``storage.s3.store`` implement."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from ..errors import SsmError
from .layout import uri

ProgressCallback = Callable[[int], None]  # called with the number of bytes just moved; may raise to stop the transfer
LARGEST_RECORD = 1 << 24  # bytes of an object that is read as a whole; what ssm writes itself has a few thousand


class KeyRefused(ValueError):
    """A key that this store cannot hold; the message names the key and says why."""


class TooLarge(SsmError, ValueError):
    """An object that would be read as a whole is larger than any of its kind."""

    def __init__(self, bucket: str, key: str, most: int) -> None:
        super().__init__(
            f"{uri(bucket, key)} has more than {most} bytes, the most that is read of such an object: "
            "something else was written there. Look at it, and delete it if it is nothing of yours."
        )


def no_progress(_: int) -> None:
    """No-op progress callback."""


class Stored(NamedTuple):
    """One object: its key, its size in bytes and when it was last written (seconds since the epoch).

    ``tag`` changes with every write: S3's ETag, or a file's inode and times.
    """

    key: str
    size: int
    modified: float
    tag: str = ""


class Copied(NamedTuple):
    """An uploaded file: its stat when it was opened, its digest ("" if none), and the object's tag."""

    stat: os.stat_result
    digest: str
    tag: str


class Source(Protocol):
    """The content of an object of ``size`` bytes, read once from its beginning."""

    @property
    def size(self) -> int:
        """The number of bytes."""
        ...

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        ...


class Store(Protocol):
    """The operations that we need of S3. A missing object or bucket raises FileNotFoundError."""

    @property
    def place(self) -> str:
        """The address of this store, which tells it from others."""
        ...

    def has_bucket(self, bucket: str) -> bool:
        """Whether the bucket exists and can be read."""
        ...

    def make_bucket(self, bucket: str) -> None:
        """Create the bucket; do nothing if it exists."""
        ...

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        """The objects whose key begins with the literal ``prefix``, in S3's order (bytes of the key).

        Objects written or deleted meanwhile may be seen or not. ``below`` are keys below the prefix that are probably
        there, in that order: they change nothing but how soon a long listing is complete.
        """
        ...

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        """The names of the folders directly below a prefix that ends in "/", sorted."""
        ...

    def read(self, bucket: str, key: str, most: int = LARGEST_RECORD) -> bytes:
        """The content of one object. Raises TooLarge for one of more than ``most`` bytes, before it is read."""
        ...

    def write(self, bucket: str, key: str, data: bytes) -> None:
        """Create or replace one object, atomically."""
        ...

    def write_if(self, bucket: str, key: str, data: bytes, *, expected: bytes | None) -> bool:
        """Write one object only if its content is ``expected`` (None: it does not exist); return whether it was.

        Atomic among all writers.
        """
        ...

    def fetch(
        self, bucket: str, key: str, to: Path, on_progress: ProgressCallback = no_progress, keep: Path | None = None
    ) -> None:
        """Copy one object to a file; its folder is created.

        ``keep`` is a file for the part of a large object received so far: if this ends early the file stays, and the
        next call resumes from it.
        """
        ...

    def fill(self, bucket: str, key: str, to: str, on_progress: ProgressCallback = no_progress) -> None:
        """Write a small object into an existing file that nobody reads yet; if this ends early it is incomplete."""
        ...

    def open_stream(
        self, bucket: str, key: str, keep: Path, on_progress: ProgressCallback = no_progress
    ) -> AbstractContextManager[Source]:
        """Read one object while it arrives; ``keep`` is as in ``fetch``, and is removed when all was read.

        Raises ChangedMeanwhile if the object is replaced meanwhile.
        """
        ...

    def copy(self, bucket: str, key: str, to: str) -> None:
        """Copy an object to ``to`` in the same bucket; the content does not pass through this machine's network."""
        ...

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        """Upload a file as one object, atomically. Raises ChangedMeanwhile for a file that keeps being rewritten."""
        ...

    def digest(self, path: Path, on_progress: ProgressCallback = no_progress) -> str:
        """The digest that ``send`` would return for a file; "" where it returns none."""
        ...

    def holds(
        self, bucket: str, stored: Stored, path: Path, on_progress: ProgressCallback = no_progress
    ) -> bool | None:
        """Whether an object has the content of a file of the same size; None where that cannot be known.

        The object itself is not downloaded.
        """
        ...

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete objects; those already gone are no error."""
        ...
