"""A digest of the folder that an image is built from, to detect changes."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ...core.regular_files import open_regular, read_within
from ...errors import UsageError
from .ignore import FILE, Ignored

_BLOCK = 1 << 20
_MOST_RULES = 1 << 20  # bytes
_DEEPEST = 200  # folders in folders


def digest(folder: Path) -> str:
    """A digest of the build context: names, contents, permissions and links; no times, which Docker ignores too.

    Raises UsageError for a file that cannot be read.
    """
    hasher = hashlib.sha256()
    for name, path in _entries(folder, "", _read_ignored(folder)):
        try:
            hasher.update(_line(name, path).encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise UsageError(
                f"{str(path)!r} belongs to the image and cannot be read: {error.strerror}.\n"
                f"Allow it to be read, or leave it out with a line in {str(folder / FILE)!r}."
            ) from error
    return hasher.hexdigest()


def files(folder: Path) -> list[str]:
    """The names of everything in the build context, with "/" between their parts."""
    return [name for name, _ in _entries(folder, "", _read_ignored(folder))]


def _read_ignored(folder: Path) -> Ignored:
    file = folder / FILE
    try:
        with open(file, "rb", opener=open_regular) as opened:
            data = read_within(opened, _MOST_RULES)
    except FileNotFoundError as error:
        if os.path.exists(file):  # a pipe, say
            raise UsageError(f"{str(file)!r} is no regular file.\nRemove it, or write rules into one.") from error
        return Ignored("")
    except OSError as error:
        raise UsageError(f"{str(file)!r} cannot be read: {error.strerror}.\nMake it readable, or remove it.") from error
    if data is None:
        raise UsageError(f"{str(file)!r} has more than {_MOST_RULES} bytes, too many for rules.\nShorten or remove it.")
    return Ignored(data.decode("utf-8", "surrogateescape"))


def _entries(folder: Path, prefix: str, ignored: Ignored) -> Iterator[tuple[str, Path]]:
    if prefix.count("/") > _DEEPEST:
        top = folder.parents[prefix.count("/") - 1]
        raise UsageError(
            f"{str(top)!r} belongs to the image and has folders more than {_DEEPEST} deep.\nRemove them, or leave them "
            f"out with a line in {str(top / FILE)!r}."
        )
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        name = f"{prefix}{entry.name}"
        out = name in ignored
        is_folder = entry.is_dir(follow_symlinks=False)
        if not out:
            yield name, Path(entry.path)
        if is_folder and not (out and ignored.prunes):
            yield from _entries(Path(entry.path), f"{name}/", ignored)


def _line(name: str, path: Path) -> str:
    """A line that identifies one entry and its content."""
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        return f"{name}\0link\0{os.readlink(path)}\0\n"
    what = _content(path) if stat.S_ISREG(about.st_mode) else stat.filemode(about.st_mode)[0]
    return f"{name}\0{stat.S_IMODE(about.st_mode):o}\0{what}\0\n"


def _content(path: Path) -> str:
    hasher = hashlib.sha256()
    with open(path, "rb", opener=open_regular) as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest()
