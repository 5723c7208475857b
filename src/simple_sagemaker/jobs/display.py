"""What is displayed while a job runs: its lines on stdout with the host's name, phases and times on stderr.

On a terminal names are coloured and a status line shows phase and elapsed time; in a pipe everything is plain. No
terminal gets control characters from jobs and services, except colours; in a pipe lines stay as they are.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from ..core.printable import clean, clean_line
from ..core.progress import Meter, Watcher, WithoutStatusLine
from .output import Output

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")


_MOST_BARS = 8


class Screen(Watcher, Protocol):
    """A watcher that can pause to let a question be asked."""

    def pause(self) -> AbstractContextManager[None]:
        """Stop the status line while inside the context, so that nothing moves on the terminal."""
        ...


@contextmanager
def screen(hosts: int, *, outlives_reader: bool = True) -> Iterator[Screen]:
    """The right screen for where the output goes; removed at the end of the context.

    With no ``hosts`` their names are not shown. Lines that nobody reads any more (``… | head``) are dropped; unless the
    screen ``outlives_reader``, they raise the system's error.
    """
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield Pipe(_width(hosts), outlives_reader=outlives_reader)
        return
    with _terminal(hosts) as terminal:
        yield terminal


@contextmanager
def notebook_screen(hosts: int) -> Iterator[Watcher]:
    """Progress display for the Python API: a status line on a terminal, else plain lines.

    Only the main thread gets the status line.
    """
    import threading  # which a command line does not need

    is_main = threading.current_thread() is threading.main_thread()
    if not (is_main and sys.stdout.isatty() and sys.stderr.isatty()):
        yield Lines(hosts)
        return
    with _terminal(hosts) as terminal:
        yield terminal


@contextmanager
def _terminal(hosts: int) -> Iterator[Terminal]:
    from rich.console import Console

    terminal = Terminal(_width(hosts), Console(stderr=True))
    with terminal.shown():
        yield terminal


def _width(hosts: int) -> int:
    return len(f"algo-{hosts}") if hosts else 0


def label(host: str, width: int) -> str:
    """What stands before a line of a host: its name, padded to a width; nothing where that is 0."""
    return f"{host:<{width}} | " if width else ""


def host_colour(host: str) -> str:
    """The colour of a host's name, as rich calls it."""
    return _COLOURS[(int(host.rpartition("-")[2]) - 1) % len(_COLOURS)]


class Lines(WithoutStatusLine):
    """Plain lines on ``sys.stdout`` as it is at the time of each: a notebook's cell, a file, a test's capture."""

    def __init__(self, hosts: int) -> None:
        self._width = _width(hosts)

    def phase(self, name: str, message: str) -> None:
        self.note(phase_line(name, message))

    def lines(self, host: str, lines: list[str]) -> None:
        is_terminal = sys.stdout.isatty()
        for line in lines:
            self._print(f"{label(host, self._width)}{clean_line(line) if is_terminal else line}")

    def note(self, text: str) -> None:
        self._print(clean(text))

    def _print(self, text: str) -> None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


class Pipe(WithoutStatusLine):
    """Plain lines, for files and programs."""

    def __init__(self, width: int, *, outlives_reader: bool = True) -> None:
        self._width = width
        self._output = Output(self.note) if outlives_reader else None
        self._began = time.monotonic()
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a log may hold what this output cannot

    def phase(self, name: str, message: str) -> None:
        self.note(phase_line(name, message))

    def joined(self, age_s: float) -> None:
        self._began = time.monotonic() - age_s

    def lines(self, host: str, lines: list[str]) -> None:
        if sys.stdout.isatty():
            lines = [clean_line(line) for line in lines]
        before = label(host, self._width)
        text = "".join(f"{before}{line}\n" for line in lines)
        if self._output is None:
            _write(text)
        else:
            self._output.print(lambda: _write(text))

    def note(self, text: str) -> None:
        print(f"[{time.monotonic() - self._began:6.1f} s] {clean(text)}", file=sys.stderr, flush=True)

    def pause(self) -> AbstractContextManager[None]:
        return nullcontext()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class Terminal:
    """Coloured names above a status line that shows the phase and the time."""

    def __init__(self, width: int, console: Console) -> None:
        from .live_text import StatusLine  # a pipe needs none

        self._width = width
        self._status = StatusLine(console, self)
        self._phase = "Starting"
        self._began = time.monotonic()
        self._meter: Meter | None = None
        self._metrics: Mapping[str, float] = {}
        self._bars: dict[str, Text] = {}

    def __rich__(self) -> Group:
        """The status line, rendered several times a second, so that the time advances while a job is silent.

        Below it are the progress bars that hosts draw.
        """
        from rich.console import Group

        return Group(self.status_line(), *list(self._bars.values())[:_MOST_BARS])

    def status_line(self) -> Text:
        """The transfer that is under way; else phase, time and the newest value of each metric."""
        from rich.text import Text

        if self._meter is not None:
            return Text(self._meter.line())
        parts = [f"{self._phase}  {time.monotonic() - self._began:.0f} s"]
        parts += [f"{clean(name)} {value:.6g}" for name, value in self._metrics.items()]
        return Text("  ".join(parts), no_wrap=True, overflow="ellipsis")

    def phase(self, name: str, message: str) -> None:
        self._phase = name if name == "Training" else clean(phase_line(name, message))

    def joined(self, age_s: float) -> None:
        self._began = time.monotonic() - age_s

    def lines(self, host: str, lines: list[str]) -> None:
        from rich.text import Text

        name = Text.assemble((f"{host:<{self._width}}", host_colour(host)), " | ") if self._width else Text()
        for line in lines:
            bar = drawn(line)
            shown = clean_line(line if bar is None else bar)
            labelled = Text.assemble(name, Text.from_ansi(shown))
            if bar is None:
                self._bars.pop(host, None)
                self._status.print(labelled)
            else:
                labelled.no_wrap, labelled.overflow = True, "ellipsis"
                self._bars[host] = labelled

    def metrics(self, newest: Mapping[str, float]) -> None:
        self._metrics = dict(newest)

    def note(self, text: str) -> None:
        self._status.print(clean(text), style="dim")

    @contextmanager
    def moving(self, meter: Meter) -> Iterator[None]:
        self._meter = meter
        try:
            yield
        finally:
            self._meter = None

    def shown(self) -> AbstractContextManager[None]:
        """Draw the status line inside the context; it is removed at the end."""
        return self._status.shown()

    @contextmanager
    def pause(self) -> Iterator[None]:
        self._status.stop()
        try:
            yield
        finally:
            self._status.start()


def drawn(line: str) -> str | None:
    """What a progress bar has drawn so far; None for a line that its program ended.

    The launcher ends such lines behind a carriage return, which logs on AWS have as ``#015``.
    """
    if line.endswith("\r"):
        return line
    return line.replace("#015", "\r") if line.endswith("#015") else None


def phase_line(phase: str, message: str) -> str:
    """One line for a phase."""
    return f"{phase}: {message}" if message else phase
