"""This machine's part of the services: where it keeps things, and how its engine is set up, from the environment.

It is read by :mod:`services` alone. Jobs run as processes, or with ``SSM_ENGINE=docker`` (or ``SSM_ISOLATION=docker``)
as containers; their data lies in folders of this machine, or on S3.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EngineUnavailable, UsageError

if TYPE_CHECKING:
    from ..local.job.home import Home, Settings

# What a command that runs containers needs to find its engine; nothing of it is a secret.
_ENGINE_PREFIXES = ("DOCKER_", "CONTAINER_", "CONTAINERS_", "BUILDAH_", "PODMAN_", "NERDCTL_", "LIMA_")
_ENGINE_VARIABLES = ("PATH", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR", "USER")
# What boto3 needs to find the caller's credentials; it reaches the supervisor's memory, never a file or a job.
_CALLER_VARIABLES = ("PATH", "HOME", "XDG_CACHE_HOME")


def home_folder(environment: Mapping[str, str]) -> Path:
    """``$SSM_HOME``, else the folder where this platform keeps a user's data."""
    if named := environment.get("SSM_HOME"):
        return Path(named).absolute()
    home = Path(environment.get("HOME") or os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home) / "simple-sagemaker"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "simple-sagemaker"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "simple-sagemaker"


def settings(environment: Mapping[str, str], home: Home, *, containers: bool = False) -> Settings:
    """How the engine of this machine runs jobs. Raises UsageError, and EngineUnavailable for ``containers``."""
    from ..local.job.home import Settings

    isolation = "docker" if containers else _isolation(environment)
    found = Settings(
        python=_python(environment, home.cache),
        isolation=isolation,
        stop_grace_s=_seconds(environment, "SSM_STOP_GRACE_S", "120")[0],
        interrupt_after_s=_seconds(environment, "SSM_SPOT_INTERRUPT_S", ""),
        spot_wait_s=_seconds(environment, "SSM_SPOT_WAIT_S", "0")[0],
    )
    return _with_containers(found, environment) if isolation == "docker" else found


def callers_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which the caller's own AWS credentials are found."""
    return {name: value for name, value in environment.items() if name.startswith("AWS_") or name in _CALLER_VARIABLES}


def _with_containers(found: Settings, environment: Mapping[str, str]) -> Settings:
    from dataclasses import replace

    from ..images.docker import command

    docker = command.chosen(environment)
    where = environment.get("DOCKER_HOST") or environment.get("CONTAINER_HOST") or ""
    if where.startswith(("tcp://", "ssh://", "http://", "https://")):
        raise EngineUnavailable(
            f"The containers of DOCKER_HOST={where} are on another machine, and would not see this one's folders.\n"
            "Use an engine of this machine, or run the job on AWS."
        )
    kept = {
        name: value
        for name, value in environment.items()
        if name.startswith(_ENGINE_PREFIXES) or name in _ENGINE_VARIABLES
    }
    return replace(found, docker=docker.words, docker_environment=kept)


def _python(environment: Mapping[str, str], cache: Path) -> str:
    """The jobs' interpreter. Raises UsageError for an SSM_PYTHON that cannot be run."""
    from ..local.isolation import interpreter

    chosen = interpreter.chosen(environment, ours=sys.executable)
    if not os.path.isfile(chosen) or not os.access(chosen, os.X_OK):
        raise UsageError(f"SSM_PYTHON={chosen!r} is no program that can be run.\nGive the path of a Python.")
    return interpreter.behind_shim(chosen, environment, cache)


def _isolation(environment: Mapping[str, str]) -> str:
    from ..local.job.home import ISOLATIONS

    wanted = environment.get("SSM_ISOLATION") or "auto"
    if wanted not in ISOLATIONS:
        raise UsageError(f"SSM_ISOLATION={wanted!r} is none of {', '.join(ISOLATIONS)}.")
    return wanted


def _seconds(environment: Mapping[str, str], name: str, default: str) -> tuple[float, ...]:
    """The numbers of seconds that a variable holds, with commas between them; ``default`` when it is empty."""
    text = environment.get(name) or default
    try:
        found = tuple(float(word) for word in text.split(",") if word)
    except ValueError:
        found = (-1.0,)
    if any(not 0 <= number < float("inf") for number in found):
        raise UsageError(f"{name}={text!r} is not a number of seconds.")
    return found
