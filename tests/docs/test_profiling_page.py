"""The page about profiles: its first command runs as it stands."""

from __future__ import annotations

import pstats
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

PAGE = (Path(__file__).parents[2] / "docs" / "profiling.md").read_text(encoding="utf-8")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_first_command_leaves_a_profile(shell: Shell) -> None:
    shell.write("train.py", "def train():\n    return sum(range(10))\n\ntrain()\n")
    command = re.search(r"```bash\nssm (.*)\n```", PAGE)
    assert command
    done = shell.ssm(*command[1].split())
    assert done.status == 0, done.err
    stats = pstats.Stats(str(shell.folder / "out/output/profile/algo-1.prof"))
    assert [file for file, _, name in getattr(stats, "stats", {}) if name == "train" and file.endswith("/train.py")]
    assert "1 calls" in done.out
