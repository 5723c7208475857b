"""What the Docker tests share: one daemon and one registry for the whole run, and no settings of the person's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.daemon import Daemon, running


@pytest.fixture(scope="session")
def daemon() -> Iterator[Daemon]:
    """A daemon with the base images, and a registry that holds them."""
    with running() as made:
        yield made


@pytest.fixture
def docker(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Daemon:
    """The daemon, where this test's own commands and the product's find it."""
    for name in ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_BUILDKIT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in daemon.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker-config"))
    return daemon
