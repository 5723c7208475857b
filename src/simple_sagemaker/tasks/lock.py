"""The lock on a task: one submission at a time. The command that writes it starts the job, the others join that job.

The lock is the object ``claim.json``, which names the job. It holds while that job is being sent and runs; it is void
once the job has ended, or when the job does not exist two minutes later (its command was killed on the way).
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..core.job import Job, JobKind
from ..core.layout import TaskPlace
from . import history

if TYPE_CHECKING:
    from ..core.services import Services

_PATIENCE = timedelta(minutes=2)


def take(place: TaskPlace, name: str, kind: JobKind, services: Services) -> Job | None:
    """Lock the task for a job of a kind; return None when the lock is ours, else the job that has it, to be joined.

    Waits while another command is still sending.
    """
    ours = json.dumps({"job": name, "kind": kind, "at": services.now().isoformat()}).encode()
    began = time.monotonic()
    while True:
        held = _read(place, services)
        if held is None:
            if services.store.write_if(place.bucket, place.claim, ours, expected=None):
                return None
            continue
        holder = json.loads(held)
        other = history.describe(holder["job"], holder.get("kind", "training"), services.sagemaker)
        if other and not other.has_ended:
            return other
        is_stale = other is not None or services.now() - datetime.fromisoformat(holder["at"]) > _PATIENCE
        if is_stale and services.store.write_if(place.bucket, place.claim, ours, expected=held):
            return None
        time.sleep(services.pace(time.monotonic() - began))


def release(place: TaskPlace, job: str, services: Services) -> None:
    """Release our lock, for a job that will not be started; another command's is left alone."""
    held = _read(place, services)
    if held is not None and json.loads(held)["job"] == job:
        services.store.delete(place.bucket, [place.claim])


def _read(place: TaskPlace, services: Services) -> bytes | None:
    try:
        return services.store.read(place.bucket, place.claim)
    except FileNotFoundError:
        return None
