"""Loopback addresses and ports for a job's hosts, locked so that no two running jobs share any."""

from __future__ import annotations

import errno
import os
import random
import socket
import sys
from pathlib import Path

from ...core.records import dataclass
from ...storage.private import make_private

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

import fcntl

_PORTS = range(15000, 32000)  # below the ports that systems assign by themselves
_PER_BLOCK = 250


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """An address for each host, and a port that no other job of this machine uses.

    ``locks`` are descriptors that reserve them as long as they are open.
    """

    hosts: dict[str, str]
    port: int
    locks: list[int]


def reserve(names: list[str], folder: Path) -> Addresses:
    """Reserve addresses, in blocks of 127.x.y, and a port, until the process ends. ``folder`` has the lock files."""
    make_private(folder)
    locks: list[int] = []
    hosts: dict[str, str] = {}
    for start in range(0, len(names), _PER_BLOCK):
        block = _reserve_block(folder, locks)
        for number, name in enumerate(names[start : start + _PER_BLOCK], 1):
            hosts[name] = f"{block}.{number}" if sys.platform == "linux" else "127.0.0.1"
    return Addresses(hosts=hosts, port=_reserve_port(folder, locks), locks=locks)


def _reserve_block(folder: Path, locks: list[int]) -> str:
    while True:
        block = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}"
        if _try_lock(folder / block, locks):
            return block


def _reserve_port(folder: Path, locks: list[int]) -> int:
    while True:
        port = random.choice(_PORTS)
        if _is_free(port) and _try_lock(folder / f"port-{port}", locks):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("", port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def _try_lock(path: Path, locks: list[int]) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    locks.append(descriptor)
    return True
