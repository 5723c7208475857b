"""Tables and pages as they are printed: aligned by what a terminal shows, and cut only where there is no room."""

from __future__ import annotations

import math
import sys

import pytest

from simple_sagemaker.cli import tables
from simple_sagemaker.cli.metrics import sparkline
from simple_sagemaker.cli.tables import Column, aligned, page, pairs, table

COLUMNS = (Column("NAME", gives_way=True), Column("EMPTY"), Column("SIZE", right=True), Column("NOTE", gives_way=True))


class Terminal:
    """stdout as a terminal, for which only its being one counts."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def test_columns_are_as_wide_as_what_is_in_them_and_empty_ones_are_left_out() -> None:
    rows = [["a", "", "5", "x"], ["longer", "", "1,000", ""]]
    assert table(COLUMNS, rows).splitlines() == ["NAME     SIZE  NOTE", "a           5  x", "longer  1,000"]


def test_text_that_would_break_a_line_or_steer_the_terminal_does_neither() -> None:
    lines = table(COLUMNS, [["a\n  b", "", "1", "\x1b[31mred"]]).splitlines()
    assert len(lines) == 2
    assert "a b" in lines[1]
    assert "\x1b" not in lines[1]


def test_wide_letters_take_two_cells() -> None:
    lines = table([Column("A"), Column("B")], [["日本", "x"], ["abcd", "y"]]).splitlines()
    assert lines == ["A     B", "日本  x", "abcd  y"]


def test_where_there_is_no_room_the_widest_columns_give_way_down_to_a_bound() -> None:
    rows = [["n" * 30, "", "1,000,000", "o" * 20]]
    assert max(map(len, table(COLUMNS, rows, width=100).splitlines())) == 30 + 2 + 9 + 2 + 20
    fitted = table(COLUMNS, rows, width=45).splitlines()
    assert max(map(len, fitted)) == 45
    name, size, note = fitted[1].split()
    assert size == "1,000,000"
    assert (len(name), len(note)) == (16, 16)
    narrow = table(COLUMNS, rows, width=5).splitlines()
    assert [len(one) for one in narrow[1].split()] == [tables._NARROWEST, 9, tables._NARROWEST]
    assert table([Column("SIZE", right=True)], [["1,000,000"]], width=4).splitlines()[1] == "1,000,000"


def test_rows_have_their_colours_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["a"], ["b"], ["c"]]
    plain = table([Column("NAME")], rows, colours=["red", ""])
    assert plain.splitlines() == ["NAME", "a", "b", "c"]
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    head, *lines = table([Column("NAME")], rows, colours=["red", ""]).splitlines()
    assert head.startswith("\x1b[2m")
    assert lines[0].startswith("\x1b[31m")
    assert lines[1:] == ["b", "c"]


def test_a_page_names_each_part_once_and_leaves_out_those_without_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [("Status", ["ok"]), ("Nothing", []), ("Phases", ["one", "two\nlines " + "x" * 60])]
    shown = page("title", parts, colours={"Status": "green"}, cut_parts={"Phases"}).splitlines()
    assert shown[:2] == ["title", "Status      ok"]
    assert shown[2:] == ["Phases      one", "            two lines " + "x" * 60]
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    title, status, _, last = page("title", parts, colours={"Status": "green"}, cut_parts={"Phases"}).splitlines()
    assert title == "\x1b[1mtitle\x1b[0m"
    assert status == "Status      \x1b[32mok\x1b[0m"
    assert (len(last), last[:22]) == (40, "            two lines ")


def test_pairs_are_aligned_and_those_without_a_value_left_out() -> None:
    assert pairs([("a", "1"), ("none", ""), ("long", "2")]) == ["a     1", "long  2"]
    assert aligned([("a", "", "x"), ("bcd", "", "")]) == ["a    x", "bcd"]


@pytest.mark.parametrize(("columns", "width"), [("100", 100), ("1", 1)])
def test_the_terminals_width_is_what_its_variable_says(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert tables.terminal_width() is None  # no terminal: nothing need be cut
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert tables.terminal_width() == width


@pytest.mark.parametrize(
    ("values", "width", "bars"),
    [
        ([], 30, ""),
        ([1.0], 30, ""),
        ([0.0, 7.0], 30, "▁█"),
        ([7.0, 0.0], 30, "█▁"),
        ([float(number) for number in range(8)], 30, "▁▂▃▄▅▆▇█"),
        ([0.0, 0.0, 7.0, 7.0], 2, "▁█"),
        ([0.0, 2.0, 6.0, 8.0, 14.0], 2, "▁█"),
        ([5.0, 5.0], 30, "▁▁"),
        ([0.0, math.nan, math.inf, 7.0], 30, "▁  █"),
        ([math.nan, math.inf], 30, ""),
        ([-1.7e308, 1.7e308], 30, "▁█"),
    ],
)
def test_a_course_is_a_bar_for_each_part_of_its_values(values: list[float], width: int, bars: str) -> None:
    assert sparkline(values, width) == bars
    assert len(sparkline([float(number) for number in range(100)])) == 30
