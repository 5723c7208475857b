"""The status line of a terminal, and plain lines where there is none."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.status import Status

from simple_sagemaker.core.progress import Meter
from simple_sagemaker.jobs.display import Pipe, Terminal, phase_line


def terminal() -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, color_system=None)
    return Terminal(7, console, Status("", console=console)), out


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
    assert re.fullmatch(r"Starting  \d+ s", display.__rich__().plain)
    display.phase(name, message)
    assert re.fullmatch(rf"{shown}  \d+ s", display.__rich__().plain)


def test_while_bytes_move_the_status_line_is_about_them() -> None:
    display, _ = terminal()
    meter = Meter(what="Sending", files=3, size=10)
    with display.moving(meter):
        assert display.__rich__().plain == meter.line()
    assert display.__rich__().plain.startswith("Starting")


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
