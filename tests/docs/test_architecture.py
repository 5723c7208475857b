"""The page about the architecture names every room and every file, none that is not there, and has its own picture."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.test_layers import ROOMS

TOP = Path(__file__).parents[2]
SOURCE = TOP / "src" / "simple_sagemaker"
PAGE = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)/`\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_room_has_a_section() -> None:
    assert sorted(SECTIONS) == sorted(ROOMS)


@pytest.mark.parametrize("room", SECTIONS)
def test_a_section_names_every_file_of_its_room(room: str) -> None:
    lines = "".join(re.findall(r"^- .*?:", SECTIONS[room], re.MULTILINE | re.DOTALL))
    named = set(re.findall(r"`([\w/]+\.py)`", lines))
    files = {path.relative_to(SOURCE / room).as_posix() for path in (SOURCE / room).rglob("*.py")}
    assert {name for name in files if not name.endswith("__init__.py")} == named, f"docs/architecture.md: {room}"


def test_every_file_that_the_tables_name_exists() -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    named = {name for name in re.findall(r"`([\w/.]+/[\w.]*)`", rows) if not name.startswith(("/", "out/"))}
    missing = [name for name in named if not (SOURCE / name).exists() and not (TOP / name).exists()]
    assert not missing, f"docs/architecture.md: {missing}"


def test_the_picture_is_what_the_tool_draws() -> None:
    program = "import sys; sys.path.insert(0, 'tools'); import draw_architecture as tool; print(tool.text(), end='')"
    done = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=True)
    picture = (TOP / "docs" / "architecture.svg").read_text(encoding="utf-8")
    assert picture == done.stdout, "run: python tools/draw_architecture.py"
