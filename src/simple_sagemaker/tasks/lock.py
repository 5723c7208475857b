"""One submission of a task at a time: whoever writes the task's claim starts the job, the others join it.

The claim is an object that names the job. It stands while that job is being sent and runs; it is given up when the job
has ended, and when two minutes have gone without the job coming to be (its command was killed on the way).
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
    """Claim the task for a job of a kind; None when it is ours, else the job that has it, to be joined.

    Waits while another command is still sending.
    """
    ours = json.dumps({"job": name, "kind": kind, "at": services.now().isoformat()}).encode()
    began = time.monotonic()
    while True:
        there = _read(place, services)
        if there is None:
            if services.store.write_if(place.bucket, place.claim, ours, expected=None):
                return None
            continue
        holder = json.loads(there)
        other = history.describe(holder["job"], holder.get("kind", "training"), services.sagemaker)
        if other and not other.has_ended:
            return other
        given_up = other is not None or services.now() - datetime.fromisoformat(holder["at"]) > _PATIENCE
        if given_up and services.store.write_if(place.bucket, place.claim, ours, expected=there):
            return None
        time.sleep(services.pace(time.monotonic() - began))


def give_up(place: TaskPlace, job: str, services: Services) -> None:
    """Take back our claim for a job that will not be; somebody else's is left alone."""
    there = _read(place, services)
    if there is not None and json.loads(there)["job"] == job:
        services.store.delete(place.bucket, [place.claim])


def _read(place: TaskPlace, services: Services) -> bytes | None:
    try:
        return services.store.read(place.bucket, place.claim)
    except FileNotFoundError:
        return None
