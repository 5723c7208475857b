"""Runs pip; its last lines are in the error. Nothing is imported from the user's code, whatever its files are named."""

import os
import re

from . import process
from .places import Places, Refusal

FILE = "requirements.txt"
# The first line of a file that was made of a lock file (tasks/code/lock_files.py).
LOCKED = re.compile(r"# locked by (\S+), for Python (.*)")
# What `-I` does for the current folder; `-I` itself also hides the packages of a user, where pip or its target may be.
OFF_PATH = b"import sys; sys.path[:] = [path for path in sys.path if path]; "
RUN_PIP = b"import runpy; runpy.run_module('pip', run_name='__main__', alter_sys=True)"
DEFAULTS = {b"PIP_DISABLE_PIP_VERSION_CHECK": b"1", b"PIP_ROOT_USER_ACTION": b"ignore"}


def locked(code: str) -> "tuple[str, str] | None":
    """The lock file that the requirements were made of, and the Pythons that it is for; None for others."""
    path = os.path.join(code, FILE)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        first = LOCKED.match(file.readline(1000).decode("utf-8", "replace").strip())
    return (first.group(1), first.group(2)) if first else None


def pip_install(python: bytes, what: "list[bytes]", places: Places, environment: "dict[bytes, bytes]") -> None:
    """Run ``python -m pip install`` in the code folder, after ensurepip if the interpreter has no pip."""
    settings = dict(DEFAULTS)
    settings.update(environment)
    code = os.fsencode(places.code)
    paths = [path for path in settings.pop(b"PYTHONPATH", b"").split(b":") if path and not _is_in(path, code)]
    if paths:
        settings[b"PYTHONPATH"] = b":".join(paths)
    if not _has_pip(python, settings, code):
        start = [python, b"-I", b"-m", b"ensurepip", b"--default-pip"]
        _run(start, start, settings, code, "Python has no pip, and none came with it")
    lock = locked(places.code) if b"-r" in what else None
    name = "What {} pins".format(lock[0]) if lock else FILE if b"-r" in what else "The package of the code"
    label = "{} cannot be installed".format(name)
    shown = [python, b"-m", b"pip", b"install", *what]
    _run(shown, [python, b"-c", OFF_PATH + RUN_PIP, b"install", *what], settings, code, label)


def _is_in(path: bytes, folder: bytes) -> bool:
    return (os.path.realpath(path) + b"/").startswith(os.path.realpath(folder) + b"/")


def _has_pip(python: bytes, environment: "dict[bytes, bytes]", folder: bytes) -> bool:
    probe = OFF_PATH + b"import importlib.util; sys.exit(importlib.util.find_spec('pip') is None)"
    return process.run([python, b"-c", probe], environment, folder).status == 0


def _run(
    shown: "list[bytes]", argv: "list[bytes]", environment: "dict[bytes, bytes]", folder: bytes, label: str
) -> None:
    process.write(b"simple-sagemaker: running " + b" ".join(shown) + b"\n")
    ended = process.run(argv, environment, folder)
    if ended.stop_signal:
        raise SystemExit(128 + ended.stop_signal)
    if ended.status:
        lines = ended.tail.decode("utf-8", "replace").strip().splitlines()[-8:]
        raise Refusal("{} (exit status {}):\n{}".format(label, ended.status, "\n".join(lines)[-800:]))
