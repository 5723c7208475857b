"""Files whose job took the right to read them away: on AWS everybody is root, and sees no difference."""

from __future__ import annotations

import os
import stat
import sys


def open_up(path: str | os.PathLike[str]) -> None:
    """Give the owner back what is missing of the right to read a file, or to look into and change a folder."""
    if sys.platform == "win32" or os.geteuid() == 0:
        return
    mode = os.stat(path, follow_symlinks=False).st_mode
    wanted = 0o700 if stat.S_ISDIR(mode) else 0o400
    if not stat.S_ISLNK(mode) and mode & wanted != wanted:
        os.chmod(path, stat.S_IMODE(mode) | wanted)
