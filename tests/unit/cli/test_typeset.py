"""Quotation marks and spaces as editors and web pages set them are named, not taken for a missing file."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.argv import read
from tests.unit.cli.typed import RUN, TASK, refused

MARKS = [("\u2018", "\u2019"), ("\u201c", "\u201d"), ("\u201e", "\u201c"), ("\u00ab", "\u00bb"), ("\u201d", "\u201d")]


@pytest.mark.parametrize(("opening", "closing"), MARKS)
@pytest.mark.parametrize("flag", ["-e", "-i", "-o", "--it", "-b", "--max_run_mins", "-d"])
def test_a_value_in_typographic_marks_is_refused_by_its_marks(flag: str, opening: str, closing: str) -> None:
    for words in ([f"{opening}a{closing}"], [f"{opening}a", f"b{closing}"]):
        message = refused("run", *TASK, flag, *words)
        assert flag in message
        assert "its quotation marks are other characters" in message


def test_a_file_that_is_called_so_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("\u201ca\u201d").touch()
    assert read("run", ["-i", "\u201ca\u201d"]).text("input_path") == "\u201ca\u201d"


@pytest.mark.parametrize(
    "words", [["--lr", "\u201c0.1\u201d"], ["--hp", "lr", "\u20180.1\u2019"], ["--tag", "a", "\u00abb\u00bb"]]
)
def test_a_text_in_typographic_marks_is_kept_and_noted(words: list[str]) -> None:
    (note,) = read("run", words).notes
    assert note.startswith("Note: the quotation marks of --")


def test_other_letters_are_not_noted() -> None:
    assert read("run", ["--name", "Zo\u00eb", "-i", "donn\u00e9es", "--hp", "text", "it\u2019s"]).notes == []


@pytest.mark.parametrize("space", ["\u00a0", "\u200b", "\u202f"])
def test_a_space_that_a_web_page_put_is_recognised(space: str) -> None:
    assert "it has a space of another kind" in refused(*RUN, f"-p{space}other")
    assert "it has a space of another kind" in refused(f"run{space}-p", "x")


@pytest.mark.parametrize("command", ["\u2013h", "\u2014\u2014help", "\u201crun\u201d"])
def test_a_command_that_a_text_editor_set_is_recognised(command: str) -> None:
    assert "other character" in refused(command, "-p", "x") or "another character" in refused(command, "-p", "x")
