"""The tests among the examples are run by pytest alone, as their workflows install it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CLONE = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["examples/ci", "examples/emulator/tests"])
def test_they_need_no_plugin_of_this_project(folder: str) -> None:
    assert f"pytest {folder}" in "".join(file.read_text() for file in CLONE.glob("examples/*/workflow.yml"))
    command = [sys.executable, "-m", "pytest", "-p", "no:timeout", "-p", "no:cacheprovider", "--collect-only", folder]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=CLONE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
