"""A folder being filled under names that somebody else chose: each is held as it is, or refused by name."""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NO_WINDOWS_NAME = re.compile(
    r'.*[\x00-\x1f\\:*?"<>|].*|.*[. ]|(con|prn|aux|nul|com\d|lpt\d)(\..*)?', re.IGNORECASE | re.DOTALL
)
_DEEPEST = 200  # folders in folders: what removes and copies trees goes down by recursion
_NO_NAME_HERE = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ELOOP})


class Unholdable(ValueError):
    """A name that the folder cannot hold; the message names it and says why."""


class Filling:
    """Makes what is asked below ``top``, an empty folder, by names with "/" between their parts.

    Nothing is ever replaced, so two names that are one to the file system are found out by the file system itself.
    Links are made when everything else is there: nothing is written through one.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self._folders: set[str] = set()  # that were made; not the files, of which there may be any number

    def make_folder(self, name: str) -> None:
        """Make a folder, and those it lies in. One that was made already is fine."""
        self._make_folders(name, within=name)

    def _make_folders(self, name: str, within: str) -> None:
        if name in self._folders:
            return
        parts = checked(name)
        for depth in range(1, len(parts) + 1):
            above = "/".join(parts[:depth])
            if above not in self._folders:
                with self._named(above, within=within):
                    os.mkdir(self.top / above)
                self._folders.add(above)

    def new_file(self, name: str, mode: int = 0o666) -> int:
        """An open descriptor of a new, empty file, its ``mode`` less the umask."""
        with self._claimed(name) as path:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)

    def new_link(self, name: str, target: str) -> None:
        """Make a symbolic link; where it leads is for the caller to judge."""
        with self._claimed(name) as path:
            os.symlink(target, path)

    def same_file(self, name: str, other: str) -> None:
        """Make ``name`` one more name of the file ``other``. Raises OSError where the file system has no such thing."""
        with self._claimed(name) as path:
            os.link(self.top / other, path)

    @contextmanager
    def _claimed(self, name: str) -> Iterator[Path]:
        *above, _ = checked(name)
        if above:
            self._make_folders("/".join(above), within=name)
        with self._named(name):
            yield self.top / name

    @contextmanager
    def _named(self, name: str, within: str = "") -> Iterator[None]:
        """What the system says against a name, with the name; ``within`` is the longer name that it is a part of."""
        try:
            yield
        except FileExistsError as error:
            raise Unholdable(self._clash(name, within or name)) from error
        except UnicodeEncodeError as error:
            raise Unholdable(f"the name {name!r} cannot be written in this system's encoding") from error
        except OSError as error:
            if error.errno not in _NO_NAME_HERE:
                raise
            raise Unholdable(f"the name {_short(name)} cannot be had here: {error.strerror}") from error

    def _clash(self, name: str, whole: str) -> str:
        above, _, last = name.rpartition("/")
        there = os.listdir(self.top / above)
        is_file = last in there and not (self.top / name).is_dir()
        if not is_file and name not in self._folders:
            alike = (other for other in there if other != last and folded(other) == folded(last))
            twin = next(alike, "another name")
            return f"{name!r} and {f'{above}/{twin}' if above else twin!r} are the same name to this file system"
        kind = "a file" if is_file else "a folder"
        if name != whole:
            return f"{whole!r} lies in {name!r}, which is {kind}"
        return f"{name!r} is there twice, and what came first is {kind}"


def checked(name: str) -> list[str]:
    """The parts of a name. Raises Unholdable for one that no folder of this system can hold."""
    parts = name.split("/")
    if len(parts) > _DEEPEST:
        raise Unholdable(f"the name {_short(name)} lies in {len(parts) - 1} folders, more than can be handled")
    for part in parts:
        if why := why_not(part, windows=os.name == "nt"):
            raise Unholdable(f"the name {_short(name)} {why}")
    return parts


def why_not(part: str, *, windows: bool) -> str | None:
    """Why a part between two "/" is no name of a file; None when it is one."""
    if part == "..":
        return "leads outside"
    if part in {"", "."}:
        return "has an empty part, or one that is '.'"
    if "\0" in part:
        return "holds a zero byte"
    if windows and _NO_WINDOWS_NAME.fullmatch(part):
        return "is none that Windows can hold"
    return None


def folded(name: str) -> str:
    """The name as file systems see it that know neither case nor ways of writing a letter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _short(name: str) -> str:
    return repr(name) if len(name) <= 200 else f"{name[:200]!r}…"
