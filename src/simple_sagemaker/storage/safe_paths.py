"""Fill a folder with files whose names somebody else chose: each name is used exactly, or refused by name."""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.late_regex import compile_late

_NO_WINDOWS_NAME = compile_late(
    r'.*[\x00-\x1f\\:*?"<>|].*|.*[. ]|(con|prn|aux|nul|com\d|lpt\d)(\..*)?', re.IGNORECASE | re.DOTALL
)
_NEW: int = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
DEEPEST = 200  # parts of a path: what removes and copies trees goes down by recursion, and a job is held to it too
_PART = r"[A-Za-z0-9_][^/\0\ud800-\udfff]{0,62}"
_PLAIN = compile_late(rf"(?:{_PART}/){{0,50}}{_PART}", re.ASCII)  # of most files
LONGEST_NAME = 255  # bytes of a part of a path, on Linux, where jobs run
_NO_NAME_HERE = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ELOOP})


class UnusableName(ValueError):
    """A name that the folder cannot hold; the message names it and says why."""


class SafeFolder:
    """Creates files, folders and links below ``top``, an empty folder, by names with "/" between their parts.

    Nothing is ever replaced, so the file system itself detects two names that are the same to it. Create links last,
    so that nothing is written through one. With ``has_folders`` some folders may be there already.
    """

    def __init__(self, top: Path, *, has_folders: bool = False) -> None:
        self.top = top
        self._path = os.fspath(top)
        self._has_folders = has_folders
        self._folders: set[str] = set()  # that were made; not the files, of which there may be any number

    def make_folder(self, name: str) -> None:
        """Create a folder and its parents. A folder created before is fine."""
        self._make_folders(name, within=name)

    def _make_folders(self, name: str, within: str) -> None:
        if name in self._folders:
            return
        parts = split_name(name)
        for depth in range(1, len(parts) + 1):
            above = "/".join(parts[:depth])
            if above not in self._folders:
                with self._translate_errors(above, within=within):
                    self._make_one(self.top / above)
                self._folders.add(above)

    def _make_one(self, folder: Path) -> None:
        try:
            os.mkdir(folder)
        except FileExistsError:
            if not self._has_folders or not stat.S_ISDIR(os.lstat(folder).st_mode):
                raise

    def new_file(self, name: str, mode: int = 0o666) -> int:
        """Create an empty file with ``mode`` less the umask; return its open descriptor."""
        split_name(name)
        above = name.rpartition("/")[0]
        if not above or above in self._folders:
            with suppress(OSError, UnicodeEncodeError):  # which is said below; most often there is none
                return os.open(f"{self._path}/{name}", _NEW, mode)
        with self._claim(name) as path:
            return os.open(path, _NEW, mode)

    def new_link(self, name: str, target: str) -> None:
        """Create a symbolic link; the caller must have checked the target."""
        with self._claim(name) as path:
            os.symlink(target, path)

    def same_file(self, name: str, other: str) -> None:
        """Create a hard link ``name`` to the file ``other``. Raises OSError where the file system has no hard links."""
        with self._claim(name) as path:
            os.link(self.top / other, path)

    @contextmanager
    def _claim(self, name: str) -> Iterator[Path]:
        *above, _ = split_name(name)
        if above:
            self._make_folders("/".join(above), within=name)
        with self._translate_errors(name):
            yield self.top / name

    @contextmanager
    def _translate_errors(self, name: str, within: str = "") -> Iterator[None]:
        """Translate the system's errors about a name into UnusableName; ``within`` is the full name it is part of."""
        try:
            yield
        except FileExistsError as error:
            raise UnusableName(self._clash(name, within or name)) from error
        except UnicodeEncodeError as error:
            raise UnusableName(f"the name {shown_name(name)} cannot be written in this system's encoding") from error
        except OSError as error:
            if error.errno not in _NO_NAME_HERE:
                raise
            raise UnusableName(f"the name {shown_name(name)} cannot be used here: {error.strerror}") from error

    def _clash(self, name: str, whole: str) -> str:
        above, _, last = name.rpartition("/")
        siblings = os.listdir(self.top / above)
        is_file = last in siblings and not (self.top / name).is_dir()
        if not is_file and name not in self._folders:
            alike = (other for other in siblings if other != last and fold(other) == fold(last))
            twin = next(alike, "another name")
            other = shown_name(f"{above}/{twin}" if above else twin)
            return f"{shown_name(name)} and {other} are the same name to this file system"
        kind = "a file" if is_file else "a folder"
        if name != whole:
            return f"{shown_name(whole)} lies in {shown_name(name)}, which is {kind}"
        return f"{shown_name(name)} is there twice, and what came first is {kind}"


def split_name(name: str) -> list[str]:
    """Split a name into its parts. Raises UnusableName for one that no folder of this system can hold."""
    return _split(name, windows=os.name == "nt")


def _split(name: str, *, windows: bool) -> list[str]:
    parts = name.split("/")
    if len(parts) > DEEPEST:
        raise UnusableName(f"the name {shown_name(name)} lies in {len(parts) - 1} folders, more than can be handled")
    for part in parts:
        if why := why_not(part, windows=windows):
            raise UnusableName(f"the name {shown_name(name)} {why}")
    return parts


def check_job_path(path: str) -> None:
    """Raise UnusableName for a path that no file of a job can have, wherever this process runs."""
    if _PLAIN.fullmatch(path):
        return
    for part in _split(path, windows=False):
        if not is_utf8(part):
            raise UnusableName(f"the name {shown_name(path)} is not UTF-8")
        if (size := len(part.encode("utf-8", "surrogatepass"))) > LONGEST_NAME:
            raise UnusableName(
                f"the name {shown_name(path)} has a part of {size} bytes, and a file's name has at most {LONGEST_NAME}"
            )


def is_utf8(name: str) -> bool:
    """Whether a name of this system can be a key of S3, which is UTF-8."""
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


def why_not(part: str, *, windows: bool) -> str | None:
    """Why a part between two "/" cannot be a file's name; None if it can."""
    if part == "..":
        return "leads outside"
    if part in {"", "."}:
        return "has an empty part, or one that is '.'"
    if "\0" in part:
        return "holds a zero byte"
    if windows and _NO_WINDOWS_NAME.fullmatch(part):
        return "is not a legal name on Windows"
    return None


def fold(name: str) -> str:
    """Fold a name as file systems do that ignore case and Unicode normalization."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def shown_name(name: str) -> str:
    """A name for a message: quoted, and not too long."""
    return repr(name) if len(name) <= 200 else f"{name[:200]!r}…"
