"""Turns for jobs that are created faster than this machine can start them: as with capacity on AWS, they wait.

A job that waits has no supervisor yet. Its folder holds the file ``queued`` with the path of a lock that the process
which will start it holds while it lives: with that lock free, nobody will, and ``recovery`` ends the job.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...core.regular_files import read_plain
from ...storage.private import make_private
from ..job.folder import JobFolder, has_ended
from ..job.kinds import kind_of
from ..job.shortage import shortage

_TICK_S = 0.05
_LONGEST_START_S = 10.0  # a job that downloads for long takes no processor from others
_LONGEST_SHORTAGE_S = 20.0  # of descriptors, threads or disk, for a job whose end must be written
_LEAST_MEMORY = 0.1  # of the machine's; with less free, a job starts when no other one does
_STARTING = {"Starting", "Downloading"}

_LONGEST_PATH = 1 << 13
Start = Callable[[JobFolder], None]


def is_queued(job: JobFolder) -> bool:
    """Whether a process lives that will start this job."""
    if sys.platform == "win32":
        return False
    try:
        return is_locked(read_plain(job.path / "queued", _LONGEST_PATH).decode())
    except (OSError, ValueError):
        return False


def is_locked(lock: Path | str) -> bool:
    """Whether a process holds a lock. Raises OSError where it is not there."""
    if sys.platform == "win32":
        return True
    import fcntl

    descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


class Turns:
    """Lets ``most`` jobs start at a time; the others wait in the order in which they came.

    ``locks`` is the folder for the lock that says that this process lives.
    """

    def __init__(self, locks: Path, *, most: int | None = None) -> None:
        self._most = most or 2 * (os.cpu_count() or 1)
        self._queue: deque[tuple[JobFolder, Start]] = deque()
        self._starting: dict[Path, tuple[JobFolder, float]] = {}
        self._changed = threading.Condition()
        self._ended = False
        self._lock_file = locks / f"queue-{os.getpid()}-{os.urandom(4).hex()}.lock"
        self._lock = _hold(self._lock_file)
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)
        self._thread.start()

    def take(self, job: JobFolder) -> bool:
        """Whether a new job may start at once; if so it counts as starting."""
        with self._changed:
            self._forget_started()
            if self._queue or not self._has_room():
                return False
            self._note_start(job)
            return True

    def mark(self, draft: JobFolder) -> None:
        """Mark the draft of a job that will wait."""
        (draft.path / "queued").write_text(str(self._lock_file), encoding="utf-8")

    def wait(self, job: JobFolder, start: Start) -> None:
        """Queue a job, which has been published; ``start`` starts its supervisor, or raises."""
        with self._changed:
            self._queue.append((job, start))
            self._changed.notify()

    def stop(self) -> None:
        """End the jobs that wait, as stopped."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()
        self._lock_file.unlink(missing_ok=True)
        os.close(self._lock)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._ended:
                    self._changed.wait()
                stopped = [one for one in self._queue if self._ended or one[0].is_stop_requested()]
                for one in stopped:
                    self._queue.remove(one)
                self._forget_started()
                item = self._queue.popleft() if self._queue and self._has_room() else None
                if item:
                    self._note_start(item[0])
                elif self._ended:
                    for job, _ in stopped:
                        _insist(partial(_end, job))
                    return
            for job, _ in stopped:
                _insist(partial(_end, job))
            if item is None:
                time.sleep(_TICK_S)
                continue
            job, start = item
            try:
                start(job)
            except Exception as error:  # noqa: BLE001 - the next job's turn comes all the same
                _insist(partial(_fail, job, error))
            (job.path / "queued").unlink(missing_ok=True)

    def _note_start(self, job: JobFolder) -> None:
        self._starting[job.path] = job, time.monotonic() + _LONGEST_START_S

    def _has_room(self) -> bool:
        return len(self._starting) < self._most and _has_memory(len(self._starting))

    def _forget_started(self) -> None:
        now = time.monotonic()
        self._starting = {
            path: (job, until) for path, (job, until) in self._starting.items() if now < until and _is_starting(job)
        }


def _hold(path: Path) -> int:
    if sys.platform == "win32":
        raise NotImplementedError("jobs as processes need Linux or macOS")
    import fcntl

    make_private(path.parent)
    for other in path.parent.glob("queue-*.lock"):
        _remove_if_free(other)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _remove_if_free(path: Path) -> None:
    """Remove the lock of a process that was killed."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:  # gone meanwhile, or no lock of ours: a folder, somebody else's file
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)


def _is_starting(job: JobFolder) -> bool:
    try:
        entries = job.entries()
    except OSError:  # not published yet, or no descriptor to look with; what is never seen is forgotten in time
        return True
    return not has_ended(entries) and all(entry.get("secondary") in _STARTING for entry in entries)


def _has_memory(running: int) -> bool:
    """Whether this machine has memory for another job; always where it does not say, or with few that start."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    except OSError:
        return True
    return not running or sizes.get("MemAvailable", 1) >= _LEAST_MEMORY * sizes.get("MemTotal", 1)


def _insist(act: Callable[[], object]) -> None:
    """Do it, waiting out a shortage of the machine's. What fails for another reason is that one job's affair."""
    until = time.monotonic() + _LONGEST_SHORTAGE_S
    while True:
        try:
            act()
            return
        except Exception as error:  # noqa: BLE001 - the other jobs' turns come all the same
            if not shortage(error) or time.monotonic() > until:
                return
        time.sleep(_TICK_S)


def _end(job: JobFolder) -> None:
    """Write the end of a job that was stopped while it waited."""
    noun = kind_of(job.request()).noun
    job.append(secondary="Stopping", message=f"Stopping the {noun}")
    job.append(status="Stopped", secondary="Stopped", message=f"{noun.capitalize()} stopped", metrics=[])
    (job.path / "queued").unlink(missing_ok=True)


def _fail(job: JobFolder, error: Exception) -> None:
    message = f"{kind_of(job.request()).noun.capitalize()} failed"
    reason = f"InternalServerError: the job could not be started: {shortage(error) or type(error).__name__}"
    job.append(status="Failed", secondary="Failed", message=message, reason=reason, metrics=[])
