"""A job is a folder: its request, its journal, its tags, and a lock that its supervisor holds while it lives.

Any process may read it at any time. The journal is only appended to, by the supervisor. A free lock and a journal
without an end mean that the supervisor died; ``supervisor.recovery`` then writes the end. Reading a file that is not
what the engine writes raises DamagedJob.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...core.regular_files import open_plain
from ...core.scratch import EMULATOR, has_lost_owner
from ...storage.private import write_private
from . import stored
from .drafts import draft
from .kinds import Kind, kind_of
from .stored import DamagedJob, Entry

_MOST_TRIES = 3

FINAL = frozenset({"Completed", "Failed", "Stopped"})


class JobFolder:
    """One job's folder and the files in it. The folder has the job's name, and after a dot its kind where need be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.name
        self.name = name_of(path.name)

    @property
    def journal(self) -> Path:
        """One JSON object a line: what happened, and when (``at``, seconds since the epoch)."""
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        """Held (flock) by the supervisor as long as it lives."""
        return self.path / "lock"

    @property
    def stop_mark(self) -> Path:
        """A file that exists once a stop was requested."""
        return self.path / "stop"

    def is_stop_requested(self) -> bool:
        """Whether the job is to stop: somebody asked for it, or removed its folder, or its emulator was killed."""
        return self.stop_mark.exists() or not self.journal.exists() or has_lost_owner(self.path, EMULATOR)

    @property
    def logs(self) -> Path:
        """The folder of the lines that hosts printed: a file for each stream."""
        return self.path / "logs"

    def host(self, name: str) -> Path:
        """The folder of one host: ``opt/ml``, the state, ``tmp``."""
        return self.path / name

    def request(self) -> dict[str, Any]:
        """The request that created the job, unchanged."""
        return stored.read_object(self.path / "request.json")

    def settings(self) -> dict[str, Any]:
        """The engine's settings for the job, as ``home.Settings`` reads them."""
        return stored.read_settings(self.path / "settings.json")

    def tags(self) -> list[dict[str, str]]:
        """The job's tags, oldest first."""
        return stored.read_tags(self.path / "tags.json")

    def write_tags(self, tags: list[dict[str, str]]) -> None:
        """Replace the tags, atomically."""
        with draft(self.path.parent) as scratch:
            write_private(scratch, json.dumps(tags))
            scratch.replace(self.path / "tags.json")

    def updates(self) -> dict[str, Any]:
        """The members of the request that were changed since."""
        try:
            return stored.read_object(self.path / "updates.json")
        except FileNotFoundError:
            return {}

    def write_updates(self, updates: dict[str, Any]) -> None:
        """Replace the members that were changed, atomically."""
        with draft(self.path.parent) as scratch:
            write_private(scratch, json.dumps(updates))
            scratch.replace(self.path / "updates.json")

    def entries(self) -> list[Entry]:
        """The journal so far, without a last line that is not complete yet."""
        return stored.read_entries(self.journal)

    def append(self, **entry: Any) -> None:
        """Append one entry to the journal, stamped with the current time."""
        line = (json.dumps({"at": round(time.time(), 3), **entry}) + "\n").encode()
        descriptor = open_plain(self.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            before = os.fstat(descriptor).st_size
            if os.write(descriptor, line) != len(line):  # the disk is full: no half line must stay
                os.ftruncate(descriptor, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.journal))
        finally:
            os.close(descriptor)


def name_of(folder: str) -> str:
    """The name of the job that has a folder."""
    return folder.partition(".")[0]


def has_ended(entries: list[Entry]) -> bool:
    """Whether the journal says that the job has ended."""
    return any(entry.get("status") in FINAL for entry in entries)


def make_job(
    path: Path, request: dict[str, Any], settings: dict[str, Any], *, updates: dict[str, Any] | None = None
) -> JobFolder:
    """Make the folder of a new job, in its draft's place until :func:`publish_job`. Nobody else can enter it.

    ``updates`` are members of its description that its request does not have.
    """
    job = JobFolder(path)
    path.mkdir(0o700)
    write_private(path / "request.json", json.dumps(request, indent=1))  # its environment may hold secrets
    write_private(path / "settings.json", json.dumps(settings, indent=1))  # the URL of the role's credentials
    write_private(path / "tags.json", json.dumps([dict(tag) for tag in request.get("Tags", ())]))
    if updates:
        write_private(path / "updates.json", json.dumps(updates))
    write_private(job.lock, "")
    job.logs.mkdir(0o700)
    job.append(secondary="Starting", message=f"Starting the {kind_of(request).noun}")
    return job


def publish_job(job: JobFolder, jobs: Path, name: str) -> JobFolder:
    """Rename a draft to its final name; from then on the job exists. Raises FileExistsError when the name is taken."""
    kind = kind_of(job.request())
    tries = 0
    while True:
        target = place_of_new(jobs, kind, name)
        try:
            os.rename(job.path, target)  # fails where a folder exists that is not empty
        except OSError as error:  # made meanwhile, perhaps by a job of the other kind
            tries += 1
            if tries == _MOST_TRIES:
                raise FileExistsError(name) from error
        else:
            break
    for other in {*places(jobs, kind, name)} - {target}:
        if _holds(other, kind):  # of two that are made at once while the first place comes free, one sees the other
            os.rename(target, job.path)
            raise FileExistsError(name)
    return JobFolder(target)


def _holds(folder: Path, kind: Kind) -> bool:
    """Whether a folder is that of a job of a kind."""
    try:
        return kind_of(JobFolder(folder).request()) == kind
    except (OSError, ValueError, TypeError):
        return False


def place_of_new(jobs: Path, kind: Kind, name: str) -> Path:
    """The folder for a new job: the second choice where a job of the other kind has the name as its folder's.

    Raises FileExistsError if there is a job of that kind and name.
    """
    own, second = places(jobs, kind, name)
    if second.exists():
        raise FileExistsError(name)
    if not own.exists():
        return own
    try:
        is_free = kind_of(JobFolder(own).request()) != kind
    except (OSError, ValueError, TypeError) as error:  # on its way, or damaged
        raise FileExistsError(name) from error
    if not is_free:
        raise FileExistsError(name)
    return second


def places(jobs: Path, kind: Kind, name: str) -> tuple[Path, Path]:
    """The folders in which a job of this kind and name can be."""
    return jobs / name, jobs / f"{name}.{kind.resource}"


def find_job(jobs: Path, kind: Kind, name: str) -> JobFolder | None:
    """The folder of a job by its kind and name; None when there is no such job. Raises DamagedJob."""
    damage: DamagedJob | None = None
    for place in places(jobs, kind, name):
        job = open_job(jobs, place.name)
        try:
            if job and kind_of(job.request()) == kind:
                return job
        except DamagedJob as error:
            damage = error
    if damage:
        raise damage
    return None


def open_job(jobs: Path, folder: str) -> JobFolder | None:
    """The job whose folder has this name; None when there is none."""
    job = JobFolder(jobs / folder)
    return job if not folder.startswith(".") and job.journal.exists() else None


def all_jobs(jobs: Path, prefix: str = "") -> Iterator[JobFolder]:
    """All jobs whose names begin with ``prefix``, in no particular order."""
    if jobs.is_dir():
        for name in os.listdir(jobs):
            job = open_job(jobs, name) if name.startswith(prefix) else None
            if job:
                yield job


def delete_job(job: JobFolder) -> None:
    """Delete a job that has ended, once its supervisor is gone. It disappears from listings at once."""
    if sys.platform == "win32":
        raise NotImplementedError("jobs as processes need Linux or macOS")
    import fcntl

    descriptor = os.open(job.lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with draft(job.path.parent) as place:
            job.path.rename(place)  # and it is removed there
    finally:
        os.close(descriptor)
