"""The page of concepts: its commands do what it says, and each line of what survives what has its test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.cli.conftest import Shell

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "concepts.md").read_text(encoding="utf-8")
COUNT = """import os, pathlib

file = pathlib.Path(os.environ["SSM_STATE"], "runs")
runs = int(file.read_text()) + 1 if file.exists() else 1
file.write_text(str(runs))
print(f"run {runs} of this state")
"""


def test_the_commands_print_what_is_shown(shell: Shell) -> None:
    shell.write("count.py", COUNT)
    (block,) = (one for one in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) if "$ ssm" in one)
    shown = re.findall(r"^\$ ssm (.*)\n(.*)$", block, re.MULTILINE)
    assert len(shown) == 4
    for command, line in shown:
        done = shell.ssm(*command.split())
        assert done.status == 0, done.err
        assert line in done.out + done.err, command


def test_every_line_of_what_survives_what_has_its_test() -> None:
    table = PAGE.partition("## What survives what")[2]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| What happens")]
    assert len(rows) >= 15
    for row in rows:
        (file, name) = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)[0]
        tree = ast.parse((TOP / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}: {name}"


def test_the_words_are_those_of_the_tool() -> None:
    words = re.findall(r"^\| \*\*([\w ]+)\*\* \|", PAGE, re.MULTILINE)
    wanted = {"project", "task", "job", "attempt", "host", "channel", "state", "checkpoint", "output", "instance"}
    assert wanted | {"trial", "study"} <= {*words}
