"""Every command that the examples' pages and script hold can be meant: the real parser takes its words."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import DataSpec, TaskSpec
from simple_sagemaker.studies.spec import TuneSpec

TOP = Path(__file__).parents[2]
EXAMPLES = TOP / "examples"


def commands(page: Path) -> list[str]:
    """The lines of a page's ``bash`` blocks, or of a script, that start ``ssm``; continued lines are one."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        text = "\n".join(re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    lines = text.replace("\\\n", " ").replace("$here", str(EXAMPLES / "readme_examples")).splitlines()
    return [line.strip() for line in lines if re.match(r"\s*(\w+=\S* )*ssm ", line)]


def words(command: str) -> list[str]:
    """What ``ssm`` is given, without what is the shell's own."""
    reader = shlex.shlex(command, posix=True, punctuation_chars="&|<>;")
    reader.whitespace_split = True
    split = list(reader)
    end = next((at for at, word in enumerate(split) if set(word) <= set("&|<>;")), len(split))
    return split[split.index("ssm") + 1 : end]


SCRIPT = EXAMPLES / "readme_examples/run.sh"
EXAMPLE6 = EXAMPLES / "readme_examples/example6/README.md"
PAGES = [EXAMPLES / "README.md", EXAMPLES / "digits/README.md", EXAMPLES / "tune_digits/README.md", SCRIPT, EXAMPLE6]
COMMANDS = [
    pytest.param(line, id=f"{page.parent.name}/{page.name}-{number}")
    for page in PAGES
    for number, line in enumerate(commands(page))
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_examples_is_understood(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES / "tune_digits" if "ssm tune" in command else TOP)
    asked = parse(words(command))
    assert isinstance(asked, (TaskSpec, DataSpec, TuneSpec))
    assert asked.place.project == "ssm-ex"


def test_run_sh_has_the_pages_own_commands() -> None:
    """So what is seen of one (tests/examples runs the script) holds for the other."""
    page = [words(line) for line in commands(EXAMPLES / "README.md")]
    script = [[_as_on_the_page(word) for word in words(line)] for line in commands(SCRIPT)]
    assert [line for line in page if line not in script and "hello" not in line] == []
    assert len(script) == len(page) - 1


def _as_on_the_page(word: str) -> str:
    word = word.replace("$out", "./output").replace(str(TOP) + "/", "").replace("$pause_s", "1")
    return os.path.normpath(word) if "/../" in word else word


def test_no_command_is_overlooked() -> None:
    assert [len(commands(page)) for page in (PAGES[0], SCRIPT)] == [10, 9]


def test_the_page_lists_every_example_and_every_link_leads_somewhere() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for example in [*EXAMPLES.rglob("*.sh"), *EXAMPLES.rglob("worker*.py"), EXAMPLES / "devices.py"]:
        assert example.name in page, f"{example} is not on examples/README.md"
    for folder in (EXAMPLES, EXAMPLES / "digits", EXAMPLE6.parent):
        for link in re.findall(r"\]\(([^)#:]+)\)", (folder / "README.md").read_text(encoding="utf-8")):
            assert (folder / link).exists(), link


def test_links_within_the_page_are_its_headings() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", line[3:].lower()).replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings
