"""A text at the bottom of a terminal that is redrawn in place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core.progress import Meter

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

_TICK_S = 0.08


@contextmanager
def redrawn() -> Iterator[Callable[[str], None]]:
    """A place on the terminal that shows the text of the last call, and keeps it when the context ends."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(), auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda text: live.update(Text.from_ansi(text, no_wrap=True), refresh=True)


class StatusLine:
    """A spinner and what it shows at the bottom of a terminal, drawn anew several times a second below printed lines.

    rich's own ticking thread can draw after another thread's print has found out how many lines it must take away, and
    before it writes: then the line stays, with the print behind it. Here one lock holds both.
    """

    def __init__(self, console: Console, shown: RenderableType, lock: threading.Lock | None = None) -> None:
        self._console = console
        self._shown = shown
        self._lock = lock or threading.Lock()
        self._stopped = threading.Event()
        self._live: Live | None = None
        self._ticking: threading.Thread | None = None

    def start(self) -> None:
        """Draw it from now on."""
        from rich.live import Live
        from rich.spinner import Spinner

        spinner = Spinner("dots", self._shown, style="status.spinner")
        self._live = Live(spinner, console=self._console, auto_refresh=False, transient=True)
        self._stopped.clear()
        self._ticking = threading.Thread(target=self._tick, args=(self._live,), daemon=True)
        self._live.start()
        self._ticking.start()

    def stop(self) -> None:
        """Remove it from the terminal."""
        if self._live and self._ticking:
            self._stopped.set()
            self._ticking.join()
            self._live.stop()
            self._live = self._ticking = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw it inside the context."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def print(self, text: RenderableType, *, style: str | None = None) -> None:
        """Print lines above it that stay, as they are: no markup, no wrapping."""
        with self._lock:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True, style=style)

    def _tick(self, live: Live) -> None:
        while not self._stopped.wait(_TICK_S):
            with self._lock:
                live.refresh()


class LiveText:
    """A text at the bottom of the terminal that is replaced as a whole, below lines that stay."""

    def __init__(self, live: Live, console: Console) -> None:
        self._live = live
        self._console = console
        self._lock = threading.Lock()
        self._text = ""

    def show(self, text: str) -> None:
        """Replace the text; nothing is drawn where it is the same."""
        from rich.text import Text

        if text != self._text:
            self._text = text
            with self._lock:
                self._live.update(Text.from_ansi(text, no_wrap=True), refresh=True)

    def print_above(self, text: str) -> None:
        """Print lines that stay."""
        with self._lock:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True, style="dim")

    @contextmanager
    def moving(self, meter: Meter) -> Iterator[None]:
        """Show a transfer in the place of the text: rich 13 has one such place at a time."""
        with self.pause(), StatusLine(self._console, _MeterLine(meter), self._lock).shown():
            yield

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Leave the terminal to others inside the context."""
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()


class _MeterLine:
    """The line of a meter, rendered several times a second."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def __rich__(self) -> str:
        return self._meter.line()


@contextmanager
def live_text() -> Iterator[LiveText]:
    """A text on the terminal that can be replaced; it is removed at the end of the context."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop", transient=True) as live:
        yield LiveText(live, console)
