"""One emulator for AWS's own clients."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.emulated import Emulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for a file of tests. Its jobs have the packages of the tests, the clients' own among them."""
    made = Emulator(tmp_path_factory.mktemp("emulator"), environment={"SSM_PYTHON": sys.executable})
    yield made
    made.stop()
