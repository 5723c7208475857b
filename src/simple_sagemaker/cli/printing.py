"""What the commands for jobs that there are print: a result on stdout, for people or as JSON; all else on stderr."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

from ..core.printable import clean, coloured
from ..core.progress import WithoutStatusLine
from ..jobs.outages import Clock, RetryState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..core.job_specs import JobsSpec


_one_line = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps would make an encoder for each


def print_result(text: str) -> None:
    """Print a result for people. What the output's encoding cannot hold is escaped."""
    _escape_what_cannot_be_printed()
    print(text, flush=True)


def print_json(value: Any) -> None:
    """Print a record, or some, as JSON."""
    from ..core.json_form import json_form

    print(json.dumps(json_form(value), indent=2), flush=True)


def print_json_line(value: Any, *, flush: bool = True) -> None:
    """Print a record as JSON in one line. Of many that are there already, only the last needs ``flush``."""
    from ..core.json_form import json_form

    sys.stdout.write(f"{_one_line(json_form(value))}\n")
    if flush:
        sys.stdout.flush()


def csv_writer() -> Any:
    """Return what writes rows to stdout, on a terminal without control characters.

    What the output's encoding cannot hold is escaped.
    """
    import csv

    _escape_what_cannot_be_printed()
    return csv.writer(_CleanOutput() if sys.stdout.isatty() else sys.stdout)


class _CleanOutput:
    """Stdout for text that could steer a terminal."""

    def write(self, text: str) -> int:
        """Write the text without its control characters."""
        return sys.stdout.write(clean(text))


def say(spec: JobsSpec, text: str, *, colour: str = "") -> None:
    """Print what is no result on stderr, unless the person wants quiet."""
    if not spec.quiet and text:
        to_stderr(text, colour=colour)


def to_stderr(text: str, *, colour: str = "") -> None:
    """Print what is no result."""
    shown = clean(text)
    print(coloured(shown, colour, sys.stderr) if colour else shown, file=sys.stderr, flush=True)


class NotesOnly(WithoutStatusLine):
    """A watcher that passes on notes alone, unless the person wants quiet."""

    def __init__(self, spec: JobsSpec) -> None:
        self._spec = spec

    def phase(self, name: str, message: str) -> None:
        """Do nothing."""

    def lines(self, host: str, lines: list[str]) -> None:
        """Do nothing."""

    def metrics(self, newest: Mapping[str, float]) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        say(self._spec, text)


def ask(question: str) -> bool:
    """Whether a person at the keyboard answers yes; anything else, Ctrl-C and the end of input are no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return False
    return line.strip().lower() in {"y", "yes"}


def patiently(spec: JobsSpec, act: Callable[[], Any]) -> Any:
    """Return what ``act`` returns, called again while AWS answers with errors that pass, for a minute at most."""
    clock = Clock()
    retry = RetryState(lambda text: say(spec, text), clock, "it is asked again, for a minute at most")
    while True:
        answer = retry.call(lambda: (act(),))
        if answer is not None:
            return answer[0]
        if retry.error is not None and retry.failing_s > _LONGEST_S:
            raise retry.error
        clock.sleep(retry.pause_s)


_LONGEST_S = 60.0


def _escape_what_cannot_be_printed() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
