"""A login to a registry for this process alone, removed afterwards.

The user's own configuration of Docker is not changed, and still applies: contexts and plugins are the usual ones, only
the settings of registries are replaced by the login.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...core.records import dataclass, field
from ...core.regular_files import open_regular, read_within
from ...core.scratch import scratch_folder
from .command import Docker

# The settings of registries in config.json: https://docs.docker.com/reference/cli/docker/login/
_OF_REGISTRIES = ("auths", "credsStore", "credHelpers")
_LARGEST = 1 << 24  # bytes of the configuration


@dataclass(frozen=True, kw_only=True)
class Login:
    """A login to a registry: its ``host`` (optionally with a port), a user and a password."""

    host: str
    user: str
    password: str = field(repr=False)


@contextmanager
def log_in(docker: Docker, login: Login) -> Iterator[Docker]:
    """Yield a Docker command that is logged in to that registry. Raises DockerFailed if the login is refused."""
    with scratch_folder("ssm-login-") as folder:
        _fill(folder, _home(docker.environment), login.host)
        inside = docker.with_environment(
            {"DOCKER_CONFIG": str(folder), "REGISTRY_AUTH_FILE": str(folder / "config.json")}
        )
        inside.do("login", "--username", login.user, "--password-stdin", login.host, stdin=login.password)
        yield inside


def _home(environment: Mapping[str, str]) -> Path:
    """The folder of the user's configuration, which may not exist."""
    if named := environment.get("DOCKER_CONFIG"):
        return Path(named)
    return Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home()) / ".docker"


def _fill(folder: Path, home: Path, host: str) -> None:
    """Copy the user's configuration to ``folder``, without the settings of registries.

    ``host`` gets an empty entry: a configuration without any login makes Docker look for the system's keychain and
    keep the password there.
    """
    try:
        with open(home / "config.json", "rb", opener=open_regular) as file:
            settings: Any = json.loads(read_within(file, _LARGEST) or b"")
    except (OSError, ValueError, RecursionError):
        settings = {}
    settings = settings if isinstance(settings, dict) else {}
    kept_settings = {name: value for name, value in settings.items() if name not in _OF_REGISTRIES}
    (folder / "config.json").write_text(json.dumps({**kept_settings, "auths": {host: {}}}), encoding="utf-8")
    if not home.is_dir():
        return
    for entry in home.iterdir():
        if entry.name != "config.json":
            try:
                (folder / entry.name).symlink_to(entry, target_is_directory=entry.is_dir())
            except OSError:  # Windows requires a privilege for links; plugins are found elsewhere too
                continue
