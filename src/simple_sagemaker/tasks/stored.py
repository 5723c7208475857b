"""The data of a task that has run: which of its jobs is meant, and its state cleared. Looking makes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core import layout
from ..core.job import Job
from ..core.layout import TaskPlace
from ..core.specs import DataSpec
from ..errors import InputNotFound, UsageError
from . import history
from . import submit as task
from . import suggestions as neighbours

if TYPE_CHECKING:
    from ..core.services import Services


def place_of(spec: DataSpec, services: Services) -> TaskPlace:
    """Where the task lies. Raises InputNotFound, with what lies near it, when nothing of it is there."""
    bucket = spec.place.bucket or services.access.default_bucket()
    place = TaskPlace(bucket=bucket, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)
    if not services.access.has_bucket(bucket, owner=spec.place.bucket_owner):
        raise InputNotFound(
            f"No task was found in {layout.uri(bucket)}: there is no such bucket.\n"
            "Run the task first, or say with --bucket_name which bucket it has."
        )
    if not services.store.folders(bucket, place.folder):
        raise InputNotFound(
            f"Task {place.task!r} of project {place.project!r}: nothing was found under "
            f"{layout.uri(bucket, place.folder)}.\n{neighbours.advice(place, services.store)}"
        )
    return place


def job_of(spec: DataSpec, place: TaskPlace, services: Services) -> Job:
    """The job that is meant: the one named, once it has ended, or else the task's newest completed one."""
    return _named(spec.job, place, services) if spec.job else _newest_completed(place, services)


def newer_than(job: str, place: TaskPlace, services: Services) -> Job | None:
    """The task's newest job, when that is another one than ``job``."""
    newest = next(_described(place, services), None)
    return newest if newest and newest.name != job else None


def clear_state(place: TaskPlace, services: Services) -> int:
    """Clear the task's state and say how many files it had. Raises UsageError while a job of the task runs."""
    _check_idle(place, services, "--clean_state")
    return task.clear_state(place, services)


def _check_idle(place: TaskPlace, services: Services, what: str) -> None:
    for described in _described(place, services):
        if not described.has_ended:
            raise UsageError(
                f"{what}: the job {described.name} of task {place.task!r} is in progress and writes the "
                "state.\nWait for its end, or stop it."
            )


def clear_project(spec: DataSpec, services: Services) -> int:
    """Delete everything of the project and say how many files it had. Raises UsageError while a job of it runs.

    Raises InputNotFound where nothing of it is.
    """
    bucket, here = spec.place.bucket or services.access.default_bucket(), spec.place
    project = TaskPlace(bucket=bucket, project=here.project, task="", prefix=here.prefix).project_folder
    there = services.access.has_bucket(bucket, owner=here.bucket_owner)
    tasks = services.store.folders(bucket, project) if there else []
    if not tasks:
        raise InputNotFound(f"Nothing of project {here.project!r} was found under {layout.uri(bucket, project)}.")
    for name in tasks:
        place = TaskPlace(bucket=bucket, project=here.project, task=name, prefix=here.prefix)
        _check_idle(place, services, "The project's data cannot be deleted")
    keys = [found.key for found in services.store.list(bucket, project)]
    services.store.delete(bucket, keys)
    return len(keys)


def _described(place: TaskPlace, services: Services) -> Iterator[Job]:
    return history.described(place, services.store, services.sagemaker)


def _newest_completed(place: TaskPlace, services: Services) -> Job:
    newest = None
    for described in _described(place, services):
        if described.status == "Completed":
            return described
        newest = newest or described
    where = layout.uri(place.bucket, place.folder)
    if newest is None:
        raise InputNotFound(
            f"Task {place.task!r} has no job yet under {where}.\nRun it first, with ssm run, ssm shell or ssm process."
        )
    raise InputNotFound(
        f"Task {place.task!r} has no completed job under {where}.\n{_why_not_completed(newest, services)}"
    )


def _why_not_completed(newest: Job, services: Services) -> str:
    if newest.has_ended:
        return f"Its newest job {newest.status.lower()}; what that one left comes with --job {newest.name}"
    return f"Its newest job, {newest.name}, is in progress.\n{_until_it_ends(newest.name, services)}"


def _named(job: str, place: TaskPlace, services: Services) -> Job:
    """The job of that name, which is one of the task's and has ended."""
    described = history.find(job, place, services.store, services.sagemaker)
    where = layout.uri(place.bucket, place.folder)
    if described is None:
        newest = history.jobs(place, services.store)[:5]
        has = f"The newest jobs of the task are {', '.join(newest)}." if newest else "The task has no job."
        raise InputNotFound(f"--job {job}: there is no such job of task {place.task!r} ({where}).\n{has}")
    if not described.lies_under(where):
        raise InputNotFound(
            f"--job {job} is no job of task {place.task!r} ({where}): it wrote to {_folder(described)}.\n"
            "Name its own project, task, prefix and bucket."
        )
    if not described.has_ended:
        raise InputNotFound(f"--job {job} is in progress.\n{_until_it_ends(job, services)}")
    return described


def _folder(job: Job) -> str:
    """The folder of a job's results, as far as it has any."""
    return next((address.rpartition("/")[0] + "/" for address in job.outputs.values()), "no place of ours")


def _until_it_ends(job: str, services: Services) -> str:
    """What to do about a job that still runs."""
    stop = f"\nTo stop it: touch {services.jobs / job / 'stop'}" if services.jobs else ""
    return f"Wait for its end: the command that started it, typed again, joins it.{stop}"
