"""The example of tests beside an emulator (examples/emulator), which tox -e docker runs in containers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulated import Emulator

TESTS = Path(__file__).parents[2] / "examples/emulator/tests"


@pytest.mark.timeout(300)
def test_the_examples_tests_pass_with_nothing_but_the_emulators_lines(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "of-this-test"}
    emulator = Emulator(tmp_path / "aws", "--bind", "0.0.0.0", "--allow_host", "emulator", environment=keys)
    try:
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:simple_sagemaker",
            str(TESTS),
        ]
        done = subprocess.run(
            words, cwd=tmp_path, env=emulator.environment, capture_output=True, text=True, check=False
        )
    finally:
        emulator.stop()
    assert "2 passed" in done.stdout, done.stdout + done.stderr
