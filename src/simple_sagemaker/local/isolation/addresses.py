"""Loopback addresses and ports for a job's hosts, held by locks so that two jobs at once never share any."""

from __future__ import annotations

import errno
import os
import random
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

import fcntl

_PORTS = range(15000, 32000)  # below the ports that systems hand out by themselves
_PER_BLOCK = 250


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """An address for each host, and a port that no other job of this machine uses. ``locks`` hold them while open."""

    hosts: dict[str, str]
    port: int
    locks: list[int]


def reserve(names: list[str], locks: Path) -> Addresses:
    """Take addresses in blocks of 127.x.y and one free port; they are given back when the process ends."""
    locks.mkdir(parents=True, exist_ok=True)
    held: list[int] = []
    hosts: dict[str, str] = {}
    for start in range(0, len(names), _PER_BLOCK):
        block = _block(locks, held)
        for number, name in enumerate(names[start : start + _PER_BLOCK], 1):
            hosts[name] = f"{block}.{number}" if sys.platform == "linux" else "127.0.0.1"
    return Addresses(hosts=hosts, port=_port(locks, held), locks=held)


def _block(locks: Path, held: list[int]) -> str:
    while True:
        block = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}"
        if _hold(locks / block, held):
            return block


def _port(locks: Path, held: list[int]) -> int:
    while True:
        port = random.choice(_PORTS)
        if _free(port) and _hold(locks / f"port-{port}", held):
            return port


def _free(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("", port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def _hold(path: Path, held: list[int]) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    held.append(descriptor)
    return True
