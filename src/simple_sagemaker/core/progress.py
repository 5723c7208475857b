"""Progress of a transfer: written by the code that moves bytes, read by the code that displays it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from .records import dataclass, field


@dataclass(kw_only=True)
class Meter:
    """Files and bytes processed (``seen``), and the bytes of them that moved; a total of 0 is unknown.

    Several threads may count at once: the error from that is small, and only visible on a terminal.
    """

    what: str = ""
    files: int = 0
    size: int = 0
    clock: Callable[[], float] = time.monotonic
    seen_files: int = 0
    seen_size: int = 0
    moved_size: int = 0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def add_bytes(self, size: int) -> None:
        """Count bytes of a file that have moved."""
        self.moved_size += size
        self.seen_size += size

    def skip_file(self, size: int) -> None:
        """Count a file of that size that need not be moved."""
        self.seen_files += 1
        self.seen_size += size

    def finish_file(self) -> None:
        """Count a file that has moved."""
        self.seen_files += 1

    def line(self) -> str:
        """The progress in one line: files, bytes, rate, time left."""
        spent = max(self.clock() - self.began, 0.001)
        parts = [f"{self.what}: {_of(f'{self.seen_files:,}', f'{self.files:,}' if self.files else '')} files"]
        parts.append(_of(size(min(self.seen_size, self.size or self.seen_size)), size(self.size) if self.size else ""))
        parts.append(f"{size(int(self.moved_size / spent))}/s")
        if left := self._time_left(spent):
            parts.append(f"{left} left")
        return "  ".join(parts)

    def _time_left(self, spent: float) -> str:
        """The time left: each file counts as some extra bytes, so that many small ones count too."""
        each = 1 << 16
        done = self.seen_size + each * self.seen_files
        rest = self.size + each * self.files - done
        if not self.files or spent < 1 or done <= 0 or rest <= 0:
            return ""
        seconds = round(spent * rest / done)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds >= 3600 else _minutes(seconds)


class Watcher(Protocol):
    """Interface of a progress display: it receives what happens while a task runs."""

    def phase(self, name: str, message: str) -> None:
        """The job entered a phase; both texts are the service's."""
        ...

    def joined(self, age_s: float) -> None:
        """The job was started so many seconds ago, by another command."""
        ...

    def lines(self, host: str, lines: list[str]) -> None:
        """A host printed lines."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line was done."""
        ...

    def metrics(self, newest: Mapping[str, float]) -> None:
        """The newest value of each of the job's metrics that has any, after lines in which some were found."""
        ...

    def moving(self, meter: Meter) -> AbstractContextManager[None]:
        """Show a transfer for as long as the context lasts; the meter says how far it is."""
        ...


class WithoutStatusLine:
    """Mix-in for watchers that have no line that moves."""

    def joined(self, age_s: float) -> None:
        """Do nothing: no time is shown."""

    def metrics(self, newest: Mapping[str, float]) -> None:
        """Do nothing with values that the lines show."""

    def moving(self, meter: Meter) -> AbstractContextManager[None]:  # noqa: ARG002 - as a watcher is called
        """Do nothing while bytes move inside the block."""
        return nullcontext()


def size(count: int) -> str:
    """Format a number of bytes for people."""
    number = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def file_count(count: int) -> str:
    """Format a number of files for people."""
    return "1 file" if count == 1 else f"{count:,} files"


def _of(part: str, whole: str) -> str:
    return f"{part} of {whole}" if whole else part


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
