"""Reads what a job wrote, without leaving its folders and without waiting.

A job may put anything at any name and change it at any time: links to files of this machine, named pipes, devices,
folders in folders without end. So a name is resolved here one part at a time, below a descriptor of a folder that only
we can move (``root``). A link is followed as the job sees it, with ``root`` as its ``/``; one that leads outside
reaches nothing. Only regular files are opened, and opening never waits.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...storage.safe_paths import DEEPEST
from .permissions import make_accessible

if TYPE_CHECKING:
    from typing_extensions import Self

_system: Any = os  # what only some systems have
_NO_FOLLOW: int = getattr(_system, "O_NOFOLLOW", 0)
_FOLDER: int = os.O_RDONLY | getattr(_system, "O_DIRECTORY", 0) | getattr(_system, "O_CLOEXEC", 0)
_FILE: int = (
    os.O_RDONLY
    | getattr(_system, "O_NONBLOCK", 0)
    | getattr(_system, "O_NOCTTY", 0)
    | getattr(_system, "O_CLOEXEC", 0)
    | _NO_FOLLOW
)
_MOST_LINKS = 40  # that Linux, too, follows for one path
TOO_DEEP = f"it holds paths of more than {DEEPEST} parts"
UNREADABLE = "it cannot be read"
LARGER_THAN_DISK = "its size is more than the whole disk holds"


class Unreachable(OSError):
    """A name that cannot be read: nothing is there, it leads outside, or it is no regular file or folder."""


class Entry(NamedTuple):
    """What lies at ``path`` below a walked folder; ``name`` in the open folder ``parent``, until the next entry."""

    path: str
    name: str
    parent: int
    stat: os.stat_result


@contextmanager
def open_folder(root: Path, path: str = "") -> Iterator[int]:
    """Open a folder below ``root``. Raises Unreachable."""
    with _Resolving(root) as resolving:
        yield resolving.folder(path)


@contextmanager
def open_file(root: Path, path: str) -> Iterator[int]:
    """Open a regular file below ``root`` for reading. Raises Unreachable."""
    with _Resolving(root) as resolving:
        parent, name = resolving.parent(path)
        descriptor = open_regular(name, parent)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def read(root: Path, path: str, most: int) -> bytes | None:
    """The first ``most`` bytes of a regular file below ``root``; None where there is none."""
    try:
        with open_file(root, path) as descriptor:
            return os.read(descriptor, most)
    except OSError:
        return None


def open_regular(name: str, parent: int) -> int:
    """Open a regular file of the open folder ``parent``. Raises Unreachable for anything else, links included."""
    try:
        make_accessible(name, parent)
        _require_regular(os.stat(name, dir_fd=parent, follow_symlinks=False), name)
        descriptor = os.open(name, _FILE, dir_fd=parent)
    except OSError as error:
        if isinstance(error, Unreachable) or error.errno is None:
            raise
        raise Unreachable(error.errno, error.strerror, name) from error
    try:
        _require_regular(os.fstat(descriptor), name)
    except Unreachable:
        os.close(descriptor)
        raise
    return descriptor


def is_larger_than_disk(descriptor: int) -> bool:
    """Whether an open file, of holes for the most part, says that it is larger than the disk that it lies on."""
    disk = _system.fstatvfs(descriptor)
    return bool(disk.f_blocks > 0 and os.fstat(descriptor).st_size > disk.f_frsize * disk.f_blocks)


class OpenFolder:
    """An open folder whose files are opened by their paths, links not followed; quick for files beside each other."""

    def __init__(self, descriptor: int) -> None:
        self._top = descriptor
        self._above = ""
        self._parent = os.dup(descriptor)

    def close(self) -> None:
        """Close what is open besides the folder itself."""
        os.close(self._parent)

    def parent(self, path: str) -> tuple[int, str]:
        """The open folder that holds what is at ``path``, until the next call, and the name in it. Raises OSError."""
        above, _, name = path.rpartition("/")
        if above != self._above:
            parent = os.dup(self._top)
            for part in above.split("/") if above else ():
                parent = _open_folder_then_close(part, parent)
            os.close(self._parent)
            self._above, self._parent = above, parent
        return self._parent, name


def path_of(descriptor: int, parent: int, name: str) -> str:
    """A path that opens the very file of a descriptor, whatever has its name by now (Linux)."""
    if sys.platform == "linux":
        return f"/proc/self/fd/{descriptor}"
    if sys.platform == "win32":
        return name
    import fcntl

    path = fcntl.fcntl(parent, fcntl.F_GETPATH, bytes(1024)) if parent >= 0 and hasattr(fcntl, "F_GETPATH") else b""
    return os.path.join(os.fsdecode(path.rstrip(b"\0")), name)


def walk(
    folder: int, refuse: Callable[[str, str], None] = lambda _, __: None, *, in_order: bool = False
) -> Iterator[Entry]:
    """Yield everything below an open folder, each folder before what it holds, ``in_order`` sorted by name.

    Links are not followed. ``refuse`` is called with the path of a folder that is not looked into, and why.
    """
    stack: list[tuple[int, str, Iterator[str]]] = []
    try:
        stack.append(_listing(os.dup(folder), "", in_order=in_order))
        while stack:
            parent, prefix, names = stack[-1]
            name = next(names, None)
            if name is None:
                os.close(stack.pop()[0])
                continue
            try:
                state = os.stat(name, dir_fd=parent, follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield Entry(prefix + name, name, parent, state)
            if not stat.S_ISDIR(state.st_mode):
                continue
            if len(stack) == DEEPEST:
                refuse(prefix + name, TOO_DEEP)
                continue
            try:
                below = _open_folder(name, parent)
            except PermissionError:
                refuse(prefix + name, UNREADABLE)
            except OSError:  # gone, or something else by now
                continue
            else:
                stack.append(_listing(below, f"{prefix}{name}/", in_order=in_order))
    finally:
        for descriptor, _, _ in stack:
            os.close(descriptor)


def why_no_file(mode: int) -> str:
    """Why what has this mode can be kept nowhere; empty for files, folders and links."""
    kinds = ((stat.S_ISFIFO, "it is a named pipe"), (stat.S_ISSOCK, "it is a socket"))
    devices = ((stat.S_ISBLK, "it is a device"), (stat.S_ISCHR, "it is a device"))
    return next((why for is_kind, why in (*kinds, *devices) if is_kind(mode)), "")


def shown(path: str) -> str:
    """A path for a line of a log: escaped where it could pretend to be more than a name, and not too long."""
    text = path if path.isprintable() else repr(path)[1:-1]
    return text if len(text) <= 200 else f"{text[:200]}…"


def _listing(folder: int, prefix: str, *, in_order: bool) -> tuple[int, str, Iterator[str]]:
    try:
        names = os.listdir(folder)
    except OSError:
        os.close(folder)
        raise
    return folder, prefix, iter(sorted(names) if in_order else names)


def _open_folder(name: str, parent: int) -> int:
    make_accessible(name, parent)
    return os.open(name, _FOLDER | _NO_FOLLOW, dir_fd=parent)


def _open_folder_then_close(name: str, parent: int) -> int:
    try:
        return _open_folder(name, parent)
    finally:
        os.close(parent)


def _require_regular(state: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise Unreachable(0, "it is no regular file", name)


class _Resolving:
    """Resolves paths below ``root`` one part at a time; holds the folders on the way open until it is left."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: list[int] = []
        self._links = 0

    def __enter__(self) -> Self:
        try:
            self._open.append(os.open(self._root, _FOLDER))
        except OSError as error:
            raise _unreachable(error, str(self._root)) from error
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._open:
            os.close(descriptor)

    def folder(self, path: str) -> int:
        """Open the folder at ``path``."""
        self._go(path.split("/"), path)
        return self._open[-1]

    def parent(self, path: str) -> tuple[int, str]:
        """Open the folder of what ``path`` names, links followed; return it and the name in it."""
        above, _, name = path.rpartition("/")
        while True:
            self._go(above.split("/"), path)
            target = self._target(name, path)
            if target is None:
                return self._open[-1], name
            above, _, name = target.rpartition("/")

    def _go(self, parts: list[str], path: str) -> None:
        waiting = parts[::-1]
        while waiting:
            part = waiting.pop()
            if part == "..":
                if len(self._open) > 1:
                    os.close(self._open.pop())
                continue
            if part in {"", "."}:
                continue
            target = self._target(part, path)
            if target is not None:
                waiting += target.split("/")[::-1]
                continue
            try:
                self._open.append(_open_folder(part, self._open[-1]))
            except OSError as error:
                if self._links:
                    raise Unreachable(
                        0, "a link on its path leads out of the job's folders, or nowhere", path
                    ) from error
                raise _unreachable(error, path) from error

    def _target(self, name: str, path: str) -> str | None:
        """The target of a link in the innermost folder; None for what is no link.

        For an absolute target, the innermost folder is ``root`` from here on.
        """
        try:
            target = os.readlink(name, dir_fd=self._open[-1])
        except OSError:
            return None
        self._links += 1
        if self._links > _MOST_LINKS:
            raise Unreachable(0, "it leads through too many links", path)
        if not target.startswith("/"):
            return target
        while len(self._open) > 1:
            os.close(self._open.pop())
        root = f"{os.path.realpath(self._root)}/"  # a host without a view of its own sees this machine's paths
        return target[len(root) :] if target.startswith(root) else target.lstrip("/")


def _unreachable(error: OSError, path: str) -> Unreachable:
    return Unreachable(error.errno or 0, error.strerror or str(error), path)
