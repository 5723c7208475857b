"""What a run shows: everything on a terminal or in a pipe, the job's lines alone, or events as JSON."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

from ..jobs import display
from ..jobs.display import Screen
from ..jobs.job_events import EventWatcher, JobEvent, LineEvent, NoteEvent
from ..jobs.output import Output

if TYPE_CHECKING:
    from ..core.services import Services
    from ..core.specs import Shows


class QuietScreen(EventWatcher):
    """A screen that makes events of what happens; ``prints_events`` is whether they are what it prints."""

    def __init__(
        self, take: Callable[[JobEvent], None], now: Callable[[], datetime], *, prints_events: bool = False
    ) -> None:
        super().__init__(take, now)
        self.prints_events = prints_events

    def pause(self) -> AbstractContextManager[None]:
        """Do nothing: nothing moves."""
        return nullcontext()


def screen_of(shows: Shows, hosts: int, services: Services) -> AbstractContextManager[Screen]:
    """The screen for what is to be shown of a job with so many hosts."""
    if shows == "everything":
        return display.screen(hosts)
    from .printing import to_stderr

    output = Output(to_stderr)
    if shows == "events":
        return nullcontext(QuietScreen(lambda event: _print_event(event, output), services.now, prints_events=True))
    width = len(f"algo-{hosts}")
    return nullcontext(QuietScreen(lambda event: _print_line(event, width, output), services.now))


def _print_event(event: JobEvent, output: Output) -> None:
    from .printing import print_json_line, to_stderr

    if isinstance(event, NoteEvent):
        to_stderr(event.text)
    else:
        output.print(lambda: print_json_line(event))


def _print_line(event: JobEvent, width: int, output: Output) -> None:
    from .printing import print_result

    if isinstance(event, LineEvent):
        line = f"{display.label(f'algo-{event.host}', width)}{event.line}"
        output.print(lambda: print_result(line))
