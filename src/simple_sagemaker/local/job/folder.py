"""A job is a folder: its request, its journal, its tags, a lock that its supervisor holds while it lives.

Whoever looks may read it at any time. The journal is only ever appended to, by the supervisor; when the lock is free
and the journal has no end, the supervisor is dead, and whoever finds that out writes the end.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .kinds import kind_of
from .permissions import open_up

Entry = dict[str, Any]

FINAL = frozenset({"Completed", "Failed", "Stopped"})


class JobFolder:
    """One job's folder and the files in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name

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
        """Exists once somebody asked the job to stop."""
        return self.path / "stop"

    def stop_asked(self) -> bool:
        """Whether the job is to stop: somebody said so, or took its folder away."""
        return self.stop_mark.exists() or not self.journal.exists()

    @property
    def logs(self) -> Path:
        """The lines that hosts printed: a file for each stream."""
        return self.path / "logs"

    def host(self, name: str) -> Path:
        """The folder of one host: ``opt/ml``, the state, ``tmp``."""
        return self.path / name

    def request(self) -> dict[str, Any]:
        """The request that made the job, as it came."""
        loaded: dict[str, Any] = json.loads((self.path / "request.json").read_bytes())
        return loaded

    def settings(self) -> dict[str, Any]:
        """How the engine runs the job."""
        loaded: dict[str, Any] = json.loads((self.path / "settings.json").read_bytes())
        return loaded

    def tags(self) -> list[dict[str, str]]:
        """The job's tags, oldest first."""
        loaded: list[dict[str, str]] = json.loads((self.path / "tags.json").read_bytes())
        return loaded

    def write_tags(self, tags: list[dict[str, str]]) -> None:
        """Replace the tags, atomically."""
        scratch = self.path / f".tags-{os.getpid()}-{os.urandom(4).hex()}"
        scratch.write_text(json.dumps(tags), encoding="utf-8")
        scratch.replace(self.path / "tags.json")

    def entries(self) -> list[Entry]:
        """The journal so far; a last line that is not whole yet is left out."""
        lines = self.journal.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1] if line]

    def append(self, **entry: Any) -> None:
        """Add one entry to the journal, stamped with the present time."""
        line = json.dumps({"at": round(time.time(), 3), **entry}) + "\n"
        descriptor = os.open(self.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def ended(entries: list[Entry]) -> bool:
    """Whether the job has come to its end."""
    return any(entry.get("status") in FINAL for entry in entries)


def draft(jobs: Path, name: str, request: dict[str, Any], settings: dict[str, Any]) -> JobFolder:
    """Make the folder of a new job under a name that nobody looks at."""
    jobs.mkdir(parents=True, exist_ok=True)
    made = JobFolder(jobs / f".new-{name}-{os.getpid()}-{os.urandom(4).hex()}")
    made.path.mkdir()
    (made.path / "request.json").write_text(json.dumps(request, indent=1), encoding="utf-8")
    kept = made.path / "settings.json"
    kept.touch(mode=0o600)  # it may say where the credentials of the job's role are had
    kept.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    made.write_tags([dict(tag) for tag in request.get("Tags", ())])
    made.lock.touch()
    made.logs.mkdir()
    made.append(secondary="Starting", message=f"Starting the {kind_of(request).noun}")
    return made


def publish(made: JobFolder, name: str) -> JobFolder:
    """Give a draft its name, from where on the job exists. Raises FileExistsError when the name is taken."""
    place = made.path.parent / name
    try:
        if place.exists():
            raise FileExistsError(name)
        os.rename(made.path, place)  # refuses a folder that is there and not empty
    except OSError as error:
        raise FileExistsError(name) from error
    return JobFolder(place)


def find(jobs: Path, name: str) -> JobFolder | None:
    """The folder of a job, by the name given at its creation."""
    folder = JobFolder(jobs / name)
    return folder if not name.startswith(".") and folder.journal.exists() else None


def every(jobs: Path) -> Iterator[JobFolder]:
    """All jobs, in no order."""
    if jobs.is_dir():
        for name in os.listdir(jobs):
            job = find(jobs, name)
            if job:
                yield job


def delete(job: JobFolder) -> None:
    """Take a job that has ended away: at once for those who look, and only after its supervisor is gone."""
    if sys.platform == "win32":
        raise NotImplementedError("jobs as processes need Linux or macOS")
    import fcntl

    descriptor = os.open(job.lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        gone = job.path.with_name(f".gone-{job.name}-{os.getpid()}-{os.urandom(4).hex()}")
        job.path.rename(gone)
    finally:
        os.close(descriptor)
    remove(gone)


def remove(path: Path) -> None:
    """Delete a folder of ours with all in it, also where a job took the rights to do so away."""
    import shutil

    for folder, below, _ in os.walk(path):
        for name in below:
            open_up(os.path.join(folder, name))
    shutil.rmtree(path)
