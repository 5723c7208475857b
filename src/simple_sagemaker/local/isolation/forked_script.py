"""A Python script as a fork of this process, which spares it a new interpreter's start and its imports.

For our launcher, which needs the standard library alone and starts the user's program in a process of its own: a host's
first process is a fork of the supervisor anyway, and goes on as ``python -E -s -S SCRIPT`` would. Its memory is a copy
of the supervisor's, so nobody may use this whose supervisor knows anything that the job must not.
"""

from __future__ import annotations

import os
import signal
import sys
import types
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from . import namespaces

NAME = b"ssm-launcher"  # of such a process, whose arguments are still the supervisor's (its comm, of proc(5))
_MOST_DESCRIPTORS = 1 << 20  # where there is no limit
_LIBRARY: list[str] = []  # this process's sys.path before our packages were added to it
_COMPILED: dict[bytes, types.CodeType] = {}


if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")


def prepare(script: str, packages: str) -> None:
    """Load what the launcher at ``script`` will import, before there is a job that would wait for it.

    ``packages`` is the folder of sys.path that forks must not see.
    """
    import errno  # noqa: F401 - all of these for the launcher
    import importlib  # noqa: F401
    import json  # noqa: F401
    import math  # noqa: F401
    import re  # noqa: F401
    import select  # noqa: F401
    import shutil  # noqa: F401
    import socket  # noqa: F401
    import stat  # noqa: F401
    import tarfile  # noqa: F401
    import time  # noqa: F401
    import zlib  # noqa: F401

    _LIBRARY[:] = [path for path in sys.path if path != packages]
    with open(script, "rb") as file:
        source = file.read()
    _COMPILED[source] = compile(source, script, "exec", dont_inherit=True)


def is_prepared() -> bool:
    """Whether this process can be forked for scripts."""
    return bool(_LIBRARY)


def is_own_python(base: str) -> bool:
    """Whether ``base``, a real program and no virtual environment's link, is what this process runs."""
    try:
        return os.path.samefile(base, f"/proc/{os.getpid()}/exe")
    except OSError:
        return False


def go_on(program: str, script: str, arguments: Sequence[str]) -> NoReturn:
    """Run ``script`` in this process, a fork with standard streams and environment of its own, and exit as it does.

    ``program`` is what the script takes for its interpreter.
    """
    namespaces.set_name(NAME)
    os.closerange(3, _most_open())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = [script, *arguments]
    sys.executable = program
    sys.path[:] = _LIBRARY
    main = types.ModuleType("__main__")
    main.__file__ = script
    sys.modules["__main__"] = main
    status = 0
    try:
        exec(_code(script), main.__dict__)  # noqa: S102  what a new interpreter would do with it
    except SystemExit as end:
        status = _status(end)
    except BaseException as error:  # noqa: BLE001  as at the top of any program
        inner = error.__traceback__.tb_next if error.__traceback__ else None
        sys.excepthook(type(error), error.with_traceback(inner), inner)
        status = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # nobody reads it any more
                stream.flush()
        os._exit(status)


def _code(script: str) -> types.CodeType:
    """The code of a script; nothing is compiled for the launcher that this process was prepared for."""
    with open(script, "rb") as file:
        source = file.read()
    return _COMPILED.get(source) or compile(source, script, "exec", dont_inherit=True)


def _status(end: SystemExit) -> int:
    """The exit status that Python gives a program that ended so."""
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return 1


def _most_open() -> int:
    """One more than the highest descriptor that can be open."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
