"""What a run shows: everything on a terminal or in a pipe, the job's lines alone, or events as JSON."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

from ..jobs import display
from ..jobs.display import Screen
from ..jobs.job_events import EventWatcher, JobEvent, LineEvent, NoteEvent

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
    if shows == "events":
        return nullcontext(QuietScreen(_print_event, services.now, prints_events=True))
    if shows == "lines":
        width = len(f"algo-{hosts}")
        return nullcontext(QuietScreen(lambda event: _print_line(event, width), services.now))
    return display.screen(hosts)


def _print_event(event: JobEvent) -> None:
    from .printing import print_json_line, to_stderr

    if isinstance(event, NoteEvent):
        to_stderr(event.text)
    else:
        print_json_line(event)


def _print_line(event: JobEvent, width: int) -> None:
    from .printing import print_result

    if isinstance(event, LineEvent):
        print_result(f"{display.label(f'algo-{event.host}', width)}{event.line}")
