"""Cleaning up after a supervisor that died: the job's journal gets its end, and its containers are removed.

Any process may do it, at any time: the lock that a supervisor holds while it lives (flock) decides which one does.
"""

from __future__ import annotations

import os
import sys

from ...core.regular_files import read_plain
from ..job.folder import JobFolder, has_ended
from ..job.kinds import kind_of
from ..job.stored import Entry


def settle(job: JobFolder, slow: list[JobFolder] | None = None) -> list[Entry]:
    """Return the journal; when the supervisor died without ending it, end it as a failure first.

    That takes seconds where containers must be removed. With ``slow`` such a job is put there, and stays as it is.
    """
    entries = job.entries()
    if has_ended(entries) or not _is_orphaned(job, slow):
        return entries
    return job.entries()


def remove_containers(job: JobFolder) -> None:
    """Remove the containers of a job that no supervisor watches any more: they outlive the process that started them.

    A no-op for jobs that run as processes.
    """
    if _has_containers(job):
        from ..hosts.containers import remove_after_a_kill

        remove_after_a_kill(job)


def _has_containers(job: JobFolder) -> bool:
    return bool(job.settings().get("isolation") == "docker")


def _is_orphaned(job: JobFolder, slow: list[JobFolder] | None) -> bool:
    """Whether no supervisor holds the lock. If so the journal is ended, by exactly one of the processes that ask."""
    if sys.platform == "win32":
        return False  # no process engine there, so no supervisor that could have died
    import fcntl

    descriptor = os.open(job.lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        from .turns import is_queued  # which an ended job does not need

        if is_queued(job):
            return False
        if not has_ended(job.entries()):
            if slow is not None and _has_containers(job):
                slow.append(job)
                return False
            remove_containers(job)
            drop_partial_line(job)
            job.append(
                status="Failed",
                secondary="Failed",
                message=f"{kind_of(job.request()).noun.capitalize()} failed",
                reason="InternalServerError: the supervisor of this job ended before the job did "
                "(killed, out of disk, or the machine was restarted); see supervisor.log in the job's folder",
            )
        return True
    finally:
        os.close(descriptor)


def drop_partial_line(job: JobFolder) -> None:
    """Cut off the half line that a supervisor leaves when it is killed while it writes, before anything is added."""
    data = read_plain(job.journal)
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        os.truncate(job.journal, whole)
