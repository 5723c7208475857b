"""The files of a task's code: listed, filtered and read once.

In: folders and files of this machine. Out: names below the job's code folder, each with the file's path, its mode and a
digest of its content. No content is kept, so memory grows with the number of files alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ...core.records import dataclass, field, replace
from ...core.regular_files import open_regular
from ...errors import UsageError
from . import ignore, secrets

_CHUNK = 1 << 20
_LONGEST_LINE = 256  # of "#!": Linux reads no more
_TRIES = 3  # at reading a file that is written to meanwhile


class Changed(Exception):
    """A file changed since it was first read; the text is its path."""


class CodeFile(NamedTuple):
    """One file as it was read: its path here, its mode and size (bytes) in the job, and the digest of its content."""

    path: str
    mode: int
    size: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class CodeFiles:
    """All files of the code, by names with "/" between their parts; ``folders`` are the empty ones.

    ``secrets`` are files left out because they look like secrets, ``special`` those that are neither file nor folder,
    and ``exposed`` those that look like secrets and are included because they were named. ``interpreters`` are the
    first lines of those that name the program to run them (``#!``). ``script_requirements`` are those that the entry
    point's own header lists, ``locked_requirements`` the lines of what a lock file pins, and ``notes`` what a person
    should know besides.
    """

    files: dict[str, CodeFile] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    special: list[str] = field(default_factory=list)
    exposed: list[str] = field(default_factory=list)
    interpreters: dict[str, bytes] = field(default_factory=dict)
    script_requirements: list[str] = field(default_factory=list)
    locked_requirements: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes, of all files together."""
        return sum(file.size for file in self.files.values())

    def largest(self, count: int) -> list[tuple[str, int]]:
        """The names and bytes of the largest files, the largest first."""
        files = sorted(self.files.items(), key=lambda item: (-item[1].size, item[0]))
        return [(name, file.size) for name, file in files[:count]]

    def add_file(self, path: Path, name: str) -> None:
        """Add a file that was named explicitly, whatever it looks like."""
        try:
            file, beginning = _read(str(path))
        except FileNotFoundError as error:
            raise _unreadable("file", str(path), error) from error
        self._keep(name, file, beginning)
        if secrets.has_secret_name(str(path)) or secrets.has_secret_content(name, beginning):
            self.exposed.append(str(path))

    def add_folder(self, top: Path, prefix: str, *, use_gitignore: bool) -> None:
        """Add the content of a folder, except what is ignored, under names that begin with ``prefix``.

        Links are followed. Raises UsageError for a link in a loop or to nothing, and for what cannot be read.
        """
        rules = ignore.rules(top, use_gitignore=use_gitignore)
        self._add(_Folder(path=str(top), real=os.path.realpath(top), name="", prefix=prefix), rules)

    def add_everything(self, top: Path) -> None:
        """Add the content of a folder, with nothing left out."""
        self._add(_Folder(path=str(top), real=os.path.realpath(top), name="", prefix="", is_whole=True), None)

    def _add(self, folder: _Folder, rules: ignore.Rules | None) -> None:
        entries = _entries(folder.path)
        if not entries and folder.name:
            self.folders.append(folder.prefix + folder.name.rstrip("/"))
        names = {entry.name for entry in entries}
        if rules:
            rules = rules.below(folder.path, folder.name, names)
        if folder.name and ignore.is_environment(names):
            if not (folder.is_whole or folder.is_named):
                return
            folder = replace(folder, is_whole=True)
        for entry in entries:
            self._add_entry(entry, folder, rules)

    def _add_entry(self, entry: os.DirEntry[str], folder: _Folder, rules: ignore.Rules | None) -> None:
        name = folder.name + entry.name
        is_folder = entry.is_dir()
        verdict = rules.verdict(name, is_folder=is_folder) if rules else "named"
        if verdict == "out" or (rules and entry.name == ignore.RULES):
            return
        is_junk = ignore.is_junk(entry.name)
        if is_junk and not (folder.is_whole or verdict == "named"):
            return
        if is_folder:
            below = folder.below(entry, is_whole=folder.is_whole or is_junk, is_named=verdict == "named")
            self._add(below, rules)
        elif entry.is_file():
            self._add_unless_secret(entry, folder.prefix + name, is_named=verdict == "named")
        elif entry.is_symlink():
            raise UsageError(
                f"The link {entry.path!r} leads nowhere, so it cannot be packed.\n"
                f"Remove or fix it, or leave it out with a line in {ignore.RULES}."
            )
        else:
            self.special.append(entry.path)

    def _add_unless_secret(self, entry: os.DirEntry[str], name: str, *, is_named: bool) -> None:
        """Add a file, unless it looks like a secret and was not named."""
        has_secret_name = secrets.has_secret_name(name) or (entry.is_symlink() and _leads_to_secret(entry.path))
        if has_secret_name and not is_named:
            self.secrets.append(entry.path)
            return
        try:
            file, beginning = _read(entry.path)
        except FileNotFoundError:  # deleted since it was listed
            return
        if not is_named and secrets.has_secret_content(name, beginning):
            self.secrets.append(entry.path)
            return
        self._keep(name, file, beginning)

    def _keep(self, name: str, file: CodeFile, beginning: bytes) -> None:
        self.files[name] = file
        if secrets.has_password_in_address(name, beginning):
            self.notes.append(
                f"Warning: {name} has a password in an address, and is packed: whoever may read the job's code can "
                "read it. A token that may only read packages exposes less, an image that has them nothing"
            )
        if beginning.startswith(b"#!"):
            self.interpreters[name] = beginning.partition(b"\n")[0][:_LONGEST_LINE]


@dataclass(frozen=True, kw_only=True)
class _Folder:
    """A folder being added: its path, its real path, and the names of its content.

    ``name`` is relative to the top and ends in "/", unless it is the top; ``above`` are the real paths of the folders
    it lies in. ``is_named`` is whether a line brought it back, ``is_whole`` whether that includes the junk in it.
    """

    path: str
    real: str
    name: str
    prefix: str
    above: tuple[str, ...] = ()
    is_whole: bool = False
    is_named: bool = False

    def below(self, entry: os.DirEntry[str], *, is_whole: bool, is_named: bool) -> _Folder:
        above = (*self.above, self.real)
        real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(self.real, entry.name)
        if real in above:
            raise UsageError(
                f"The link {entry.path!r} leads back to a folder that it lies in.\n"
                f"Remove it, or leave it out with a line in {ignore.RULES}."
            )
        name = f"{self.name}{entry.name}/"
        return replace(self, path=entry.path, real=real, name=name, above=above, is_whole=is_whole, is_named=is_named)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable("folder", folder, error) from error


def _leads_to_secret(link: str) -> bool:
    return secrets.has_secret_name(os.path.realpath(link).replace(os.sep, "/"))


@contextmanager
def _open(path: str) -> Iterator[int]:
    """Open a file as a bare descriptor: for thousands of small ones, Python's file objects cost more than reading."""
    handle = open_regular(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        yield handle
    finally:
        os.close(handle)


def _read(path: str) -> tuple[CodeFile, bytes]:
    """Read a file; return it with its beginning. One that only grows is read to the size it had when opened.

    Raises Changed for one that changes otherwise, time after time.
    """
    try:
        for _ in range(_TRIES):
            with _open(path) as handle:
                before = os.fstat(handle)
                digest, size, beginning = hashlib.sha256(), 0, b""
                for data in _pieces(handle, before.st_size):
                    digest.update(data)
                    beginning = beginning or data[: secrets.BEGINNING]
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
    """Yield the next ``size`` bytes, fewer at the end of the file."""
    while size and (data := os.read(handle, min(size, _CHUNK))):
        size -= len(data)
        yield data


def _is_steady(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether a file did not change in between, except by growing."""
    is_touched = (before.st_mtime_ns, before.st_ctime_ns) != (after.st_mtime_ns, after.st_ctime_ns)
    return after.st_size > before.st_size or (after.st_size == before.st_size and not is_touched)


def _unreadable(kind: str, path: str, error: OSError) -> UsageError:
    return UsageError(
        f"The {kind} {path!r} cannot be read: {error.strerror or error}.\n"
        f"Make it readable, or leave it out with a line in {ignore.RULES}."
    )


def read_again(file: CodeFile) -> Iterator[bytes]:
    """Yield the bytes of a file; raise Changed at their end if they are not those of the first reading."""
    digest = hashlib.sha256()
    try:
        with _open(file.path) as handle:
            for data in _pieces(handle, file.size):
                digest.update(data)
                yield data
    except OSError as error:
        raise Changed(file.path) from error
    if digest.hexdigest() != file.digest:
        raise Changed(file.path)
