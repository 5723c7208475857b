"""Files that a job made unreadable: on AWS everything runs as root, where that has no effect."""

from __future__ import annotations

import os
import stat
import sys


def make_accessible(path: str | os.PathLike[str]) -> None:
    """Restore the owner's permission to read a file, or to list and change a folder, where it is missing."""
    if sys.platform == "win32" or os.geteuid() == 0:
        return
    mode = os.stat(path, follow_symlinks=False).st_mode
    required = 0o700 if stat.S_ISDIR(mode) else 0o400
    if not stat.S_ISLNK(mode) and mode & required != required:
        os.chmod(path, stat.S_IMODE(mode) | required)
