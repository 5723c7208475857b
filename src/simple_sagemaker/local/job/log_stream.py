"""The lines that hosts print: written with timestamps, read back as CloudWatch events.

A stream is a file ``<job>/logs/<host>-<epoch>``, each line ``<milliseconds> <text>``; it appears with the first line.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

LONGEST_EVENT = 256 * 1024  # bytes; CloudWatch's classic limit, longer lines are cut into several events


@dataclass
class Stream:
    """One host's output on its way into its file. ``patterns`` are metric names and their compiled regexes."""

    host: str
    folder: Path
    patterns: Sequence[tuple[str, re.Pattern[str]]] = ()
    last_values: dict[str, dict[str, Any]] = field(default_factory=dict)
    _partial: bytes = b""
    _file: BinaryIO | None = None
    _path: Path | None = None
    _last_ms: int = 0

    def feed(self, data: bytes) -> None:
        """Take output bytes as they arrive; complete lines are written at once."""
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        while len(self._partial) >= LONGEST_EVENT:
            lines.append(self._partial[:LONGEST_EVENT])
            self._partial = self._partial[LONGEST_EVENT:]
        self._write(lines)

    def write_line(self, text: str) -> None:
        """Write a message of the engine, one or more lines."""
        self._write(text.encode().split(b"\n"))

    def close(self) -> None:
        """Write a last line without a newline, if there is one, and close the file."""
        if self._partial:
            self._write([self._partial])
            self._partial = b""
        if self._file:
            self._file.close()
            self._file = None

    def _write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        self._last_ms = max(self._last_ms, int(time.time() * 1000))
        if self._file is None:
            self._path = self._path or self._new_path()
            self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
        stamp = b"%d " % self._last_ms
        self._file.write(b"".join(stamp + line + b"\n" for line in _events(lines)))
        if self.patterns:
            self._record_metrics(lines)

    def _new_path(self) -> Path:
        """A file name that no earlier attempt of the host used."""
        self.folder.mkdir(parents=True, exist_ok=True)
        epoch = self._last_ms // 1000
        while (path := self.folder / f"{self.host}-{epoch}").exists():
            epoch += 1
        return path

    def _record_metrics(self, lines: list[bytes]) -> None:
        values = []
        for line in lines:
            text = line.decode("utf-8", "replace")
            for name, pattern in self.patterns:
                values += [self._metric_point(name, match) for match in pattern.finditer(text)]
        points = [point for point in values if point]
        if points:
            with open(self.folder.parent / "metrics.jsonl", "ab", buffering=0) as out:
                out.write("".join(json.dumps(point) + "\n" for point in points).encode())

    def _metric_point(self, name: str, match: re.Match[str]) -> dict[str, Any] | None:
        """One point of a metric; None for text that is not a number, which the service ignores too."""
        try:
            value = float(match.group(1) if match.re.groups else match.group())
        except (TypeError, ValueError):
            return None
        point = {"name": name, "value": value, "at": self._last_ms / 1000, "host": self.host}
        self.last_values[name] = point
        return point


def _events(lines: list[bytes]) -> list[bytes]:
    return [line[start : start + LONGEST_EVENT] for line in lines for start in range(0, len(line) or 1, LONGEST_EVENT)]


def streams(logs: Path) -> list[str]:
    """The names of a job's streams that exist, ``algo-1-<epoch>``, sorted."""
    return sorted(path.name for path in logs.iterdir()) if logs.is_dir() else []


def read(path: Path, start: int, *, most_bytes: int, most: int) -> tuple[list[Mapping[str, Any]], int]:
    """Read complete events from byte ``start`` on; also return the byte to continue from."""
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read(most_bytes)
    end = data.rfind(b"\n") + 1
    lines = data[:end].split(b"\n")[:-1]
    if len(lines) > most:
        lines = lines[:most]
        end = sum(len(line) + 1 for line in lines)
    return [_event(line) for line in lines], start + end


def _event(line: bytes) -> Mapping[str, Any]:
    stamp, _, text = line.partition(b" ")
    when = int(stamp)
    return {"timestamp": when, "message": text.decode("utf-8", "replace"), "ingestionTime": when}
