"""What jobs and services say, on its way to a terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.core.printable import cells, clean, clean_line, coloured, cut, pad

CONTROLS = {chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)]}
tricky = st.text(st.sampled_from([*"ab[]0;m?1\\PHx", "\x1b", "\x07", "\n", "\r", "\t", "\x9b", "\x9d", "\x90", "\x9c"]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x \x1b]0;PWN\x07 y", "x  y"),
        ("x \x1b]0;PWN\x1b\\ y", "x  y"),
        ("x \x9d0;PWN\x9c y", "x  y"),
        ("\x1b[2J\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jx", "x"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x1bcx\x00\x08\x7f", "x"),
        ("line\r\nnext\n\ttab", "line\nnext\n\ttab"),
        ("10%\r20%", "10% 20%"),
        ("é 日本 🙂", "é 日本 🙂"),
    ],
)
def test_a_message_keeps_its_words_and_nothing_that_steers(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        ("\x1b[38:2::1:2:3mx", "\x1b[38:2::1:2:3mx"),
        ("\x1b[2Kx\x1b[31my\x1b]8;;http://e\x07z", "x\x1b[31myz"),
        ("10%\r20%\r", "20%"),
        ("a\x9b31mb\x85c", "abc"),
        ("\x1b", ""),
    ],
)
def test_a_line_of_a_log_keeps_its_colors(line: str, shown: str) -> None:
    assert clean_line(line) == shown


@given(text=tricky | st.text())
def test_no_control_is_left_in_a_message(text: str) -> None:
    assert not (set(clean(text)) & CONTROLS) - {"\n", "\t"}


@given(line=tricky | st.text())
def test_of_a_lines_controls_only_those_of_colors_are_left(line: str) -> None:
    import re

    without_colors = re.sub(r"\x1b\[[0-9;:]*m", "", clean_line(line))
    assert not (set(without_colors) & CONTROLS) - {"\n", "\t"}


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("_terminal")
def test_a_terminal_shows_colours_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    colours = [("red", 31), ("green", 32), ("yellow", 33), ("dim", 2), ("bold", 1)]
    assert [coloured("x", name, Terminal()) for name, _ in colours] == [f"\x1b[{code}mx\x1b[0m" for _, code in colours]
    assert coloured("", "red", Terminal()) == ""
    assert coloured("x", "red", io.StringIO()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert coloured("x", "red", Terminal()) == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("x", "red", Terminal()) == "x"


@pytest.mark.parametrize(
    ("text", "width", "padded", "shortened"),
    [
        ("abc", 3, "abc", "abc"),
        ("abc", 5, "abc  ", "abc"),
        ("abcd", 3, "abcd", "ab…"),
        ("a cd", 3, "a cd", "a…"),
        ("日本", 4, "日本", "日本"),
        ("日本", 5, "日本 ", "日本"),
        ("日本語", 5, "日本語", "日本…"),
        ("日本語", 4, "日本語", "日…"),
        ("e\u0301x", 2, "e\u0301x", "e\u0301x"),
        ("abc", 0, "abc", "…"),
    ],
)
def test_a_text_is_made_as_wide_as_a_column(text: str, width: int, padded: str, shortened: str) -> None:
    assert (pad(text, width), cut(text, width)) == (padded, shortened)
    assert cells(padded) >= width
