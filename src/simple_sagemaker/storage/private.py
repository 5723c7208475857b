"""What only this user can enter and read, whatever the umask; and files that are nothing but files."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a start 5 ms
if TYPE_CHECKING:
    from typing import IO

_PLAIN: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


def open_plain(path: Path | str, flags: int, mode: int = 0o600) -> int:
    """Open a regular file without waiting; usable as ``opener``. Raises OSError for anything else, such as a pipe."""
    descriptor = os.open(path, flags | _PLAIN, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is no regular file", str(path))
    return descriptor


def read_plain(path: Path, most: int = 1 << 26) -> bytes:
    """Read a whole regular file. Raises OSError for anything else, and for one of more than ``most`` bytes."""
    with open(path, "rb", opener=open_plain) as file:
        data = read_within(file, most)
    if data is None:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


def read_within(file: IO[bytes], most: int) -> bytes | None:
    """What a file has; None if that is more than ``most`` bytes. No more memory is taken than the content needs."""
    size = os.fstat(file.fileno()).st_size
    if size > most:
        return None
    data = file.read(size + 1)
    if len(data) > size:  # it grows
        data += file.read(most + 1 - len(data))
    return data if len(data) <= most else None


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone; what exists stays as it is."""
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    except FileNotFoundError:
        make_private(folder.parent)
        folder.mkdir(0o700, exist_ok=True)


def narrow(folder: Path) -> None:
    """Take a folder of this user away from all others."""
    if sys.platform == "win32":
        return
    state = os.stat(folder)
    if state.st_uid == os.geteuid() and state.st_mode & 0o077:
        folder.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Write a new file. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    with open(descriptor, "w", encoding="utf-8") as out:
        out.write(text)


def replace_private(path: Path, text: str) -> None:
    """Write a file anew, in a folder that is made if it is missing: others see the old file or the whole new one."""
    make_private(path.parent)
    scratch = path.with_name(f"{path.name}.{os.urandom(8).hex()}")  # threads of one process may write it too
    try:
        write_private(scratch, text)
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
