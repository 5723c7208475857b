"""Run a command as a user who is not root: ``python tests/unprivileged.py CMD…``.

Called by root, it makes a user namespace in which that root is user 1000: a process there has no capabilities once it
has started a program, while every file stays in reach. Called by anybody else, it just runs the command.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_NEWUSER = 0x10000000  # CLONE_NEWUSER of linux/sched.h
_USER = 1000


def become_user() -> None:
    """Leave root behind, for this process and all it starts. Raises OSError where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare(CLONE_NEWUSER): {os.strerror(number)}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_USER} 0 1")
    Path("/proc/self/gid_map").write_text(f"{_USER} 0 1")


def main(words: list[str]) -> None:
    if not words:
        sys.exit("usage: python tests/unprivileged.py CMD…")
    if sys.platform == "linux" and os.geteuid() == 0:
        become_user()
    os.execvp(words[0], words)


if __name__ == "__main__":
    main(sys.argv[1:])
