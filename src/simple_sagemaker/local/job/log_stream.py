"""The lines that hosts print: split, written with timestamps, and searched for metrics.

A stream is a file ``<job>/logs/<host>-<epoch>``, which appears with the first line; ``log_file`` says what is in it.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...core.records import dataclass, field
from ...core.regular_files import open_plain
from .log_file import NO_LIMIT, LogFile, read, start_of_last

__all__ = ["LONGEST_EVENT", "Stream", "read", "start_of_last", "streams"]

LARGEST_VALUE = 2.0**360  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
LONGEST_EVENT = 256 * 1024  # bytes; CloudWatch's classic limit, longer lines are cut into several events
_TAIL = 4096  # bytes of the output's end in which its last line is looked for
_SLOWEST_S = 0.5  # of computing, for one metric in what arrived at once: some 64 KiB


@dataclass
class Stream:
    """One host's output on its way into its file. ``patterns`` are metric names and their compiled regexes.

    ``limit`` is the most bytes that the file may have.
    """

    host: str
    folder: Path
    patterns: Sequence[tuple[str, re.Pattern[str]]] = ()
    last_values: dict[str, dict[str, Any]] = field(default_factory=dict)
    limit: int = NO_LIMIT
    left_out: Counter[str] = field(default_factory=Counter)
    _partial: bytes = b""
    _tail: bytes = b""
    _file: LogFile | None = None
    _path: Path | None = None
    _last_ms: int = 0
    _cut: int = 0  # lines beyond the limit

    def feed(self, data: bytes) -> None:
        """Take output bytes as they arrive; complete lines are written at once."""
        self._tail = (self._tail + data[-_TAIL:])[-_TAIL:]
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        while len(self._partial) >= LONGEST_EVENT:
            lines.append(self._partial[:LONGEST_EVENT])
            self._partial = self._partial[LONGEST_EVENT:]
        self._write_output(lines)

    def write_line(self, text: str) -> None:
        """Write a message of the engine, one or more lines, also beyond the limit."""
        file = self._open_file()
        for line in _events(text.encode("utf-8", "backslashreplace").split(b"\n")):
            file.write_beyond(line, self._last_ms)

    def last_error(self) -> str:
        """The last line of the output that is not blank."""
        lines = [line.strip() for line in self._tail.decode("utf-8", "replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")

    def close(self) -> None:
        """Write a last line without a newline, if there is one, and close the file."""
        if self._partial:
            self._write_output([self._partial])
            self._partial = b""
        for name, count in sorted(self.left_out.items()):
            self.write_line(
                f"Metric {name!r}: {count} of its values left out (not finite, or too large for CloudWatch)"
            )
        self.left_out.clear()
        if self._cut:
            cut = "1 line" if self._cut == 1 else f"{self._cut:,} lines"
            were = "was" if self._cut == 1 else "were"
            self.write_line(f"simple-sagemaker: {cut} after the first {self.limit >> 20:,} MB {were} cut")
            self._cut = 0
        if self._file:
            self._file.close()
            self._file = None

    def _write_output(self, lines: list[bytes]) -> None:
        if not lines:
            return
        cut = self._open_file().write(_events(lines), self._last_ms)
        if cut and not self._cut:
            self.write_line(
                f"simple-sagemaker: this log has reached {self.limit >> 20:,} MB (SSM_LOG_LIMIT_MB); the lines that "
                "follow are not kept"
            )
        self._cut += cut
        if self.patterns:
            self._record_metrics(lines)

    def _open_file(self) -> LogFile:
        self._last_ms = max(self._last_ms, int(time.time() * 1000))
        if self._file is None:
            self._path = self._path or self._new_path()
            self._file = LogFile(self._path, self.limit)
        return self._file

    def _new_path(self) -> Path:
        """A file name that no earlier attempt of the host used."""
        self.folder.mkdir(parents=True, exist_ok=True)
        epoch = self._last_ms // 1000
        while (path := self.folder / f"{self.host}-{epoch}").exists():
            epoch += 1
        return path

    def _record_metrics(self, lines: list[bytes]) -> None:
        from ...core.cpu_limit import TooSlow, cpu_limit  # not for those who only read

        texts = [line.decode("utf-8", "replace") for line in lines]
        matches: list[tuple[int, str, re.Match[str]]] = []
        for name, pattern in self.patterns:
            try:
                with cpu_limit(_SLOWEST_S):
                    matches += [
                        (number, name, one) for number, text in enumerate(texts) for one in pattern.finditer(text)
                    ]
            except TooSlow:
                self._drop_metric(name)
        matches.sort(key=lambda match: match[0])
        points = [point for _, name, match in matches if (point := self._metric_point(name, match))]
        if points:
            with open(self.folder.parent / "metrics.jsonl", "ab", buffering=0, opener=open_plain) as out:
                out.write("".join(json.dumps(point, allow_nan=False) + "\n" for point in points).encode())

    def _drop_metric(self, name: str) -> None:
        self.patterns = [(other, pattern) for other, pattern in self.patterns if other != name]
        self.write_line(
            f"simple-sagemaker: the metric {name} is not looked for any more: its regular expression computed for more "
            f"than {_SLOWEST_S} s on what was printed last"
        )

    def _metric_point(self, name: str, match: re.Match[str]) -> dict[str, Any] | None:
        """One point of a metric; None for text that is not a number, which the service ignores too.

        None also for a number that CloudWatch does not take; those are counted.
        """
        try:
            value = float(match.group(1) if match.re.groups else match.group())
        except (TypeError, ValueError):
            return None
        if not abs(value) <= LARGEST_VALUE:  # NaN compares to nothing
            self.left_out[name] += 1
            return None
        point = {"name": name, "value": value, "at": self._last_ms / 1000, "host": self.host}
        self.last_values[name] = point
        return point


def _events(lines: list[bytes]) -> list[bytes]:
    return [line[start : start + LONGEST_EVENT] for line in lines for start in range(0, len(line) or 1, LONGEST_EVENT)]


def streams(logs: Path) -> list[str]:
    """The names of a job's streams that exist, ``algo-1-<epoch>``, sorted."""
    return sorted(path.name for path in logs.iterdir()) if logs.is_dir() else []
