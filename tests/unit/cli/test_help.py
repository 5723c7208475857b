from __future__ import annotations

import re

import pytest

from simple_sagemaker import __version__
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.options.commands import COMMANDS
from simple_sagemaker.options.option import BOTH, EXEC
from simple_sagemaker.options.table import every_group, flags_on, options_of


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as left:
        parse(argv)
    assert left.value.code == 0
    out, err = capsys.readouterr()
    assert not err
    return out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_of_a_command_shows_every_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = shown(capsys, command, "-h")
    missing = [flag for option in options_of(command) for flag in flags_on(command, option) if flag not in page]
    assert not missing
    titles = [title for title, group in every_group().items() if any(command in option.commands for option in group)]
    assert all((f"\n{title}:\n" in page) == (title in titles) for title in every_group())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_of_a_command_shows_every_default(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = " ".join(shown(capsys, command, "-h").split())
    assert all(f"(default: {option.default})" in page for option in options_of(command) if option.default)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_of_a_command_explains_its_own_words_and_statuses(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = shown(capsys, command, "-h")
    assert ("--NAME VALUE" in page) == (command in BOTH)
    statuses = {1, 2, 4, 5, 6} if command in EXEC else range(8)  # a program in a job has its own
    assert all(f"{status} " in page.partition("exit status:")[2] for status in statuses)


@pytest.mark.parametrize(
    "argv", [["run", "-p", "x", "--help"], ["-p", "x", "-h"], ["run", "--lr", "1", "-h", "--", "x"]]
)
def test_help_is_given_amid_other_words(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *argv).startswith("usage: ssm run -p NAME")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_main_page_lists_commands_and_engines(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = shown(capsys, flag)
    assert all(re.search(rf"^  {command}\s", page, re.MULTILINE) for command in COMMANDS)
    assert "SSM_ENGINE=aws" in page


def test_the_main_page_shows_the_two_options_that_need_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in shown(capsys, "-h").splitlines()]
    assert "-h, --help Show this page." in lines
    assert "--version Show the version." in lines  # and no value of it


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "--version") == f"ssm {__version__}\n"


@pytest.mark.parametrize("columns", [60, 80, 150])
def test_the_page_fits_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    options = shown(capsys, "run", "-h").partition("Task:")[2].partition("your script's")[0]
    longest = max(map(len, options.splitlines()))
    assert longest <= columns
    assert longest > min(columns, 140) * 0.8
