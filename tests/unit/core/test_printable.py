"""What jobs and services say, on its way to a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.core.printable import clean, clean_line

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
