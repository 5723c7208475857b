"""What earlier jobs of a task there were, found by the task's folder and each job's own description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..core import job, layout, names
from ..core.aws_api import error_code
from ..core.job import Job, JobKind
from ..core.layout import TaskPlace

if TYPE_CHECKING:
    from ..core.aws_api import SageMaker
    from ..core.store import Store

_ABSENT = re.compile(r"not f(ou|i)nd", re.IGNORECASE)  # as each kind's operation says it
_LOOKED_AT = 20  # of the newest jobs; older ones are not asked for
_KINDS: dict[str, JobKind] = {"process": "processing"}  # by what run.json says; every other is a training job


def jobs(place: TaskPlace, store: Store) -> list[str]:
    """The names of a task's jobs, newest first, by the time in the name."""
    found = [name for name in store.folders(place.bucket, place.folder) if names.is_job_name(name)]
    return sorted(found, key=names.started_at, reverse=True)


def describe(name: str, kind: JobKind, sagemaker: SageMaker) -> Job | None:
    """A job of a kind; None when there is no such job."""
    try:
        return job.describe(name, kind, sagemaker)
    except Exception as error:
        if error_code(error) in {"ValidationException", "ResourceNotFound"} and _ABSENT.search(str(error)):
            return None
        raise


def find(
    name: str, place: TaskPlace, store: Store, sagemaker: SageMaker, *, likely: JobKind = "training"
) -> Job | None:
    """A job of the task, of whichever kind; None when there is no such job.

    It is asked for as one of the ``likely`` kind, and as another only where its ``run.json`` says that it is one.
    """
    found = describe(name, likely, sagemaker)
    if found is not None:
        return found
    kind = _KINDS.get(run_file(place, name, store).get("kind", ""), "training")
    return None if kind == likely else describe(name, kind, sagemaker)


def described(place: TaskPlace, store: Store, sagemaker: SageMaker, *, likely: JobKind = "training") -> Iterator[Job]:
    """A task's newest jobs, newest first.

    A folder without a job is passed over: a command that ended before its job began leaves one. Names carry seconds;
    jobs of one second are put in order by their descriptions.
    """
    waiting: list[Job] = []
    for name in jobs(place, store)[:_LOOKED_AT]:
        if waiting and names.started_at(name) != names.started_at(waiting[0].name):
            yield from sorted(waiting, key=lambda one: one.created, reverse=True)
            waiting = []
        one = find(name, place, store, sagemaker, likely=likely)
        if one is not None:
            waiting.append(one)
            likely = one.kind
    yield from sorted(waiting, key=lambda one: one.created, reverse=True)


def newest(place: TaskPlace, store: Store, sagemaker: SageMaker, *, likely: JobKind = "training") -> Job | None:
    """The newest job of a task, however it ended or whether it runs; None when there is none."""
    return next(described(place, store, sagemaker, likely=likely), None)


def newest_completed(place: TaskPlace, store: Store, sagemaker: SageMaker) -> Job | None:
    """The newest completed job of a task; None when there is none."""
    return next((one for one in described(place, store, sagemaker) if one.status == "Completed"), None)


def run_file(place: TaskPlace, name: str, store: Store) -> dict[str, Any]:
    """What a job's ``run.json`` says; empty when it has none."""
    try:
        found: dict[str, Any] = json.loads(store.read(place.bucket, place.source(name) + layout.RUN_FILE))
    except FileNotFoundError:
        return {}
    return found
