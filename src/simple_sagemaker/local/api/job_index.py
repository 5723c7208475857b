"""What listings and searches choose by, of all jobs: read once of each job that has ended, and kept.

A job that has ended does not change but for its tags and its deletion. Both change the inode or the time of change of
its folder, so a look at all folders, without opening any, shows what must be read anew; and both change one of two
folders (``drafts``), so most of the time there is nothing to look at. The index only chooses: what an answer shows is
read from the jobs' folders, and what they contradict is read anew. Between processes it is kept in a file of the cache
(``index_file``).
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..job.drafts import FOLDER
from ..job.folder import JobFolder, open_job
from ..job.home import Home
from ..job.kinds import Kind
from ..job.stored import DamagedJob
from ..supervisor import recovery
from .describe import describe
from .index_file import IndexFile
from .indexed_job import UNREADABLE, IndexedJob, Stamp

_NS = 1_000_000_000
_TICK_NS = _NS // 10  # what changes twice within a tick of the file system can have the same time both times
_COARSE_TICK_NS = 2 * _NS  # of file systems that know whole seconds only
_MOST_ROUNDS = 3
_FEW = 20  # jobs that are read from their folders sooner than the index of all is

Description = dict[str, Any]
Following = dict[str, str]  # the token of the next page, or nothing
Pick = Callable[[list[IndexedJob]], tuple[list[IndexedJob], Following]]


class JobIndex:
    """The jobs of a home. Any number of threads may use it. ``report`` gets a line about each unreadable job."""

    def __init__(self, home: Home, report: Callable[[str], None] = lambda _: None) -> None:
        self._folder = home.jobs
        self._file = IndexFile(home.cache / "ended-jobs", home.jobs)
        self._report = report
        self._reported: set[str] = set()
        self._stamps: dict[str, Stamp] = {}
        self._ended: dict[str, IndexedJob] = {}
        self._open: list[str] = []  # the jobs that are not known to have ended
        self._looked_ns = 0  # when all folders were looked at
        self._changed = (-1, -1)  # when the folder of jobs, and that of their drafts, had changed by then
        self._slow: list[JobFolder] = []  # jobs whose end takes longer than others can wait for the lock
        self._lock = threading.RLock()

    def names(self) -> Mapping[str, Stamp]:
        """The names of all jobs' folders. A new object whenever one has come or gone; cheap while none does."""
        with self._lock:
            self._look()
            return self._stamps

    def running(self) -> list[str]:
        """The names of the folders of the jobs that have not ended."""
        return [job.folder for job in self._read_all()[1] if not job.has_ended]

    def jobs(self) -> list[IndexedJob]:
        """All jobs that can be read."""
        ended, running = self._read_all()
        return ended + running

    def _read_all(self) -> tuple[list[IndexedJob], list[IndexedJob]]:
        """The jobs that are known to have ended, and the others."""
        both = self._read_under_lock()
        return self._read_under_lock() if self._end_slow() else both

    def _read_under_lock(self) -> tuple[list[IndexedJob], list[IndexedJob]]:
        with self._lock:
            self._look()
            running = self._read_open()
            return [*self._ended.values()], running

    def _end_slow(self) -> bool:
        """End the jobs whose containers are removed first, while others read on; whether there were some."""
        with self._lock:
            slow, self._slow = self._slow, []
        for job in slow:
            with suppress(*UNREADABLE):
                recovery.settle(job)
        return bool(slow)

    def choose(self, kind: Kind, pick: Pick, named: str = "") -> tuple[list[tuple[IndexedJob, Description]], Following]:
        """The jobs that ``pick`` takes of all of a kind, each with its description as its folder has it now.

        ``named`` is a text that the names of all that it takes have in them, whatever their case: where few have it,
        no others are looked at.
        """
        turn = 0
        while True:
            jobs = self._few_named(named) if named else None
            picked, following = pick([job for job in (self.jobs() if jobs is None else jobs) if job.kind is kind])
            page = [(job, description) for job in picked if (description := self._confirm(job)) is not None]
            turn += 1
            if len(page) == len(picked) or turn > _MOST_ROUNDS:
                return page, following
            if turn == _MOST_ROUNDS:
                self._forget_all()

    def _few_named(self, text: str) -> list[IndexedJob] | None:
        """The jobs with a text in their names, as their folders have them; None for many, or once all were read."""
        if self._stamps:
            return None
        try:
            names = [name for name in os.listdir(self._folder) if text.lower() in name.lower() and name[0] != "."]
        except FileNotFoundError:
            return []
        if len(names) > _FEW:
            return None
        jobs = self._read_few(names)
        return self._read_few(names) if self._end_slow() else jobs

    def _read_few(self, names: list[str]) -> list[IndexedJob]:
        with self._lock:
            return [read[0] for name in names if (read := self._read(name)) is not None]

    def _forget_all(self) -> None:
        with self._lock:
            self._file.remove()
            self._ended = {}
            self._open = [*self._stamps]

    def _confirm(self, job: IndexedJob) -> Description | None:
        """Describe a job by its folder; None, and it is forgotten, if that is not what the index has of it."""
        with self._lock:
            read = self._read(job.folder)
            if read is not None and (read[0].agrees_with(job) or not job.has_ended):
                return read[1]
            if self._ended.pop(job.folder, None):
                self._open.append(job.folder)
            return None

    def _look(self) -> None:
        """Look at the folders of all jobs, unless nothing has changed there since the last time."""
        changed = _change_time(self._folder), _change_time(self._folder / FOLDER)
        if changed == self._changed and _is_settled(max(changed), self._looked_ns):
            return
        self._looked_ns, self._changed = time.time_ns(), changed
        stamps = _stamps(self._folder)
        if stamps == self._stamps:
            return
        self._stamps = stamps
        self._ended = {name: job for name, job in self._ended.items() if stamps.get(name) == job.stamp}
        self._open = [name for name in stamps if name not in self._ended]

    def _read_open(self) -> list[IndexedJob]:
        """Read the jobs that are not known to have ended; note those that have, and return the others."""
        if self._open:
            self._take(self._file.read(self._stamps))
        running, ended = [], []
        for name in self._open:
            looked = time.time_ns()
            read = self._read(name)
            if read is None:
                continue
            job = read[0]
            if job.has_ended and _is_settled(job.stamp[1], looked):
                self._stamps[name] = job.stamp
                ended.append(job)
            else:
                running.append(job)
        self._take(ended)
        self._file.append(ended, self._ended)
        return running

    def _take(self, jobs: Iterable[IndexedJob]) -> None:
        taken = {job.folder: job for job in jobs}
        if taken:
            self._ended |= taken
            self._open = [name for name in self._open if name not in self._ended]

    def _read(self, name: str) -> tuple[IndexedJob, Description] | None:
        """A job as its folder has it; None if there is none, or it cannot be read."""
        try:
            stamp = _stamp(os.stat(self._folder / name))  # before its files: what changes later has another one
            job = open_job(self._folder, name)
            if job is None:
                return None
            description = describe(job, self._slow)
            return IndexedJob.of(job, description, stamp), description
        except UNREADABLE as error:
            if name not in self._reported and not isinstance(error, FileNotFoundError):
                self._reported.add(name)
                why = str(error) if isinstance(error, DamagedJob) else f"{type(error).__name__}: {error}"
                self._report(f"Job {name} is damaged, and is left out: {why}")
            return None


def _stamps(folder: Path) -> dict[str, Stamp]:
    """The stamps of all jobs' folders. Looking at one costs 2 us, a tenth of the least that opening a file costs."""
    stamps: dict[str, Stamp] = {}
    if sys.platform == "win32":  # where no job can run
        return stamps
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return stamps
    try:
        for name in os.listdir(descriptor):
            if not name.startswith("."):
                try:
                    stamps[name] = _stamp(os.stat(name, dir_fd=descriptor))
                except FileNotFoundError:  # deleted meanwhile
                    continue
    finally:
        os.close(descriptor)
    return stamps


def _change_time(folder: Path) -> int:
    try:
        return os.stat(folder).st_ctime_ns
    except FileNotFoundError:
        return 0


def _stamp(state: os.stat_result) -> Stamp:
    return state.st_ino, state.st_ctime_ns


def _is_settled(changed_ns: int, looked_ns: int) -> bool:
    """Whether a change after ``looked_ns`` is sure to have another time than ``changed_ns``."""
    return looked_ns - changed_ns > (_TICK_NS if changed_ns % _NS else _COARSE_TICK_NS)
