"""What is written for coding agents: the skill's commands run in its order, and the list of pages is up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from simple_sagemaker.options.commands import COMMANDS
from simple_sagemaker.options.table import by_flag
from tests.docs.pages import TOP, Reader, blocks, read

SKILL = read("skills/simple-sagemaker/SKILL.md")
LIST = read("llms.txt")


def test_the_head_is_as_the_format_has_it() -> None:
    """https://agentskills.io/specification: a name as the folder's, and what it does and when to use it."""
    head = dict(line.split(": ", 1) for line in SKILL.split("---\n")[1].splitlines())
    assert head["name"] == "simple-sagemaker"
    assert "Use when" in head["description"]
    assert len(head["description"]) <= 1024
    assert len(SKILL.splitlines()) < 150


def test_the_commands_run_in_their_order(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.write_named(SKILL)
    run, results, explain, again, long = blocks(SKILL, "bash")
    assert "epoch 3 loss=" in reader.bash(run)
    printed = reader.bash(results)
    assert printed.endswith("3")  # the model
    assert '"Completed"' in printed
    assert "What to do" in reader.bash(explain)
    why = reader.bash(again)
    assert "epochs: 3 -> 5" in why
    assert "epoch 4 loss=" in why
    assert "epoch 3 loss=" not in why.partition("epoch 4 loss=")[2]  # it went on from its state
    reader.bash(long)
    assert (reader.folder / "out-long/logs/logs0").exists()


def test_every_option_that_it_names_exists() -> None:
    known = {flag for command in COMMANDS for flag in by_flag(command)}
    named = {word for word in re.findall(r"(?<![\w-])--[a-z_]+", SKILL) if word not in {"--epochs", "--verbose"}}
    assert named - known == set()


def test_the_list_of_pages_is_up_to_date() -> None:
    program = "import sys; sys.path.insert(0, 'tools'); import write_llms_txt as tool; print(tool.text(), end='')"
    done = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout == LIST, "run: python tools/write_llms_txt.py"


def test_the_list_of_pages_is_as_its_format_has_it() -> None:
    """https://llmstxt.org: a title, a quote, and sections of links, which lead somewhere."""
    title, empty, quote = LIST.splitlines()[:3]
    assert (title, empty) == ("# Simple Sagemaker", "")
    assert quote.startswith("> ")
    sections = re.findall(r"^## (.*)$", LIST, re.MULTILINE)
    assert sections[-1] == "Optional"
    for line in LIST.partition("\n## ")[2].splitlines():
        assert not line or re.match(r"(## |- \[[^]]+\]\([\w./-]+\.md\)(: .+)?$)|\w", line), line
    for link in re.findall(r"\]\(([^)]+)\)", LIST):
        assert (TOP / link).exists(), link
