"""Runs pip; its last lines are in the error."""

import os

from . import process
from .places import Places, Refusal

FILE = "requirements.txt"
DEFAULTS = {b"PIP_DISABLE_PIP_VERSION_CHECK": b"1", b"PIP_ROOT_USER_ACTION": b"ignore"}


def pip_install(python: bytes, what: "list[bytes]", places: Places, environment: "dict[bytes, bytes]") -> None:
    """Run ``python -m pip install`` in the code folder, after ensurepip if the interpreter has no pip."""
    settings = dict(DEFAULTS)
    settings.update(environment)
    code = os.fsencode(places.code)
    if not _has_pip(python, settings, code):
        _run(
            [python, b"-m", b"ensurepip", b"--default-pip"], settings, code, "Python has no pip, and none came with it"
        )
    label = "{} cannot be installed".format(FILE if b"-r" in what else "The package of the code")
    _run([python, b"-m", b"pip", b"install", *what], settings, code, label)


def _has_pip(python: bytes, environment: "dict[bytes, bytes]", folder: bytes) -> bool:
    probe = b"import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"
    return process.run([python, b"-c", probe], environment, folder).status == 0


def _run(argv: "list[bytes]", environment: "dict[bytes, bytes]", folder: bytes, label: str) -> None:
    process.write(b"simple-sagemaker: running " + b" ".join(argv) + b"\n")
    ended = process.run(argv, environment, folder)
    if ended.stop_signal:
        raise SystemExit(128 + ended.stop_signal)
    if ended.status:
        lines = ended.tail.decode("utf-8", "replace").strip().splitlines()[-8:]
        raise Refusal("{} (exit status {}):\n{}".format(label, ended.status, "\n".join(lines)[-800:]))
