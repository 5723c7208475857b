"""A folder in which documents' workers lie and their commands are typed."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell


@pytest.fixture
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("listing"))
