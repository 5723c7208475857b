"""Installs the requirements of the user's code: ``requirements.txt``, and the code itself when it is a package."""

import os
import re
import sys

from . import command, process
from .pip import FILE, locked, pip_install
from .places import Places, Refusal


def pip_arguments(code: str, kind: str) -> "list[bytes]":
    """The arguments of ``pip install``, by AWS's rules: none for a shell script."""
    listed = [b"-r", FILE.encode()] if os.path.exists(os.path.join(code, FILE)) else []
    if listed and locked(code):  # which says all that is needed, also where a package asks for something else
        listed = [b"--no-deps", b"--require-hashes", *listed]
    if kind == command.PACKAGE:
        return [b".", *listed]
    return listed if kind == command.PROGRAM else []


def fits(version: "tuple[int, int, int]", asked: str) -> bool:
    """Whether a Python is among those asked for, as in ``>=3.9,<3.13``; what cannot be judged here is left to pip."""
    return all(_holds(version, clause.strip()) for clause in asked.split(","))


def _holds(version: "tuple[int, int, int]", clause: str) -> bool:
    match = re.match(r"(>=|<=|==|!=|~=|<|>)\s*(\d+(?:\.\d+)*)(\.\*)?$", clause)
    if not match:
        return True
    numbers = [int(part) for part in match.group(2).split(".")]
    mine, theirs, short = list(version), [*numbers, 0, 0][:3], list(version)[: len(numbers)]
    if match.group(1) in ("==", "!="):
        return (short == numbers if match.group(3) else mine == theirs) == (match.group(1) == "==")
    if match.group(1) == "~=":
        return mine >= theirs and short[:-1] == numbers[:-1]
    if match.group(1) in (">=", "<"):
        return (mine >= theirs) == (match.group(1) == ">=")
    return (mine > theirs) == (match.group(1) == ">")


def _check_python(code: str) -> None:
    lock = locked(code)
    version = (sys.version_info[0], sys.version_info[1], sys.version_info[2])
    if lock and not fits(version, lock[1]):
        text = "{} is for Python {}, and this job has Python {}.{}.{}. "
        advice = "Choose an image of another Python (--py_version, --framework_version), or lock for this one."
        raise Refusal(text.format(lock[0], lock[1], *version) + advice)


def install(places: Places, kind: str, environment: "dict[bytes, bytes]") -> None:
    """Install the code's requirements; with SSM_ENVIRONMENTS set, once for all jobs, in a shared environment.

    Changes PATH in ``environment`` in that case. Raises Refusal with pip's last lines.
    """
    what = pip_arguments(places.code, kind)
    if not what:
        return
    _check_python(places.code)
    if os.environ.get("CA_REPOSITORY_ARN"):
        process.write(b"simple-sagemaker: CA_REPOSITORY_ARN is not used here; set PIP_INDEX_URL for a private index.\n")
    root = os.environ.get("SSM_ENVIRONMENTS")
    if root:
        from . import overlay

        overlay.provide(root, places, what, environment)
    else:
        pip_install(command.python(), what, places, environment)
