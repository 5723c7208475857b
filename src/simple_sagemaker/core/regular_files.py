"""Files that are opened without waiting and are nothing but files, and their content up to a size.

A pipe or a device where a file is expected would be read for ever.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a start 5 ms
if TYPE_CHECKING:
    from typing import IO

_PLAIN: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: Path | str, flags: int) -> int:
    """Open a file as ``opener`` does, links followed, without waiting. A pipe, socket or device counts as no file.

    Raises FileNotFoundError for those, and opens folders, which ``open`` itself refuses.
    """
    try:
        descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno not in {errno.ENXIO, errno.ELOOP}:  # a socket; a link that leads to itself
            raise
        raise _no_file(path) from error
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        os.close(descriptor)
        raise _no_file(path)
    return descriptor


def _no_file(path: Path | str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "It is no regular file", str(path))


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
