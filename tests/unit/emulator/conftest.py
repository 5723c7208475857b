"""moto in this process: empty for each test, and as it was before afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.emulator.mock_aws import MockAws, forget_everything, remember_settings
from tests.unit.emulator.running import Running, Start


@pytest.fixture
def aws() -> Iterator[MockAws]:
    """moto without users, roles or buckets."""
    restore = remember_settings()
    made = MockAws()
    forget_everything()
    yield made
    forget_everything()
    restore()


@pytest.fixture
def start(tmp_path: Path, aws: MockAws) -> Iterator[Start]:
    """Starts an emulator; all are stopped at the end."""
    every: list[Running] = []

    def begin(**more: Any) -> Running:
        running = Running(tmp_path, aws, **more)
        every.append(running)
        running.start()
        return running

    yield begin
    for running in every:
        running.application.stop(0)
