"""A login to a registry that is nobody's but this process's, and gone afterwards.

The person's own configuration of Docker is neither written nor left: contexts and plugins are those of always, only
what is known of registries is the login's alone.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .command import Docker

# What config.json says of registries: https://docs.docker.com/reference/cli/docker/login/
_OF_REGISTRIES = ("auths", "credsStore", "credHelpers")


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who one is at a registry: its ``host`` (with a port, maybe), a user and a password."""

    host: str
    user: str
    password: str = field(repr=False)


@contextmanager
def logged_in(docker: Docker, login: Login) -> Iterator[Docker]:
    """The command, as somebody who is logged in at that registry. Raises DockerFailed where it says no."""
    with tempfile.TemporaryDirectory(prefix="ssm-login-") as name:
        folder = Path(name)
        _fill(folder, _home(docker.environment), login.host)
        inside = docker.with_environment({"DOCKER_CONFIG": name, "REGISTRY_AUTH_FILE": str(folder / "config.json")})
        inside.do("login", "--username", login.user, "--password-stdin", login.host, stdin=login.password)
        yield inside


def _home(environment: Mapping[str, str]) -> Path:
    """The folder of the person's configuration, which need not be there."""
    if named := environment.get("DOCKER_CONFIG"):
        return Path(named)
    return Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home()) / ".docker"


def _fill(folder: Path, home: Path, host: str) -> None:
    """Put into ``folder`` what the person's configuration says, but for registries.

    Of ``host`` it says nothing, which is more than no word: a configuration without any login makes Docker look for the
    system's keychain, and keep the password there.
    """
    try:
        settings: dict[str, Any] = json.loads((home / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        settings = {}
    kept = {name: value for name, value in settings.items() if name not in _OF_REGISTRIES}
    (folder / "config.json").write_text(json.dumps({**kept, "auths": {host: {}}}), encoding="utf-8")
    if not home.is_dir():
        return
    for entry in home.iterdir():
        if entry.name != "config.json":
            try:
                (folder / entry.name).symlink_to(entry, target_is_directory=entry.is_dir())
            except OSError:  # Windows asks for a right that not everybody has; plugins are found elsewhere too
                continue
