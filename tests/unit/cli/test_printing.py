"""What programs read of a command: one record a line, and nothing around it."""

from __future__ import annotations

import io
import sys

import pytest

from simple_sagemaker.cli.printing import ask, print_json_line


def test_a_record_is_one_line_without_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    print_json_line({"a": [1, 2], "b": "c d\n"})
    assert capsys.readouterr().out == '{"a":[1,2],"b":"c d\\n"}\n'


@pytest.mark.parametrize(
    ("typed", "is_yes"), [("y\n", True), ("YES\n", True), (" y \n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_nothing_but_yes_is_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, is_yes: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert ask("Go on?") is is_yes
    assert capsys.readouterr().err == "Go on? [y/N] "
