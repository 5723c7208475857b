"""The lock on a task: one submission at a time. The command that writes it starts the job, the others join that job.

The lock is the object ``claim.json``, which names the job and the process that sends it. It holds while that job is
being sent and runs. It is void once the job has ended, and while there is no job: once the process is known to be dead,
or two minutes later where that cannot be known (on another machine). A damaged lock, or one from the future, is void.
What is too large for a lock is somebody's file, and an error.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core import job as jobs
from ..core import layout
from ..core.aws_api import error_code
from ..core.job import Job, JobKind
from ..core.layout import TaskPlace
from ..core.records import dataclass
from ..core.store import TooLarge
from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.services import Services
    from ..core.store import Store

_FILE = "claim.json"
_PATIENCE = timedelta(minutes=2)
_SILENCE_S = 2.0  # of waiting, after which a line says for whom


def refuse_folder_of_task(bucket: str, prefix: str, store: Store, what: str) -> None:
    """Raise UsageError if a folder on S3 that is about to be emptied or mirrored is that of a task, with its lock."""
    try:
        content = store.read(bucket, f"{prefix}{_FILE}")
    except (FileNotFoundError, TooLarge):
        return
    if _Lock.parse(content) is not None:
        raise UsageError(
            f"{layout.uri(bucket, prefix)} is the folder of another task, with its jobs: it cannot be {what}.\n"
            "Give one of the two another project, task or prefix."
        )


def job_of(content: bytes) -> str:
    """The name of the job that a lock with this content is for; empty for what is no lock."""
    held = _Lock.parse(content)
    return held.job if held is not None else ""


@dataclass(frozen=True, kw_only=True)
class _Lock:
    """A task's lock as it was read: its bytes, the job it is for, and who took it when."""

    content: bytes
    job: str
    kind: JobKind
    at: datetime
    process: str

    @staticmethod
    def parse(content: bytes) -> _Lock | None:
        """The lock that these bytes are; None for bytes that are none."""
        try:
            values: Any = json.loads(content)
            kind: JobKind = "processing" if values.get("kind") == "processing" else "training"
            at = datetime.fromisoformat(values["at"])
            job, process = str(values["job"]), str(values.get("process", ""))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return None if at.tzinfo is None else _Lock(content=content, job=job, kind=kind, at=at, process=process)

    def whose(self, services: Services) -> str:
        """Whose lock it is, and how long it can hold, for a person who waits for it."""
        if services.lives(self.process):
            return f" (process {self.process.rsplit(':', 2)[1]} of this machine)"
        left = max(0, round((self.at + _PATIENCE - services.now()).total_seconds()))
        return f", for {left} s at most"

    def is_void(self, job: Job | None, services: Services) -> bool:
        """Whether nobody needs it any more; ``job`` is its job, None where there is none (yet)."""
        if job is not None:
            return job.has_ended
        lives = services.lives(self.process)
        if lives is None:
            return not -_PATIENCE <= services.now() - self.at <= _PATIENCE
        return not lives


def take(
    place: TaskPlace, name: str, kind: JobKind, services: Services, note: Callable[[str], None] = lambda _: None
) -> Job | None:
    """Lock the task for a job of a kind; return None when the lock is ours, else the job that has it, to be joined.

    Waits while another command is still sending, and says so after two seconds.
    """
    values = {"job": name, "kind": kind, "at": services.now().isoformat(), "process": services.process}
    ours = json.dumps(values).encode()
    began, noted = time.monotonic(), False
    while True:
        content = _read(place, services)
        if content is None:
            if services.store.write_if(place.bucket, place.claim, ours, expected=None):
                return None
            continue
        held = _Lock.parse(content)
        if held is None:
            note(f"The lock {place.claim} is damaged, and is replaced")
        other = _find_job(held, services) if held else None
        if other and not other.has_ended:
            return other
        is_void = held is None or held.is_void(other, services)
        if is_void and services.store.write_if(place.bucket, place.claim, ours, expected=content):
            return None
        waited = time.monotonic() - began
        if held and not noted and waited > _SILENCE_S:
            note(f"Waiting for another command{held.whose(services)}, which is sending {held.job}")
            noted = True
        time.sleep(services.pace(waited))


def release(place: TaskPlace, job: str, services: Services) -> None:
    """Release our lock, for a job that will not be started; another command's is left alone."""
    content = _read(place, services)
    held = None if content is None else _Lock.parse(content)
    if held is not None and held.job == job:
        services.store.delete(place.bucket, [place.claim])


def _find_job(held: _Lock, services: Services) -> Job | None:
    """The job of a lock; None when there is none, or none that can be read."""
    try:
        return jobs.find(held.job, held.kind, services.sagemaker)
    except Exception as error:
        if error_code(error) != jobs.DAMAGED:
            raise
        return None


def _read(place: TaskPlace, services: Services) -> bytes | None:
    try:
        return services.store.read(place.bucket, place.claim)
    except FileNotFoundError:
        return None
