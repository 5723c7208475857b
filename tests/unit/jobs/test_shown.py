"""What is shown while a job runs: in a pipe whose reader goes, on a terminal, and in texts that are replaced."""

from __future__ import annotations

import io
import re
import sys
import time
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from simple_sagemaker.core.progress import Meter
from simple_sagemaker.jobs import display
from simple_sagemaker.jobs.display import Lines, Pipe, Terminal, drawn, label
from simple_sagemaker.jobs.live_text import LiveText, StatusLine, redrawn


@pytest.mark.parametrize(("hosts", "before"), [(0, ""), (1, "algo-1 | "), (9, "algo-1 | "), (10, "algo-1  | ")])
def test_a_line_is_labelled_in_the_width_of_the_longest_host(
    hosts: int, before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Lines(hosts).lines("algo-1", ["a", "b"])
    assert capsys.readouterr().out == f"{before}a\n{before}b\n"
    assert label("algo-1", display._width(hosts)) == before


def test_hosts_have_colours_that_come_again_after_the_last() -> None:
    count = len(display._COLOURS)
    assert [display.host_colour(f"algo-{number}") for number in (1, 2, count, count + 1)] == [
        *(display._COLOURS[0], display._COLOURS[1], display._COLOURS[-1], display._COLOURS[0]),
    ]


@pytest.mark.parametrize(("line", "bar"), [("a\r", "a\r"), ("x#015y#015", "x\ry\r"), ("a", None), ("a#015b", None)])
def test_a_progress_bar_is_a_line_that_returns(line: str, bar: str | None) -> None:
    assert drawn(line) == bar


class Broken(io.StringIO):
    """An output whose reader is gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_log_whose_reader_goes_ends_what_cannot_go_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(BrokenPipeError):
        Pipe(7, outlives_reader=False).lines("algo-1", ["x"])


def test_what_an_output_cannot_write_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, encoding="ascii"))
    Lines(0).lines("algo-1", ["é"])
    Pipe(0).lines("algo-1", ["ü"])
    sys.stdout.flush()
    assert held.getvalue() == b"\\xe9\n\\xfc\n"


def test_the_time_is_that_of_the_job_that_is_joined(capsys: pytest.CaptureFixture[str]) -> None:
    pipe = Pipe(7)
    pipe.joined(100.0)
    pipe.note("n")
    assert re.fullmatch(r"\[ 10\d\.\d s\] n\n", capsys.readouterr().err)
    terminal = Terminal(7, Console(file=io.StringIO()))
    terminal.joined(100.0)
    assert re.fullmatch(r"Starting  10\d s", terminal.status_line().plain)


def console() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=80, color_system=None), out


def test_a_status_line_is_drawn_and_removed_and_may_be_stopped_twice() -> None:
    made, out = console()
    status = StatusLine(made, "running")
    status.stop()
    with status.shown():
        assert status._live is not None
    assert "running" in out.getvalue()
    assert out.getvalue().endswith("\x1b[1A\x1b[2K") or "\x1b[2K" in out.getvalue().rpartition("running")[2]
    assert vars(status)["_live"] is None
    assert vars(status)["_ticking"] is None
    status.stop()
    status.start()
    status.stop()
    assert vars(status)["_live"] is None


def test_a_terminal_leaves_its_place_to_others_for_a_while() -> None:
    made, _ = console()
    terminal = Terminal(7, made)
    with terminal.shown():
        with terminal.pause():
            assert terminal._status._live is None
        assert terminal._status._live is not None


class Drawn(Live):
    """A place on a terminal that counts how often it is drawn."""

    count = 0

    def update(self, renderable: Any, *, refresh: bool = False) -> None:
        assert refresh
        self.count += 1
        super().update(renderable, refresh=refresh)


def test_a_long_line_of_a_text_is_cut_at_the_edge_and_takes_no_second_line(monkeypatch: pytest.MonkeyPatch) -> None:
    made, out = console()
    with Live(console=made, auto_refresh=False) as live:
        LiveText(live, made).show("a" * 79 + "bc d\nnext")
    assert ("a" * 79 + "b\nnext") in out.getvalue()
    assert "c" not in out.getvalue()
    out = io.StringIO()
    monkeypatch.setattr("rich.console.Console", lambda: Console(file=out, force_terminal=True, width=80))
    with redrawn() as show:
        show("a" * 79 + "bc d\nnext")
    assert ("a" * 79 + "b\nnext") in out.getvalue()
    assert "c" not in out.getvalue()


def test_a_text_is_replaced_only_where_it_is_another() -> None:
    made, out = console()
    with Drawn(console=made, auto_refresh=False) as live:
        text = LiveText(live, made)
        for one in ("a", "a", "b", "", ""):
            text.show(one)
        assert live.count == 3
        text.print_above("a [line]")
        assert "a [line]" in out.getvalue()
        with text.moving(Meter(what="Sending", files=3)):
            assert not live.is_started, "rich 13 has one place at a time"
            time.sleep(0.3)
        assert "Sending: 0 of 3 files" in out.getvalue()
        with text.pause():
            assert not live.is_started
        assert live.is_started
