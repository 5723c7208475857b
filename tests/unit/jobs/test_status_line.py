"""The status line of a terminal, and plain lines where there is none."""

from __future__ import annotations

import io
import re
import time

import pytest
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from simple_sagemaker.core.progress import Meter
from simple_sagemaker.jobs.display import Pipe, Terminal, phase_line
from simple_sagemaker.jobs.live_text import StatusLine


def terminal() -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, color_system=None)
    return Terminal(7, console), out


def test_a_phase_has_the_services_message_behind_it() -> None:
    assert phase_line("Downloading", "the input") == "Downloading: the input"
    assert phase_line("Stopped", "") == "Stopped"


@pytest.mark.parametrize(
    ("name", "message", "shown"),
    [
        ("Starting", "Preparing the instances", "Starting: Preparing the instances"),
        ("Training", "Training image download completed.", "Training"),  # the message is of what is over
        ("Uploading", "", "Uploading"),
    ],
)
def test_the_status_line_has_the_phase_and_the_time(name: str, message: str, shown: str) -> None:
    display, _ = terminal()
    assert re.fullmatch(r"Starting  \d+ s", display.status_line().plain)
    display.phase(name, message)
    assert re.fullmatch(rf"{shown}  \d+ s", display.status_line().plain)


def test_while_bytes_move_the_status_line_is_about_them() -> None:
    display, _ = terminal()
    meter = Meter(what="Sending", files=3, size=10)
    with display.moving(meter):
        assert display.status_line().plain == meter.line()
    assert display.status_line().plain.startswith("Starting")


def test_lines_are_labelled_with_their_host() -> None:
    display, out = terminal()
    display.lines("algo-1", ["first [bold]", "second"])
    display.lines("algo-12", ["third"])
    display.note("[a note]")
    assert out.getvalue().splitlines() == [
        *("algo-1  | first [bold]", "algo-1  | second", "algo-12 | third"),
        out.getvalue().splitlines()[-1],
    ]
    assert "[a note]" in out.getvalue()


def test_plain_lines_go_to_stdout_and_everything_else_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    display = Pipe(7)
    display.phase("Downloading", "the input")
    display.lines("algo-1", ["a", "b"])
    shown = capsys.readouterr()
    assert shown.out == "algo-1  | a\nalgo-1  | b\n"
    assert re.fullmatch(r"\[ +\d+\.\d s\] Downloading: the input\n", shown.err)


def test_the_status_line_has_the_newest_value_of_each_metric_and_no_more_than_fits() -> None:
    display, _ = terminal()
    display.metrics({"loss": 0.123456789, "acc": 7.0, "\x1b[2Jodd": float("nan")})
    line = display.status_line()
    assert re.fullmatch(r"Starting  \d+ s  loss 0\.123457  acc 7  odd nan", line.plain)
    out = io.StringIO()
    narrow = Console(file=out, width=20, force_terminal=True, color_system=None)
    wide_line = Terminal(7, narrow)
    wide_line.metrics({"loss": 0.123456789, "accuracy": 0.987654})
    narrow.print(wide_line)
    assert len(out.getvalue().splitlines()) == 1


def test_a_progress_bar_moves_below_the_status_line_and_its_last_state_is_printed() -> None:
    display, out = terminal()

    def bars() -> list[str]:
        return [bar.plain for bar in display.__rich__().renderables[1:] if isinstance(bar, Text)]

    display.lines("algo-1", ["\r  0%|\r 10%|#\r"])
    display.lines("algo-2", ["#015 20%|##\x1b[2J#015"])
    assert bars() == ["algo-1  |  10%|#", "algo-2  |  20%|##"]
    assert out.getvalue() == ""
    display.lines("algo-1", [" 20%|##\r100%|##########", "done"])
    assert bars() == ["algo-2  |  20%|##"]
    assert out.getvalue().splitlines() == ["algo-1  | 100%|##########", "algo-1  | done"]


class SlowLine:
    """A line that takes as long as several ticks of a status line."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        time.sleep(0.3)
        yield Text("a line")


def test_a_line_never_stands_behind_a_status_line_that_was_drawn_meanwhile() -> None:
    out = io.StringIO()
    status = StatusLine(Console(file=out, force_terminal=True, width=200, color_system=None), "running")
    status.start()
    status.print(SlowLine())
    time.sleep(0.2)
    status.print(SlowLine())
    status.stop()
    assert out.getvalue().count("a line") == 2
    assert "running" in out.getvalue()
    assert re.findall(r"running[^\r\n]", out.getvalue()) == []
