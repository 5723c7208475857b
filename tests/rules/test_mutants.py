"""The tool that puts in mistakes (``tools/mutants.py``) knows every room, and tests that exist."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.rules.test_layers import ROOMS
from tests.rules.tree import PACKAGE, ROOT, SOURCE

TOOL = ROOT / "tools" / "mutants.py"
TESTS: dict[str, dict[str, list[str]]] = json.loads(TOOL.with_name("mutant_rooms.json").read_text(encoding="utf-8"))
FILES = [file.name for file in (SOURCE / PACKAGE).glob("*.py")]


def list_mutants(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, "--list", *words], capture_output=True, text=True, check=False)


def test_every_room_has_tests() -> None:
    assert sorted(TESTS) == sorted([*ROOMS, *FILES]), "tools/mutant_rooms.json"


@pytest.mark.parametrize("room", TESTS)
def test_the_tests_of_a_room_exist(room: str) -> None:
    assert TESTS[room]["quick"]
    missing = [path for paths in TESTS[room].values() for path in paths if not (ROOT / path).exists()]
    assert not missing, "tools/mutant_rooms.json"


def test_a_room_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    done = list_mutants("tasks", "ottions")
    assert done.returncode == 2
    assert "nothing that begins with 'ottions'" in done.stderr
    assert ", ".join(TESTS) in done.stderr


def test_a_sample_of_each_room_has_so_many_of_each() -> None:
    done = list_mutants("tuning", "services", "--per_room", "--count", "2")
    rooms = [line.split()[1].split("/")[0] for line in done.stdout.splitlines() if line.startswith("listed")]
    assert rooms == ["tuning", "tuning", "services", "services"]
