"""A trial whose training job runs: what it has printed of its objective so far, and stopping it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ...core.regular_files import open_plain
from ..job.folder import JobFolder, has_ended
from ..supervisor import recovery

_STARTING = {"Starting", "Downloading"}
_MOST_AT_ONCE = 1 << 24


class Emissions:
    """The objectives that a job has printed, in their order, read from its folder as they come."""

    def __init__(self, metrics: Path, objective: str) -> None:
        self.values: list[float] = []
        self._path = metrics
        self._objective = objective
        self._end = 0

    def read(self) -> None:
        """Read what has come. A last line that is not complete yet is left for the next time."""
        try:
            descriptor = open_plain(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return
        try:
            os.lseek(descriptor, self._end, os.SEEK_SET)  # not pread, which Windows lacks
            data = os.read(descriptor, _MOST_AT_ONCE)
        finally:
            os.close(descriptor)
        whole = data[: data.rfind(b"\n") + 1]
        self._end += len(whole)
        points = map(json.loads, whole.splitlines())
        self.values += [float(point["value"]) for point in points if point["name"] == self._objective]


class RunningTrial:
    """A trial's job while it runs. ``number`` is the trial's; ``judged`` is how many emissions were judged so far."""

    def __init__(self, job: JobFolder, number: int, objective: str) -> None:
        self.number = number
        self.emissions = Emissions(job.path / "metrics.jsonl", objective)
        self.judged = 0
        self._job = job

    def has_ended(self) -> bool:
        """Whether the job has ended; was its supervisor killed, then it has."""
        return has_ended(recovery.settle(self._job))

    def is_starting(self) -> bool:
        """Whether the code does not run yet."""
        entries = self._job.entries()
        return not has_ended(entries) and all(entry.get("secondary") in _STARTING for entry in entries)

    def stop(self) -> None:
        """Request a stop; one that was requested before stays as it is."""
        if not self._job.stop_mark.exists():
            self._job.stop_mark.touch()
