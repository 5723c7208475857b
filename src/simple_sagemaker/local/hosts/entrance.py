"""By which process a running host is entered: written as the host starts, and checked before anybody enters.

The file lies in the job's folder, outside of what the host sees. A process is named by its number and the moment of its
start, and then held open by its folder in /proc: what is read through that folder is of this very process, or fails.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ...core.records import dataclass
from ...core.regular_files import read_plain
from ...storage.private import write_private
from ..isolation import forked_script
from ..isolation.choose import Isolation

_FILE = "entrance.json"
_MOST_BYTES = 1 << 22  # of a process's environment: twice what Linux lets a program have
_ENDED = (b"Z", b"X")


if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")


class NotRunning(Exception):
    """The host has not started or has ended."""


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """The first process of a host: its number, its start in clock ticks (0 where it is not known), its environment."""

    pid: int
    started: int
    isolation: Isolation
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class OpenProcess:
    """A process by its folder in /proc, which stays that process's, whoever gets its number next."""

    pid: int
    folder: int

    def read(self, name: str, most: int = _MOST_BYTES) -> bytes:
        """A file of the folder; empty when the process has ended."""
        try:
            with open(os.open(name, os.O_RDONLY, dir_fd=self.folder), "rb") as file:
                data: bytes = file.read(most)
                return data
        except (FileNotFoundError, ProcessLookupError):
            return b""

    def link(self, name: str) -> str:
        """Where a link of the folder leads; empty when the process has ended."""
        try:
            return os.readlink(name, dir_fd=self.folder)
        except (FileNotFoundError, ProcessLookupError):
            return ""

    @property
    def is_forked_launcher(self) -> bool:
        """Whether it is our launcher as a fork of the job's supervisor, whose arguments and environment /proc shows."""
        return self.read("comm").rstrip(b"\n") == forked_script.NAME

    @property
    def started(self) -> int:
        """The start, in clock ticks since the machine's; 0 when it has ended."""
        fields = self._fields()
        return 0 if not fields or fields[0] in _ENDED else int(fields[19])

    @property
    def parent(self) -> int:
        """The parent's number; 0 when it has ended."""
        fields = self._fields()
        return int(fields[1]) if fields else 0

    @property
    def variables(self) -> dict[str, str]:
        """The environment that its program was started with; empty where /proc shows another's."""
        if self.is_forked_launcher:
            return {}
        pairs = (os.fsdecode(one).partition("=") for one in self.read("environ").split(b"\0"))
        return {name: value for name, equals, value in pairs if name and equals}

    def _fields(self) -> list[bytes]:
        """What proc_pid_stat(5) lists from the state on, which is its third."""
        return self.read("stat").rpartition(b")")[2].split()

    def close(self) -> None:
        os.close(self.folder)


def write_entrance(folder: Path, pid: int, isolation: Isolation, environment: Mapping[str, str]) -> None:
    """Write down how the host of this folder is entered; its environment may hold secrets, so nobody else reads it."""
    process = open_process(pid)
    content = {
        "pid": pid,
        "started": process.started if process else 0,
        "isolation": isolation,
        "environment": dict(environment),
    }
    if process:
        process.close()
    write_private(folder / _FILE, json.dumps(content))


def remove_entrance(folder: Path) -> None:
    """Forget how the host was entered, once it has ended."""
    with suppress(OSError):
        (folder / _FILE).unlink(missing_ok=True)


def read_entrance(folder: Path) -> Entrance:
    """How a host is entered. Raises NotRunning."""
    try:
        return Entrance(**json.loads(read_plain(folder / _FILE)))
    except (FileNotFoundError, ValueError) as error:
        raise NotRunning from error


def open_process(pid: int) -> OpenProcess | None:
    """Hold a process open; None where it has ended, or where there is no /proc."""
    if sys.platform != "linux":
        return None
    try:
        return OpenProcess(pid=pid, folder=os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY))
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(entrance: Entrance, process: OpenProcess | None) -> bool:
    """Whether the host's first process lives."""
    if process is not None:
        return process.started == entrance.started
    try:
        os.kill(entrance.pid, 0)
    except ProcessLookupError:
        return False
    return True


def open_host(entrance: Entrance) -> OpenProcess | None:
    """Hold a host's first process open; None where there is no /proc. Raises NotRunning for one that has ended.

    Raises PermissionError for a process of somebody else.
    """
    process = open_process(entrance.pid)
    if (process is None and sys.platform == "linux") or not is_alive(entrance, process):
        raise NotRunning
    if process is not None and os.fstat(process.folder).st_uid not in {os.geteuid(), 0}:
        raise PermissionError("the job belongs to another user")
    return process


def program_of(host: OpenProcess) -> OpenProcess:
    """The process that runs the person's code: what our launcher has started, or else the host's first process."""
    if b"/launcher.py\0" not in host.read("cmdline") and not host.is_forked_launcher:
        return host
    children = [process for name in os.listdir("/proc") if name.isdigit() and (process := open_process(int(name)))]
    mine = [child for child in children if child.parent == host.pid and child.started]
    first = min(mine, key=lambda child: child.started, default=host)
    for child in children:
        if child is not first:
            child.close()
    return first
