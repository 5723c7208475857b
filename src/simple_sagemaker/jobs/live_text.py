"""A text at the bottom of a terminal that is redrawn in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core.progress import Meter

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live


@contextmanager
def redrawn() -> Iterator[Callable[[str], None]]:
    """A place on the terminal that shows the text of the last call, and keeps it when the context ends."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(), auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda text: live.update(Text.from_ansi(text, no_wrap=True), refresh=True)


class LiveText:
    """A text at the bottom of the terminal that is replaced as a whole, below lines that stay."""

    def __init__(self, live: Live, console: Console) -> None:
        self._live = live
        self._console = console
        self._text = ""

    def show(self, text: str) -> None:
        """Replace the text; nothing is drawn where it is the same."""
        from rich.text import Text

        if text != self._text:
            self._text = text
            self._live.update(Text.from_ansi(text, no_wrap=True), refresh=True)

    def print_above(self, text: str) -> None:
        """Print lines that stay."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True, style="dim")

    @contextmanager
    def moving(self, meter: Meter) -> Iterator[None]:
        """Show a transfer."""
        with self._console.status("") as status:
            status.update(_MeterLine(meter))
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
