"""A local folder, or one file, as the objects it would become: read each time, in the order of keys, in little memory.

Links are followed. A file that S3 cannot hold is refused by name: :meth:`Tree.survey` does so before anything is sent.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...core.records import dataclass, field
from ...errors import UsageError
from ..safe_paths import DEEPEST, LONGEST_NAME
from .index import mark
from .scan import names_in_key_order

_LONGEST_KEY = 1024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_LARGEST = 10_000 * (5 << 30)  # bytes: the most parts, each of the largest size
_TOGETHER = 1000  # lines hashed in one call
_SHOWN = 200  # characters of a path
_NAMED = 3  # of the files left out
_KEPT = 150_000  # files that a survey remembers, of some 200 bytes each
_FRESH_S = 2.0  # how long the result of a survey may be reused
_Entry = tuple[str, str, os.stat_result]  # key, path and state of a file


class File(NamedTuple):
    """One file: its key below the prefix, its path, its size in bytes, and its ``index.mark``."""

    key: str
    path: str
    size: int
    mark: str


@dataclass(kw_only=True)
class Survey:
    """Summary of a tree: files, bytes, a digest of names, sizes and times, and what is not sent with it."""

    files: int = 0
    size: int = 0
    digest: str = ""
    empty_folders: int = 0
    left_out: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """Lines about what is not sent, for the user."""
        lines = []
        if self.empty_folders:
            lines.append(f"Not sent: {self.empty_folders} empty folders, because S3 holds files only")
        if self.left_out:
            more = f" and {len(self.left_out) - _NAMED} more" if len(self.left_out) > _NAMED else ""
            lines.append(f"Not sent, because not a file: {', '.join(map(repr, self.left_out[:_NAMED]))}{more}")
        return lines


class _Snapshot:
    """Files as they were a moment ago; incomplete if there were too many to keep."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._keys: list[str] = []
        self._sizes: list[int] = []
        self._marks: list[str] = []

    @property
    def is_fresh(self) -> bool:
        """Whether it is complete and recent enough to be used."""
        return len(self._keys) < _KEPT and time.monotonic() - self._began_s < _FRESH_S

    def add(self, key: str, state: os.stat_result) -> None:
        if len(self._keys) < _KEPT:
            self._keys.append(key)
            self._sizes.append(state.st_size)
            self._marks.append(mark(state))

    @property
    def keys(self) -> Sequence[str]:
        """The keys below the prefix, in order; the first ones if there are more than it keeps."""
        return self._keys

    def files(self, top: str) -> Iterator[File]:
        """The files of the snapshot, with paths below that folder."""
        paths = (f"{top}{os.sep}{key}" for key in self._keys)
        return map(File, self._keys, paths, self._sizes, self._marks)


@dataclass
class Tree:
    """A folder's files, or one file. ``option`` is the name of the option that named it, for errors."""

    path: Path
    option: str = "input_path"
    _snapshot: _Snapshot | None = field(default=None, repr=False, compare=False)  # what the last survey saw

    def survey(self, prefix: str = "") -> Survey:
        """Summarize the tree. Raises UsageError for a file that no key under ``prefix`` can hold, and for no files."""
        survey, digest = Survey(), hashlib.sha256()
        self._snapshot = snapshot = _Snapshot()
        lines: list[str] = []
        for key, _, state in self._walk(prefix, survey):
            survey.files += 1
            survey.size += state.st_size
            # a program can set a file's time of modification, but not when that was done
            lines.append(f"{key}\0{state.st_size}\0{state.st_mtime_ns}\0{state.st_ctime_ns}\n")
            if len(lines) == _TOGETHER:
                digest.update("".join(lines).encode())
                lines.clear()
            snapshot.add(key, state)
        digest.update("".join(lines).encode())
        if not survey.files:
            raise self._error("{path!r} holds no file, and a channel needs at least one.\nGive a folder with data.")
        survey.digest = digest.hexdigest()
        return survey

    def has_more_than(self, entries: int) -> bool:
        """Whether the tree holds more files and folders than that; reads no more names than those.

        Raises OSError for a folder that cannot be read.
        """
        waiting, seen = [] if self.path.is_file() else [str(self.path)], 0
        while waiting:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    seen += 1
                    if seen > entries:
                        return True
                    if entry.is_dir():
                        waiting.append(entry.path)
        return False

    @property
    def surveyed(self) -> Sequence[str]:
        """The keys below the prefix that the last survey saw, until ``files`` has used them; the first ones of many."""
        return self._snapshot.keys if self._snapshot else ()

    def files(self, prefix: str = "") -> Iterator[File]:
        """The files in the order of their keys, without those that vanish meanwhile. Raises UsageError.

        Right after a survey, its snapshot is used.
        """
        snapshot, self._snapshot = self._snapshot, None
        if snapshot and snapshot.is_fresh:
            top = str(self.path.parent if self.path.is_file() else self.path)
            return snapshot.files(top)
        entries = self._walk(prefix, Survey())
        return (File(key, path, state.st_size, mark(state)) for key, path, state in entries)

    def _walk(self, prefix: str, survey: Survey) -> Iterator[_Entry]:
        top, root = str(self.path), len(prefix.encode())
        longest = _LONGEST_KEY - root
        is_file = self.path.is_file()
        entries = iter([(self.path.name, top, os.stat(top))]) if is_file else self._below(top, "", (), survey)
        for entry in entries:
            key, _, state = entry
            plain = key.isascii() and len(key) <= longest and state.st_mode & 0o444 == 0o444
            if not plain or state.st_size > _LARGEST:
                self._check(entry, root)
            yield entry

    def _below(self, folder: str, prefix: str, above: tuple[tuple[int, int], ...], survey: Survey) -> Iterator[_Entry]:
        here = os.stat(folder)
        same = (here.st_dev, here.st_ino)
        if same in above:
            raise self._error(
                "the link {link!r} leads back to a folder that it lies in.\nRemove the link.", link=folder
            )
        if len(above) >= DEEPEST:
            raise self._usage_error(folder[:_SHOWN], f"lies in {DEEPEST} folders or more", "Move it further up")
        is_empty = True
        for name in self._names(folder):
            is_empty, path, key = False, f"{folder}{os.sep}{name}", prefix + name
            if name.endswith("/"):
                yield from self._below(path[:-1], key, (*above, same), survey)
                continue
            try:
                state = os.stat(path)
            except OSError as error:
                self._check_gone(path, error)
                continue
            if stat.S_ISREG(state.st_mode):
                yield key, path, state
            else:
                survey.left_out.append(path)
        survey.empty_folders += is_empty

    def _names(self, folder: str) -> Iterator[str]:
        try:
            return names_in_key_order(folder)
        except PermissionError:
            raise self._usage_error(folder, "cannot be read", "Make it readable, or move it away") from None
        except (FileNotFoundError, NotADirectoryError):
            if folder == str(self.path):
                raise
            return iter(())  # deleted since it was seen

    def _check_gone(self, path: str, error: OSError) -> None:
        """Check that a file without a stat has just vanished. Raises UsageError for a broken link, else ``error``."""
        if os.path.islink(path):
            raise self._error(
                "{path!r}: the link {link!r} leads nowhere.\nRemove it, or create what it points to.", link=path
            ) from error
        if not isinstance(error, FileNotFoundError):
            raise error

    def _check(self, entry: _Entry, root: int) -> None:
        key, path, state = entry
        try:
            length = root + len(key.encode())
        except UnicodeEncodeError:
            raise self._usage_error(key, "has a name that is not UTF-8", "Rename it") from None
        if any(len(part.encode()) > LONGEST_NAME for part in key.split("/")):  # not on this machine's file system
            raise self._usage_error(
                path, f"has a name of more than {LONGEST_NAME} bytes, which no job can have", "Shorten it"
            )
        if length > _LONGEST_KEY:
            raise self._usage_error(path, f"has a key of {length} bytes on S3, which holds 1024", "Shorten its path")
        if state.st_size > _LARGEST:
            raise self._usage_error(path, "is larger than S3 holds in one object", "Divide it")
        if state.st_mode & 0o444 != 0o444 and not os.access(path, os.R_OK):
            raise self._usage_error(path, "cannot be read", "Make it readable, or move it away")

    def _usage_error(self, name: str, why: str, what_next: str) -> UsageError:
        return self._error("{path!r}: {name!r} {why}.\n{what_next}.", name=name, why=why, what_next=what_next)

    def _error(self, template: str, **values: object) -> UsageError:
        """An error that names the option by which the person named the tree."""
        return UsageError.naming(f"{{{self.option}}} {template}", path=str(self.path), **values)
