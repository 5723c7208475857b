"""The files of a person's code: found, judged and read once.

Comes in: folders and files of this machine. Goes out: names below the code folder of a job, each with the file that is
meant, its mode and a digest of what it held. No content is kept, so memory grows with the number of files alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import UsageError
from . import ignore as leftout
from . import secrets as confidential

_CHUNK = 1 << 20
_TRIES = 3  # with a file that is written to while it is read


class Changed(Exception):
    """A file is no longer what it was when it was first read; the text is its path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeFile:
    """One file as it was read: its path here, the mode and the size in bytes it gets, and the digest of its bytes."""

    path: str
    mode: int
    size: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class CodeFiles:
    """All of the code, by names with "/" between their parts; folders are those with nothing in them.

    ``secrets`` are files left out for what they look like, ``odd`` those that are neither file nor folder, and
    ``exposed`` those that look like secrets and are there, because they were named.
    """

    files: dict[str, CodeFile] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    exposed: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes, of all files together."""
        return sum(file.size for file in self.files.values())

    def largest(self, count: int) -> list[tuple[str, int]]:
        """The names and bytes of the largest files, the largest first."""
        found = sorted(self.files.items(), key=lambda item: (-item[1].size, item[0]))
        return [(name, file.size) for name, file in found[:count]]

    def add_file(self, path: Path, name: str) -> None:
        """Add a file that was named, so that it is meant whatever it looks like."""
        try:
            found, beginning = _read(str(path))
        except FileNotFoundError as error:
            raise _unreadable("file", str(path), error) from error
        self.files[name] = found
        if confidential.is_named_so(str(path)) or confidential.begins_so(name, beginning):
            self.exposed.append(str(path))

    def add_folder(self, top: Path, prefix: str, *, use_gitignore: bool) -> None:
        """Add what a folder holds, under names that begin with ``prefix``; what stays at home is left out.

        Links are followed. Raises UsageError for one that leads round in circles or nowhere, and for what cannot be
        read.
        """
        rules = leftout.rules(top, use_gitignore=use_gitignore)
        self._add(_Place(folder=str(top), real=os.path.realpath(top), name="", prefix=prefix), rules)

    def add_everything(self, top: Path) -> None:
        """Add what a folder holds, all of it."""
        self._add(_Place(folder=str(top), real=os.path.realpath(top), name="", prefix="", is_whole=True), None)

    def _add(self, place: _Place, rules: leftout.Rules | None) -> None:
        entries = _entries(place.folder)
        if not entries and place.name:
            self.folders.append(place.prefix + place.name.rstrip("/"))
        there = {entry.name for entry in entries}
        if rules:
            rules = rules.below(place.folder, place.name, there)
        if place.name and leftout.is_environment(there):
            if not (place.is_whole or place.is_named):
                return
            place = replace(place, is_whole=True)
        for entry in entries:
            self._add_entry(entry, place, rules)

    def _add_entry(self, entry: os.DirEntry[str], place: _Place, rules: leftout.Rules | None) -> None:
        name = place.name + entry.name
        is_folder = entry.is_dir()
        said = rules.say(name, is_folder=is_folder) if rules else "named"
        if said == "out" or (rules and entry.name == leftout.RULES):
            return
        is_junk = leftout.is_junk(entry.name)
        if is_junk and not (place.is_whole or said == "named"):
            return
        if is_folder:
            below = place.below(entry, is_whole=place.is_whole or is_junk, is_named=said == "named")
            self._add(below, rules)
        elif entry.is_file():
            self._judge(entry, place.prefix + name, is_named=said == "named")
        elif entry.is_symlink():
            raise UsageError(
                f"The link {entry.path!r} leads nowhere, so it cannot be packed.\n"
                f"Remove or mend it, or leave it out with a line in {leftout.RULES}."
            )
        else:
            self.odd.append(entry.path)

    def _judge(self, entry: os.DirEntry[str], name: str, *, is_named: bool) -> None:
        """Add a file, unless it looks like a secret that nobody asked for."""
        looks_so = confidential.is_named_so(name) or (entry.is_symlink() and _leads_to_secret(entry.path))
        if looks_so and not is_named:
            self.secrets.append(entry.path)
            return
        try:
            found, beginning = _read(entry.path)
        except FileNotFoundError:  # deleted since it was seen
            return
        if not is_named and confidential.begins_so(name, beginning):
            self.secrets.append(entry.path)
            return
        self.files[name] = found


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A folder on the way: where it lies, what it is in truth, and what its content is called.

    ``name`` is below the top, and ends in "/" unless it is the top; ``above`` are the folders it lies in, in truth.
    ``is_named`` is whether a line brought it back, ``is_whole`` whether that holds for the junk in it too.
    """

    folder: str
    real: str
    name: str
    prefix: str
    above: tuple[str, ...] = ()
    is_whole: bool = False
    is_named: bool = False

    def below(self, entry: os.DirEntry[str], *, is_whole: bool, is_named: bool) -> _Place:
        above = (*self.above, self.real)
        real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(self.real, entry.name)
        if real in above:
            raise UsageError(
                f"The link {entry.path!r} leads back to a folder that it lies in.\n"
                f"Remove it, or leave it out with a line in {leftout.RULES}."
            )
        name = f"{self.name}{entry.name}/"
        return replace(self, folder=entry.path, real=real, name=name, above=above, is_whole=is_whole, is_named=is_named)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable("folder", folder, error) from error


def _leads_to_secret(link: str) -> bool:
    return confidential.is_named_so(os.path.realpath(link).replace(os.sep, "/"))


@contextmanager
def _opened(path: str) -> Iterator[int]:
    """A descriptor to read a file by: for thousands of small ones, Python's own files take longer than the reading."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        yield handle
    finally:
        os.close(handle)


def _read(path: str) -> tuple[CodeFile, bytes]:
    """A file and its beginning. One that only grows is read as far as it went when it was opened."""
    try:
        for _ in range(_TRIES):
            with _opened(path) as handle:
                before = os.fstat(handle)
                digest, size, beginning = hashlib.sha256(), 0, b""
                for data in _pieces(handle, before.st_size):
                    digest.update(data)
                    beginning = beginning or data[: confidential.BEGINNING]
                    size += len(data)
                after = os.fstat(handle)
            if size == before.st_size and _is_steady(before, after):
                mode = 0o755 if before.st_mode & 0o100 else 0o644
                return CodeFile(path=path, mode=mode, size=size, digest=digest.hexdigest()), beginning
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable("file", path, error) from error
    raise Changed(path)


def _pieces(handle: int, size: int) -> Iterator[bytes]:
    """The next ``size`` bytes, fewer at the end."""
    while size and (data := os.read(handle, min(size, _CHUNK))):
        size -= len(data)
        yield data


def _is_steady(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether nobody wrote to a file in between, but for what was added at its end."""
    is_touched = (before.st_mtime_ns, before.st_ctime_ns) != (after.st_mtime_ns, after.st_ctime_ns)
    return after.st_size > before.st_size or (after.st_size == before.st_size and not is_touched)


def _unreadable(kind: str, path: str, error: OSError) -> UsageError:
    return UsageError(
        f"The {kind} {path!r} cannot be read: {error.strerror or error}.\n"
        f"Make it readable, or leave it out with a line in {leftout.RULES}."
    )


def read_again(file: CodeFile) -> Iterator[bytes]:
    """The bytes of a file, which are those it had when it was first read. Raises Changed at their end otherwise."""
    digest = hashlib.sha256()
    try:
        with _opened(file.path) as handle:
            for data in _pieces(handle, file.size):
                digest.update(data)
                yield data
    except OSError as error:
        raise Changed(file.path) from error
    if digest.hexdigest() != file.digest:
        raise Changed(file.path)
