"""Gives the caller ownership of files that containers wrote, which belong to the container's user, often root."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..job import beneath
from .docker import Docker, mount

if sys.platform == "win32":
    raise ImportError("the supervisor of a job needs Linux or macOS")

_HOST = "/simple-sagemaker-host"  # where a container sees this machine's file system
_LOADER = re.compile(r"/(ld-linux[^/]*|ld-musl[^/]*|ld-[0-9.]+)\.so[.0-9]*$")


def reclaim(folder: Path, docker: Docker, image: str, *, label: str) -> None:
    """Make the caller the owner of everything below ``folder``; report on standard error what remains."""
    if sys.platform != "linux" or not any(_foreign_paths(folder)):
        return
    if os.geteuid() == 0:
        _take(folder)
        return
    owner = f"{os.geteuid()}:{os.getegid()}"
    start = ["run", "--rm", "--label", label, "--network", "none", "--user", "0:0", "--security-opt", "label=disable"]
    for arguments in _chown_arguments(folder, owner, image):
        docker.succeeds(*start, *arguments)
        if not any(_foreign_paths(folder)):
            return
    left = next(_foreign_paths(folder), "")
    sys.stderr.write(f"{left} and maybe more below {folder} belongs to a user of the container: chown it as root\n")


def _chown_arguments(folder: Path, owner: str, image: str) -> Iterator[list[str]]:
    """The image's own chown; for an image without one, this machine's, through this machine's loader."""
    inside = f"{_HOST}-job"
    arguments = mount(str(folder), inside)
    yield [*arguments, "--entrypoint", "chown", image, "-hR", owner, inside]
    if (loader := _loader()) and (program := _program()):
        arguments += mount("/", _HOST, readonly=True)
        yield [*arguments, "--entrypoint", f"{_HOST}{loader}", image, "--library-path", *program, "-hR", owner, inside]


def _foreign_paths(folder: Path) -> Iterator[str]:
    """Paths below ``folder`` that the caller does not own; what cannot be listed is one of them, or lies in one.

    Folders that are too deep to be kept are not looked into: who made them made those above them, too.
    """
    mine = os.geteuid()
    with suppress(OSError), beneath.open_folder(folder) as descriptor:
        for entry in beneath.walk(descriptor):
            if entry.stat.st_uid != mine:
                yield os.path.join(folder, entry.path)


def _take(folder: Path) -> None:
    """As root: own everything."""
    with beneath.open_folder(folder) as descriptor:
        for entry in beneath.walk(descriptor):
            if entry.stat.st_uid != 0:
                with suppress(FileNotFoundError):
                    os.chown(entry.name, 0, 0, dir_fd=entry.parent, follow_symlinks=False)


def _loader() -> str | None:
    """This machine's dynamic loader, as this process has it mapped."""
    return next((path for path in _mapped_files() if _LOADER.search(path)), None)


def _program() -> list[str] | None:
    """The folder of this machine's C library and its chown, as a container sees them."""
    library = next((path for path in _mapped_files() if re.search(r"/libc[.-][^/]*so", path)), None)
    program = next((path for path in ("/bin/chown", "/usr/bin/chown") if os.access(path, os.X_OK)), None)
    return [_HOST + os.path.dirname(library), _HOST + os.path.realpath(program)] if library and program else None


def _mapped_files() -> list[str]:
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return [fields[5].strip() for line in maps if len(fields := line.split(maxsplit=5)) == 6]
