"""The page about testing one's code: its tests pass, and its other program runs, as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import blocks, read
from tests.testing.test_plugin import run

PAGE = read("docs/test-your-code.md")
PROGRAM = next(block for block in blocks(PAGE, "python") if "with emulator()" in block)


def write(folder: Path, *names: str) -> None:
    """Write files of the page, whose blocks begin with their names in a comment."""
    named = {found[1]: block for block in blocks(PAGE, "python|bash") if (found := re.match(r"# (\S+)\n", block))}
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(named[name], encoding="utf-8")


def test_the_pages_tests_pass(tmp_path: Path) -> None:
    write(tmp_path, "test_train.py", "test_serve.py")
    done = run(tmp_path)
    assert "\n3 passed" in done.stdout, done.stdout + done.stderr


def test_the_pages_program_runs(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ \[\]\n", done.stdout)
