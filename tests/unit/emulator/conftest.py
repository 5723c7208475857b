"""moto in this process: empty for each test, and as it was before afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simple_sagemaker.emulator.mock_aws import MockAws, forget_everything, remember_settings


@pytest.fixture
def aws() -> Iterator[MockAws]:
    """moto without users, roles or buckets."""
    restore = remember_settings()
    made = MockAws()
    forget_everything()
    yield made
    forget_everything()
    restore()
