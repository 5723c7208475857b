"""Installs the requirements of the user's code: ``requirements.txt``, and the code itself when it is a package."""

import os

from . import command, process
from .pip import FILE, pip_install
from .places import Places


def pip_arguments(code: str, kind: str) -> "list[bytes]":
    """The arguments of ``pip install``, by AWS's rules: none for a shell script."""
    listed = [b"-r", FILE.encode()] if os.path.exists(os.path.join(code, FILE)) else []
    if kind == command.PACKAGE:
        return [b".", *listed]
    return listed if kind == command.PROGRAM else []


def install(places: Places, kind: str, environment: "dict[bytes, bytes]") -> None:
    """Install the code's requirements; with SSM_ENVIRONMENTS set, once for all jobs, in a shared environment.

    Changes PATH in ``environment`` in that case. Raises Refusal with pip's last lines.
    """
    what = pip_arguments(places.code, kind)
    if not what:
        return
    if os.environ.get("CA_REPOSITORY_ARN"):
        process.write(b"simple-sagemaker: CA_REPOSITORY_ARN is not used here; set PIP_INDEX_URL for a private index.\n")
    root = os.environ.get("SSM_ENVIRONMENTS")
    if root:
        from . import overlay

        overlay.provide(root, places, what, environment)
    else:
        pip_install(command.python(), what, places, environment)
