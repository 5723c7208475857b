"""A local folder, or one file, as the objects it would be: read anew each time, in the order of keys, in little memory.

Links are followed. What S3 cannot hold is refused by name: :meth:`Tree.survey` does so before anything is sent.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from .errors import UsageError
from .index import mark, size_of
from .scan import ordered

_LONGEST_KEY = 1024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_LARGEST = 10_000 * (5 << 30)  # bytes: as many parts as there may be, each as large as it may be
_NAMED = 3  # of what is left out
_KEPT = 150_000  # files that a survey remembers, of some 150 bytes each
_FRESH_S = 2.0  # how long what a survey saw is true enough
_Found = tuple[str, str, os.stat_result]  # key, path and state of a file


class File(NamedTuple):
    """One file: its key below the prefix, its path, its bytes, and what changes when it does (``index.mark``)."""

    key: str
    path: str
    size: int
    mark: str


@dataclass(kw_only=True)
class Survey:
    """What a tree holds: files, bytes, a digest of names, sizes and times, and what is not sent with it."""

    files: int = 0
    size: int = 0
    digest: str = ""
    empty_folders: int = 0
    left_out: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What a person should know of that is not sent, a line each."""
        lines = []
        if self.empty_folders:
            lines.append(f"Not sent: {self.empty_folders} empty folders, for S3 holds files only")
        if self.left_out:
            more = f" and {len(self.left_out) - _NAMED} more" if len(self.left_out) > _NAMED else ""
            lines.append(f"Not sent, being no files: {', '.join(map(repr, self.left_out[:_NAMED]))}{more}")
        return lines


class _Seen:
    """The keys and marks of files as they were a moment ago, unless there were too many to keep."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._files: list[str] = []

    @property
    def is_fresh(self) -> bool:
        """Whether all are there, and can still be believed."""
        return len(self._files) < _KEPT and time.monotonic() - self._began_s < _FRESH_S

    def add(self, key: str, marked: str) -> None:
        if len(self._files) < _KEPT:
            self._files.append(f"{marked} {key}")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for text in self._files:
            marked, _, key = text.partition(" ")
            yield key, marked


@dataclass
class Tree:
    """A folder's files, or one file. ``option`` is how a person named it."""

    path: Path
    option: str = "-i"
    _seen: _Seen | None = field(default=None, repr=False, compare=False)  # what the last survey saw

    def survey(self, prefix: str = "") -> Survey:
        """What is there. Raises UsageError for what no key under ``prefix`` can hold, and where there is no file."""
        found, digest = Survey(), hashlib.sha256()
        self._seen = seen = _Seen()
        for key, _, state in self._walked(prefix, found):
            found.files += 1
            found.size += state.st_size
            digest.update(f"{key}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
            seen.add(key, mark(state))
        if not found.files:
            raise UsageError(
                f"{self.option} {str(self.path)!r} holds no file, and a channel needs at least one.\n"
                "Give a folder with data."
            )
        found.digest = digest.hexdigest()
        return found

    def files(self, prefix: str = "") -> Iterator[File]:
        """The files in the order of their keys; those that vanish meanwhile are passed over. Raises UsageError.

        After a survey that began a moment ago they are as that saw them.
        """
        seen, self._seen = self._seen, None
        if seen and seen.is_fresh:
            top = str(self.path.parent if self.path.is_file() else self.path)
            return (File(key, f"{top}{os.sep}{key}", size_of(marked), marked) for key, marked in seen)
        walked = self._walked(prefix, Survey())
        return (File(key, path, state.st_size, mark(state)) for key, path, state in walked)

    def _walked(self, prefix: str, survey: Survey) -> Iterator[_Found]:
        top, root = str(self.path), len(prefix.encode())
        longest = _LONGEST_KEY - root
        is_file = self.path.is_file()
        walked = iter([(self.path.name, top, os.stat(top))]) if is_file else self._below(top, "", (), survey)
        for found in walked:
            key, _, state = found
            plain = key.isascii() and len(key) <= longest and state.st_mode & 0o444 == 0o444
            if not plain or state.st_size > _LARGEST:
                self._check(found, root)
            yield found

    def _below(self, folder: str, prefix: str, above: tuple[tuple[int, int], ...], survey: Survey) -> Iterator[_Found]:
        here = os.stat(folder)
        same = (here.st_dev, here.st_ino)
        if same in above:
            raise UsageError(
                f"{self.option}: the link {folder!r} leads back to a folder that it lies in.\nRemove the link."
            )
        is_empty = True
        for name in self._names(folder):
            is_empty, path, key = False, f"{folder}{os.sep}{name}", prefix + name
            if name.endswith("/"):
                yield from self._below(path[:-1], key, (*above, same), survey)
            elif (found := self._stat(path)) is None:
                continue
            elif stat.S_ISREG(found.st_mode):
                yield key, path, found
            else:
                survey.left_out.append(path)
        survey.empty_folders += is_empty

    def _names(self, folder: str) -> Iterator[str]:
        try:
            return ordered(folder)
        except PermissionError:
            raise self._refused(folder, "cannot be read", "Make it readable, or move it away") from None
        except (FileNotFoundError, NotADirectoryError):
            if folder == str(self.path):
                raise
            return iter(())  # gone since it was seen

    def _stat(self, path: str) -> os.stat_result | None:
        """What the system says of a file; None for one that vanished."""
        try:
            return os.stat(path)
        except OSError as error:
            if os.path.islink(path):
                raise UsageError(
                    f"{self.option}: the link {path!r} leads nowhere.\nRemove it, or make what it points to."
                ) from error
            if isinstance(error, FileNotFoundError):
                return None
            raise

    def _check(self, found: _Found, root: int) -> None:
        key, path, state = found
        try:
            length = root + len(key.encode())
        except UnicodeEncodeError:
            raise self._refused(key, "has a name that is not UTF-8", "Rename it") from None
        if length > _LONGEST_KEY:
            raise self._refused(path, f"has a key of {length} bytes on S3, which holds 1024", "Shorten its path")
        if state.st_size > _LARGEST:
            raise self._refused(path, "is larger than S3 holds in one object", "Divide it")
        if state.st_mode & 0o444 != 0o444 and not os.access(path, os.R_OK):
            raise self._refused(path, "cannot be read", "Make it readable, or move it away")

    def _refused(self, name: str, why: str, what_next: str) -> UsageError:
        return UsageError(f"{self.option} {str(self.path)!r}: {name!r} {why}.\n{what_next}.")
