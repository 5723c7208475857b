"""Who is told what happens while a task runs: Python's log, and on request whoever looks at the output."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

from ..core.progress import Unshown, Watcher
from ..errors import UsageError
from ..jobs import display as show

Progress = Literal["none", "lines", "auto"]

_tasks = logging.getLogger("simple_sagemaker.task")
_lines = logging.getLogger("simple_sagemaker.lines")


def checked(progress: str) -> Progress:
    """``progress`` as it is, when it is one. Raises UsageError."""
    for one in get_args(Progress):
        if progress == one:
            found: Progress = one
            return found
    raise UsageError(f"progress is one of {', '.join(get_args(Progress))}, not {progress!r}.")


def watching(progress: Progress, hosts: int) -> AbstractContextManager[Watcher]:
    """Whoever is told, for as long as something happens."""
    if progress == "lines":
        return nullcontext(show.Lines(hosts))
    return show.told(hosts) if progress == "auto" else nullcontext(Logged())


class Logged(Unshown):
    """Python's log: what is done with a task in ``simple_sagemaker.task``, its lines in ``simple_sagemaker.lines``."""

    def phase(self, name: str, message: str) -> None:
        _tasks.info("%s", show.said(name, message))

    def lines(self, host: str, lines: list[str]) -> None:
        for line in lines:
            _lines.info("%s | %s", host, line)

    def note(self, text: str) -> None:
        _tasks.info("%s", text)
