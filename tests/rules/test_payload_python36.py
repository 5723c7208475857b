"""What is shipped into a job runs on Python 3.6, and the part that refuses older ones can be read by 2.7."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simple_sagemaker.payload import CODE_FILES, FOLDER

VERMIN = "from vermin import main; main()"


def vermin(*files: Path) -> subprocess.CompletedProcess[str]:
    """The verdict of vermin, which reads a file and says which Python it needs."""
    words = [sys.executable, "-c", VERMIN, "--target=3.6-", "--violations", "--no-tips", *map(str, files)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_nothing_newer_than_python_36_is_used() -> None:
    shipped = [FOLDER / name for name in CODE_FILES if name.endswith(".py")]
    done = vermin(*shipped, *(FOLDER.parent / "local" / "batch_transform").glob("*.py"))
    assert done.returncode == 0, done.stdout


def test_something_newer_would_be_found(tmp_path: Path) -> None:
    newer = tmp_path / "newer.py"
    newer.write_text("if (n := 3) > 2:\n    print(n)\n")
    assert vermin(newer).returncode == 1


def test_the_launcher_itself_can_be_read_by_python_27() -> None:
    old = Path("~/.pyenv/versions/2.7.18/bin/python").expanduser()
    if not old.exists():
        pytest.skip("no Python 2.7 here")
    check = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"
    subprocess.run([old, "-c", check, FOLDER / "launcher.py"], check=True)
