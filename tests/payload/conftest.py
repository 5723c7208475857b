"""One job folder per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.payload.job import JobFolder


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path / "opt-ml")
