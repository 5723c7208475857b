"""Entering the namespaces of a running host, and starting a program there that carries nothing of ours with it.

A host is hostile to whoever enters it. Until the program starts, the process that has entered is not dumpable, so that
the host cannot read it. The program is started through a copy of ``env`` in sealed memory: what a link or a script of
the host makes of ``/proc/self/exe`` is that copy, and never a file of this machine's.
See setns(2), memfd_create(2), capabilities(7) and CVE-2019-5736, which another runtime had.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

_SPACES = ("user", "cgroup", "ipc", "uts", "net", "pid", "mnt")  # the user's first: by it the others may be entered
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_MOST_CAPABILITIES = 64
_MFD_CLOEXEC, _MFD_ALLOW_SEALING, _MFD_EXEC = 1, 2, 0x10
_CHUNK = 1 << 20


def enter(folder: int, status: bytes) -> None:
    """Move this process into the namespaces of another one, by its folder in /proc; its children are in all of them.

    ``status`` is that process's file of this name: no capability beyond its own stays in reach. Raises OSError. Call
    with one thread only.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    spaces = [space for name in _SPACES if (space := _other_space(folder, name)) is not None]
    for space in spaces:
        if libc.setns(space, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"setns: {os.strerror(number)}")
        os.close(space)
    os.chdir("/")
    _drop_capabilities(libc, status)


def _other_space(folder: int, name: str) -> int | None:
    """A namespace of the process, open; None where it is ours too, or where the kernel has no such kind."""
    try:
        space = os.open(f"ns/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        if os.path.exists(f"/proc/self/ns/{name}"):
            raise  # the process has ended
        return None
    if os.path.samestat(os.fstat(space), os.stat(f"/proc/self/ns/{name}")):
        os.close(space)
        return None
    return space


def _drop_capabilities(libc: ctypes.CDLL, status: bytes) -> None:
    """Give up for ever what the process that was entered cannot have either."""
    fields = dict(line.split(b":", 1) for line in status.splitlines() if b":" in line)
    bounds = int(fields[b"CapBnd"], 16)
    for capability in range(_MOST_CAPABILITIES):
        if not bounds >> capability & 1:
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # beyond the last one that the kernel knows it fails
    if fields.get(b"NoNewPrivs", b"0").strip() == b"1":
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def copy_of_env() -> int:
    """This machine's ``env`` in memory that nobody can change any more. Raises OSError."""
    path = shutil.which("env", path=os.defpath)
    if path is None:
        raise FileNotFoundError(2, "there is no program env", os.defpath)
    if sys.platform != "linux":
        raise NotImplementedError
    with open(path, "rb") as source:
        try:
            copy = _memory(_MFD_EXEC)
        except PermissionError:  # no program may be started from memory here
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # before Linux 6.3
            copy = _memory(0)
        while chunk := source.read(_CHUNK):
            while chunk:
                chunk = chunk[os.write(copy, chunk) :]
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, seals)
    return copy


def _memory(flag: int) -> int:
    if sys.platform != "linux":
        raise NotImplementedError
    return os.memfd_create("env", _MFD_CLOEXEC | _MFD_ALLOW_SEALING | flag)


def become(program: Sequence[str], variables: Mapping[str, str], folder: str, *, env: int | None) -> NoReturn:
    """Turn this process into a program, through the copy of ``env`` where there is one. Raises OSError."""
    os.chdir("/")
    with suppress(OSError):  # it was removed meanwhile
        os.chdir(folder)
    os.umask(0o022)
    if env is None:
        os.execvpe(program[0], list(program), dict(variables))
    words = ["sh", "-c", 'exec "$@"', "sh", *program] if "=" in program[0] else program  # env takes it for a variable
    os.execve(env, ["env", "--", *words], dict(variables))
