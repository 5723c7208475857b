"""The tool that puts in mistakes (``tools/mutants.py``) knows every room, and tests that exist."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.test_layers import ROOMS
from tests.rules.tree import PACKAGE, ROOT, SOURCE
from tools.mutant_finder import Mutant
from tools.mutants import Trial, copy_tree

TESTS: dict[str, dict[str, list[str]]] = json.loads((ROOT / "tools" / "mutant_rooms.json").read_text(encoding="utf-8"))
FILES = [file.name for file in (SOURCE / PACKAGE).glob("*.py")]


def list_mutants(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.mutants", "--list", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


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


def test_what_tests_read_is_in_the_copy(tmp_path: Path) -> None:
    for file in (".ci/run", ".github/workflows/ci.yml", ".git/HEAD", ".tox/lint/x", ".ruff_cache/x", "src/a.py"):
        (tmp_path / "from" / file).parent.mkdir(parents=True)
        (tmp_path / "from" / file).write_text("", encoding="utf-8")
    copy_tree(tmp_path / "from", tmp_path / "to")
    found = [file.relative_to(tmp_path / "to").as_posix() for file in (tmp_path / "to").rglob("*") if file.is_file()]
    assert sorted(found) == [".ci/run", ".github/workflows/ci.yml", "src/a.py"]


def test_a_test_that_fails_anyway_notices_nothing(tmp_path: Path) -> None:
    file, tests = "src/simple_sagemaker/tuning/it.py", "tests/unit/tuning/test_it.py"
    red = "def test_red() -> None:\n    assert False\n"
    looks = f"def test_looks() -> None:\n    assert open({file!r}).read() == 'right'\n"
    for name, text in ((file, "right"), (tests, red + looks)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    mutant = Mutant("tuning/it.py", 1, "", text="wrong", original="right")
    assert Trial(tmp_path, 60, quick=True).judge(mutant) == ("killed", f"{tests}::test_looks")
    assert (tmp_path / file).read_text(encoding="utf-8") == "right"


def test_tests_that_cannot_begin_are_told_from_a_mistake_that_is_noticed(tmp_path: Path) -> None:
    for name in ("src/simple_sagemaker/tuning/it.py", "tests/unit/tuning/test_it.py", "tests/conftest.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("raise ValueError" if name == "tests/conftest.py" else "", encoding="utf-8")
    with pytest.raises(SystemExit, match="without a mistake either"):
        Trial(tmp_path, 60, quick=True).judge(Mutant("tuning/it.py", 1, "", text="wrong", original="right"))
