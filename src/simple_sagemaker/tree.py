"""A local folder, or one file, as the objects it would be: read anew each time, in the order of keys, in little memory.

Links are followed. What S3 cannot hold is refused by name: :meth:`Tree.survey` does so before anything is sent.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from .errors import UsageError
from .scan import ordered

_LONGEST_KEY = 1024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_LARGEST = 10_000 * (5 << 30)  # bytes: as many parts as there may be, each as large as it may be
_NAMED = 3  # of what is left out


class File(NamedTuple):
    """One file: its key below the prefix, its path, and what the system says of it."""

    key: str
    path: str
    stat: os.stat_result


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


@dataclass(frozen=True)
class Tree:
    """A folder's files, or one file. ``option`` is how a person named it."""

    path: Path
    option: str = "-i"

    def survey(self, prefix: str = "") -> Survey:
        """What is there. Raises UsageError for what no key under ``prefix`` can hold, and where there is no file."""
        found, digest = Survey(), hashlib.sha256()
        for file in self._walked(prefix, found):
            found.files += 1
            found.size += file.stat.st_size
            digest.update(f"{file.key}\0{file.stat.st_size}\0{file.stat.st_mtime_ns}\n".encode())
        if not found.files:
            raise UsageError(
                f"{self.option} {str(self.path)!r} holds no file, and a channel needs at least one.\n"
                "Give a folder with data."
            )
        found.digest = digest.hexdigest()
        return found

    def files(self, prefix: str = "") -> Iterator[File]:
        """The files in the order of their keys; those that vanish meanwhile are passed over. Raises UsageError."""
        return self._walked(prefix, Survey())

    def _walked(self, prefix: str, survey: Survey) -> Iterator[File]:
        top, root = str(self.path), len(prefix.encode())
        is_file = self.path.is_file()
        found = iter([File(self.path.name, top, os.stat(top))]) if is_file else self._below(top, "", (), survey)
        for file in found:
            self._check(file, root)
            yield file

    def _below(self, folder: str, prefix: str, above: tuple[tuple[int, int], ...], survey: Survey) -> Iterator[File]:
        here = os.stat(folder)
        mark = (here.st_dev, here.st_ino)
        if mark in above:
            raise UsageError(
                f"{self.option}: the link {folder!r} leads back to a folder that it lies in.\nRemove the link."
            )
        is_empty = True
        for name in self._names(folder):
            is_empty, path, key = False, os.path.join(folder, name), prefix + name
            if name.endswith("/"):
                yield from self._below(path[:-1], key, (*above, mark), survey)
            elif (found := self._stat(path)) is None:
                continue
            elif stat.S_ISREG(found.st_mode):
                yield File(key, path, found)
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

    def _check(self, file: File, root: int) -> None:
        try:
            length = root + len(file.key.encode())
        except UnicodeEncodeError:
            raise self._refused(file.key, "has a name that is not UTF-8", "Rename it") from None
        if length > _LONGEST_KEY:
            raise self._refused(file.path, f"has a key of {length} bytes on S3, which holds 1024", "Shorten its path")
        if file.stat.st_size > _LARGEST:
            raise self._refused(file.path, "is larger than S3 holds in one object", "Divide it")
        if file.stat.st_mode & 0o444 != 0o444 and not os.access(file.path, os.R_OK):
            raise self._refused(file.path, "cannot be read", "Make it readable, or move it away")

    def _refused(self, name: str, why: str, what_next: str) -> UsageError:
        return UsageError(f"{self.option} {str(self.path)!r}: {name!r} {why}.\n{what_next}.")
