"""One emulator for AWS's own clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulated import Emulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for a file of tests."""
    made = Emulator(tmp_path_factory.mktemp("emulator"))
    yield made
    made.stop()
