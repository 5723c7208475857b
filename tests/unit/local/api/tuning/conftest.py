"""A machine for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local.api.tuning.machine import Machine


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def machine(tmp_path: Path, cache: Path) -> Machine:
    machine = Machine(tmp_path / "home")
    machine.home.root.mkdir()
    machine.home.cache.symlink_to(cache)  # the service's model is read once for all tests
    return machine
