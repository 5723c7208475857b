"""Where the progress of a task goes: Python's logging, or on request the output."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

from ..core.progress import Watcher, WithoutStatusLine
from ..errors import UsageError
from ..jobs import display

Progress = Literal["none", "lines", "auto"]

_tasks = logging.getLogger("simple_sagemaker.task")
_lines = logging.getLogger("simple_sagemaker.lines")


def check_progress(progress: str) -> Progress:
    """``progress`` as it is, when it is one. Raises UsageError."""
    for one in get_args(Progress):
        if progress == one:
            known: Progress = one
            return known
    raise UsageError(f"progress is one of {', '.join(get_args(Progress))}, not {progress!r}.")


def display_progress(progress: Progress, hosts: int) -> AbstractContextManager[Watcher]:
    """The display of that name, for as long as the context lasts."""
    if progress == "lines":
        return nullcontext(display.Lines(hosts))
    return display.notebook_screen(hosts) if progress == "auto" else nullcontext(Logged())


class Logged(WithoutStatusLine):
    """Logs what is done with a task to ``simple_sagemaker.task``, and the job's lines to ``simple_sagemaker.lines``."""

    def phase(self, name: str, message: str) -> None:
        _tasks.info("%s", display.phase_line(name, message))

    def lines(self, host: str, lines: list[str]) -> None:
        for line in lines:
            _lines.info("%s | %s", host, line)

    def note(self, text: str) -> None:
        _tasks.info("%s", text)
