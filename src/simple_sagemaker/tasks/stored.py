"""The data that a task left: which of its jobs to bring it from, and clearing its state. Finding it is read-only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core import layout, names
from ..core.job import Job
from ..core.layout import TaskPlace
from ..core.records import replace
from ..core.specs import DataSpec
from ..errors import InputNotFound, UsageError
from ..jobs.find_job import resolve
from . import history, lock, state, suggestions

if TYPE_CHECKING:
    from ..core.services import Services


def place_of(spec: DataSpec, services: Services) -> TaskPlace:
    """Where the task lies. Raises InputNotFound, with what lies near it, when nothing of it is there."""
    bucket = spec.place.bucket or services.access.default_bucket()
    place = TaskPlace(bucket=bucket, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)
    if not services.access.has_bucket(bucket, owner=spec.place.bucket_owner):
        raise InputNotFound.naming(
            "No task was found in {uri}: there is no such bucket.{guess}\n"
            "Run the task first, or name its bucket with {bucket_name}.",
            uri=layout.uri(bucket),
            guess=f" Did you mean {near}?" if (near := suggestions.near_bucket(bucket, services)) else "",
        )
    if not services.store.folders(bucket, place.folder):
        raise InputNotFound(
            f"Task {place.task!r} of project {place.project!r}: nothing was found under "
            f"{layout.uri(bucket, place.folder)}.\n{suggestions.advice(place, services.store)}"
        )
    return place


def job_of(spec: DataSpec, place: TaskPlace, services: Services) -> Job:
    """The job to bring data from: the one named, or the trial's newest, or else the task's newest completed one.

    One that is named may run still, if only its logs and the state so far are wanted.
    """
    if spec.trial is not None:
        job = _of_trial(spec.trial, spec, place, services)
    elif not spec.job:
        return _newest_completed(place, services)
    else:
        job = _named(spec.job, place, services)
    wanted = spec.download
    if job.has_ended or (wanted.path is not None and not (wanted.model or wanted.output or wanted.source)):
        return job
    raise InputNotFound.naming(
        f"{{{'job' if spec.trial is None else 'trial'}:name}} is in progress.\n{{advice}}{{parts}}",
        name=spec.job or str(spec.trial),
        advice=_until_it_ends(job.name, services),
        parts="\nIts logs, and the state so far, can be downloaded now." if wanted.path is not None else "",
    )


def trial_of(job: Job, place: TaskPlace) -> int | None:
    """The number of the trial of a task's study that a job is of; None for a job of the task itself."""
    folder = layout.uri(place.bucket, place.folder)
    rests = (address.removeprefix(folder) for address in job.outputs.values() if address.startswith(folder))
    in_own_place = (number for rest in rests if (number := layout.trial_number(rest)) is not None)
    return layout.tuning_trial(job.name) if "TuningJobArn" in job.answer else next(in_own_place, None)


def _of_trial(number: int, spec: DataSpec, place: TaskPlace, services: Services) -> Job:
    """The newest job of a trial. Raises InputNotFound, which names the trials that there are."""
    job = next(_newest_jobs(place.trial(number), services), None)
    if job is not None:
        return job
    where = replace(spec.place, bucket=place.bucket)  # a tuning job's trials are found by their tags
    return resolve(where, None, services, trial=number).job


def newer_than(job: str, place: TaskPlace, services: Services) -> Job | None:
    """The task's newest job, when that is another one than ``job``."""
    newest = next(_newest_jobs(place, services), None)
    return newest if newest and newest.name != job else None


def clear_state(place: TaskPlace, services: Services) -> int:
    """Clear the task's state and say how many files it had. Raises UsageError while a job of the task runs.

    It holds the task's lock meanwhile, so that no job begins with half of a state.
    """
    name = names.job_name(place.task, started=services.now(), token=services.token())
    job = lock.take(place, name, "training", services)
    if job is not None:
        raise _in_progress(job, place)
    try:
        _check_idle(place, services)
        return state.clear_state(place, services)
    finally:
        lock.release(place, name, services)


def _check_idle(place: TaskPlace, services: Services, what: str = "{clean_state}") -> None:
    for job in _newest_jobs(place, services):
        if not job.has_ended:
            raise _in_progress(job, place, what)


def _in_progress(job: Job, place: TaskPlace, what: str = "{clean_state}") -> UsageError:
    return UsageError.naming(
        f"{what}: the job {{job}} of task {{task!r}} is in progress and writes the state.\n"
        "Wait for its end, or stop it.",
        job=job.name,
        task=place.task,
    )


def clear_project(spec: DataSpec, services: Services) -> int:
    """Delete everything of the project and say how many files it had. Raises UsageError while a job of it runs.

    Raises InputNotFound where nothing of it is.
    """
    bucket, where = spec.place.bucket or services.access.default_bucket(), spec.place
    project = TaskPlace(bucket=bucket, project=where.project, task="", prefix=where.prefix).project_folder
    bucket_exists = services.access.has_bucket(bucket, owner=where.bucket_owner)
    tasks = services.store.folders(bucket, project) if bucket_exists else []
    if not tasks:
        raise InputNotFound(f"Nothing of project {where.project!r} was found under {layout.uri(bucket, project)}.")
    for name in tasks:
        place = TaskPlace(bucket=bucket, project=where.project, task=name, prefix=where.prefix)
        _check_idle(place, services, "The project's data cannot be deleted")
    keys = [one.key for one in services.store.list(bucket, project)]
    services.store.delete(bucket, keys)
    return len(keys)


def _newest_jobs(place: TaskPlace, services: Services) -> Iterator[Job]:
    return history.newest_jobs(place, services)


def _newest_completed(place: TaskPlace, services: Services) -> Job:
    newest = None
    for job in _newest_jobs(place, services):
        if job.status == "Completed":
            return job
        newest = newest or job
    where = layout.uri(place.bucket, place.folder)
    if newest is None:
        if best := history.best_of_study(place, services):
            return best
        raise InputNotFound(
            f"Task {place.task!r} has no job yet under {where}.\nRun it first, with ssm run, ssm shell or ssm process."
        )
    why = "Its newest job {status}; what that one left comes with {job:newest}"
    if not newest.has_ended:
        why = "Its newest job, {newest}, is in progress.\n{advice}"
    raise InputNotFound.naming(
        f"Task {{task!r}} has no completed job under {{where}}.\n{why}",
        task=place.task,
        where=where,
        status=newest.status.lower(),
        newest=newest.name,
        advice=_until_it_ends(newest.name, services),
    )


def _named(name: str, place: TaskPlace, services: Services) -> Job:
    """The job of that name, or with these letters at its end, which is one of the task's."""
    if names.is_short_name(name):
        whole = (one for one in history.job_names(place, services.store) if names.short_name(one) == name)
        name = next(whole, name)
    job = history.find(name, place, services) if names.is_job_name(name) else None
    where = layout.uri(place.bucket, place.folder)
    if job is None:
        newest = history.job_names(place, services.store)[:5]
        has = f"The newest jobs of the task are {', '.join(newest)}." if newest else "The task has no job."
        why = "there is no such job of task {task!r} ({where}).\n{has}"
        raise InputNotFound.naming(f"{{job:name}}: {why}", name=name, task=place.task, where=where, has=has)
    if not job.lies_under(where):
        raise InputNotFound.naming(
            "{job:name} is not a job of task {task!r} ({where}): it wrote to {folder}.\n"
            "Name its own project, task, prefix and bucket.",
            name=name,
            task=place.task,
            where=where,
            folder=_folder(job),
        )
    return job


def _folder(job: Job) -> str:
    """The folder of a job's results, as far as it has any."""
    return next((address.rpartition("/")[0] + "/" for address in job.outputs.values()), "no place of ours")


def _until_it_ends(job: str, services: Services) -> str:
    """What to do about a job that still runs."""
    named = f"--job {names.short_name(job)}{services.typed_engine}"
    return f"Wait for its end: ssm attach {named}\nOr stop it: ssm stop {named}"
