"""What only this user can enter and read, whatever the umask."""

from __future__ import annotations

import os
import sys
from pathlib import Path


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
