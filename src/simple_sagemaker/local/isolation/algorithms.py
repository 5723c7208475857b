"""Which of AWS's built-in algorithms run on this machine as a process: XGBoost, where its package is installed."""

from __future__ import annotations

import subprocess
import sys

_OLDEST = (3, 0)
_PACKAGE = "xgboost-cpu" if sys.platform == "linux" else "xgboost"  # the wheel without GPUs is a tenth of the other
_INSTALL = f"-m pip install '{_PACKAGE}>=3.0.5,<3.3' (the extra 'xgboost')"
_PROBE = """
import sys
sys.path[:] = [path for path in sys.path if path]
from importlib.util import find_spec
spec = find_spec("xgboost")
print(open(spec.submodule_search_locations[0] + "/VERSION").read().strip() if spec else "")
"""


def why_not(algorithm: str, python: str) -> str | None:
    """Why an algorithm cannot run as a process with this Python, and what to do; None if it can."""
    if algorithm != "xgboost":
        return (
            f"The built-in algorithm {algorithm} exists only as AWS's image, which a process of this machine has not. "
            "Run it on AWS, or in a container (SSM_ENGINE=docker) with access to AWS's registry; of the built-in "
            "algorithms XGBoost alone runs here."
        )
    version = xgboost_version(python)
    if version is None:
        return (
            f"The built-in algorithm XGBoost needs the package xgboost, which {python} does not have.\n"
            f"Install it: {python} {_INSTALL}; or run in a container (SSM_ENGINE=docker), or on AWS."
        )
    if version < _OLDEST:
        shown = ".".join(map(str, version))
        return (
            f"The built-in algorithm XGBoost needs xgboost 3.0 or newer, and {python} has {shown}.\n"
            f"Install it: {python} {_INSTALL}"
        )
    return None


def xgboost_version(python: str) -> tuple[int, ...] | None:
    """The version of a Python's xgboost; None where there is none. Starts that Python, but does not import xgboost."""
    try:
        done = subprocess.run(
            [python, "-E", "-c", _PROBE],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    parts = done.stdout.strip().split(".")[:2]
    return tuple(map(int, parts)) if not done.returncode and all(map(str.isdigit, parts)) else None
