"""Files that a job made unreadable: on AWS everything runs as root, where that has no effect."""

from __future__ import annotations

import os
import stat
import sys


def make_accessible(path: str | os.PathLike[str], folder: int | None = None) -> None:
    """Restore the owner's permission to read a file, or to list and change a folder, where it is missing.

    ``path`` is a name in the open folder ``folder`` where one is given. A link, and what it leads to, stay as they are.
    """
    if sys.platform == "win32" or os.geteuid() == 0:
        return
    mode = os.stat(path, dir_fd=folder, follow_symlinks=False).st_mode
    required = 0o700 if stat.S_ISDIR(mode) else 0o400
    if not stat.S_ISLNK(mode) and mode & required != required:
        _change_mode(path, folder, stat.S_IMODE(mode) | required)


def _change_mode(path: str | os.PathLike[str], folder: int | None, mode: int) -> None:
    if sys.platform != "linux":
        os.chmod(path, mode, dir_fd=folder, follow_symlinks=False)
        return
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if not stat.S_ISLNK(os.fstat(descriptor).st_mode):  # it may have become one since
            os.chmod(f"/proc/self/fd/{descriptor}", mode)
    finally:
        os.close(descriptor)
