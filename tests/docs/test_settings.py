"""Every variable of the environment that we read is in the pages, in one row of one table."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.rules.tree import PACKAGE, SOURCE

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]


def test_no_variable_has_two_rows() -> None:
    row = re.compile(r"^\| `(SSM_\w+)` .*\n(?!\|-)", re.MULTILINE)  # and not the head of a table
    rows = Counter(name for page in PAGES for name in row.findall(page.read_text()))
    assert {name: count for name, count in rows.items() if count > 1} == {}


def test_every_variable_that_is_read_is_documented() -> None:
    rooms = ("services", "cli", "project", "options", "aws")
    source = "".join(file.read_text() for room in rooms for file in (SOURCE / PACKAGE / room).rglob("*.py"))
    text = "".join(page.read_text() for page in PAGES)
    assert {name for name in re.findall(r'"(SSM_\w+)"', source) if name not in text} == set()
