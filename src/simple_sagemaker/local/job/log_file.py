"""A log stream's file: lines written with their times, up to a limit, and read back as CloudWatch's events.

Each line is ``<milliseconds> <text>``; a line without the number has the time of the line before it. At least every
64th line has one, so that a reader may begin anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.regular_files import open_plain

_STAMPED = 64  # one line in so many has its time
_BACK = 1 << 16  # bytes that are read at once to find an earlier time
_LATEST_MS = 253_402_300_799_999  # when the year 9999 ends
NO_LIMIT = 1 << 62


class LogFile:
    """Appends lines to ``path``; beyond ``limit`` bytes, and while the disk is full, lines are counted instead."""

    def __init__(self, path: Path, limit: int) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._size = os.fstat(self._descriptor).st_size
        self._limit = limit
        self._lost = 0

    def write(self, lines: Sequence[bytes], milliseconds: int) -> int:
        """Append lines; return how many of them are beyond the limit, and were dropped for that."""
        if self._lost and self._append([self._loss()], milliseconds):
            self._lost = 0
        if self._size < self._limit and self._size + sum(map(len, lines)) + len(lines) * 20 <= self._limit:
            kept = lines
        else:
            kept = self._fitting(lines)
        if kept and not self._append(kept, milliseconds):
            self._lost += len(kept)
        return len(lines) - len(kept)

    def _loss(self) -> bytes:
        lost = b"1 line was" if self._lost == 1 else b"%d lines were" % self._lost
        return b"simple-sagemaker: %s lost, because the disk was full" % lost

    def write_beyond(self, line: bytes, milliseconds: int) -> None:
        """Append a line of ours, limit or not."""
        self._append([line], milliseconds)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _fitting(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        size = self._size
        for number, line in enumerate(lines):
            size += len(line) + 20
            if size > self._limit:
                return lines[:number]
        return lines

    def _append(self, lines: Sequence[bytes], milliseconds: int) -> bool:
        stamp = b"%d " % milliseconds
        data = b"".join(b"%b%b\n" % (b" " if number % _STAMPED else stamp, line) for number, line in enumerate(lines))
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            return False
        if written != len(data):
            os.ftruncate(self._descriptor, self._size)  # no half line must stay
            return False
        self._size += written
        return True


def read(path: Path, start: int, *, most_bytes: int, most: int) -> tuple[list[Mapping[str, Any]], int]:
    """Read complete events from byte ``start`` on; also return the byte to continue from."""
    with open(path, "rb", opener=open_plain) as file:
        file.seek(start)
        data = file.read(most_bytes)
        end = data.rfind(b"\n") + 1
        lines = data[:end].split(b"\n")[:-1]
        if len(lines) > most:
            lines = lines[:most]
            end = sum(len(line) + 1 for line in lines)
        when = _time_before(file, start) if lines and lines[0].startswith(b" ") else 0
    events: list[Mapping[str, Any]] = []
    for line in lines:
        stamp, _, text = line.partition(b" ")
        when = _milliseconds(stamp, when)
        events.append({"timestamp": when, "message": text.decode("utf-8", "replace"), "ingestionTime": when})
    return events, start + end


def start_of_last(path: Path, end: int | None, *, most_bytes: int, most: int) -> tuple[int, int]:
    """The bytes at which the last ``most`` events before byte ``end`` (None: of the file) begin and end."""
    with open(path, "rb", opener=open_plain) as file:
        size = file.seek(0, os.SEEK_END)
        end = size if end is None else min(end, size)
        first = max(0, end - most_bytes)
        file.seek(first)
        data = file.read(end - first)
    data = data[: data.rfind(b"\n") + 1]
    end = first + len(data)
    begin = data.find(b"\n") + 1 if first else 0  # the first whole line
    place = len(data)
    for _ in range(most):
        place = data.rfind(b"\n", begin, max(begin, place - 1)) + 1
        if place <= begin:
            return first + begin, end
    return first + place, end


def _time_before(file: Any, end: int) -> int:
    """The time of the last line before byte ``end`` that has one."""
    data = b""
    while end > 0:
        start = max(0, end - _BACK)
        file.seek(start)
        data = file.read(end - start) + data
        end = start
        first = 0 if not start else data.find(b"\n") + 1  # the first whole line
        for line in reversed(data[first:].split(b"\n")):
            when = _milliseconds(line.partition(b" ")[0], -1)
            if when >= 0:
                return when
    return 0


def _milliseconds(stamp: bytes, otherwise: int) -> int:
    """The time of a line; ``otherwise`` for a line without one, also where the disk lost what was written."""
    if not stamp.isdigit() or len(stamp) > len(str(_LATEST_MS)):
        return otherwise
    return min(int(stamp), _LATEST_MS)
