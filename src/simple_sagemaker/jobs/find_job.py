"""The one job that a person means: by its whole name, by the letters at its end, or the newest of a task or project."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from ..core import job as jobs
from ..core import names
from ..core.job import KINDS, Job, JobKind
from ..core.records import replace
from ..core.unreadable import turn_page
from ..errors import AccessDenied, InputNotFound, UsageError
from .catalog import Listed, Query, belongs, fits, newest, newest_first, with_tags

if TYPE_CHECKING:
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from ..core.specs import Place

_PAGE = 100  # the most that these operations return at once
_SHOWN = 8  # jobs, in an error
_RUNNING = "running job"
_LISTS: tuple[tuple[JobKind, str, str], ...] = (
    ("training", "list_training_jobs", "TrainingJob"),
    ("processing", "list_processing_jobs", "ProcessingJob"),
)


def resolve(
    place: Place,
    job: str | None,
    services: Services,
    *,
    trial: int | None = None,
    running: bool = False,
    prefer_running: bool = False,
) -> Listed:
    """The one job that is meant: the one named, else the newest of the trial, the task or the project.

    With ``running`` only jobs that have not ended count; with ``prefer_running`` a trial's job that runs counts before
    a newer one that has ended. Raises InputNotFound, which names what there is.
    """
    query = Query(place=place, chosen="running" if running else "all")
    if trial is not None:
        return _of_trial(trial, place, services, running=running)
    if job is None:
        some = newest(query, services, 1)
        if some and prefer_running and some[0].trial is not None and some[0].job.has_ended:
            some = newest(Query(place=place, chosen="running"), services, 1) or some
        if some:
            return some[0]
        raise InputNotFound(_nothing(place, services, _RUNNING if running else "job"))
    listed = _named(job, place, services)
    if listed is None:
        some = newest(query, services, _SHOWN)
        known = ", ".join(f"{names.short_name(one.job.name)} ({one.task})" for one in some)
        raise InputNotFound.naming(
            f"{{job:name}}: there is no such job of {_owner(place)}.\n{{known}}",
            name=job,
            known=f"The newest are: {known}." if some else "There is none at all.",
        )
    if running and listed.job.has_ended:
        raise InputNotFound.naming("{job:name} has ended ({status}).", name=job, status=listed.job.status)
    return listed


def _of_trial(number: int, place: Place, services: Services, *, running: bool) -> Listed:
    """The newest job of a trial. Raises InputNotFound, which names the trials that there are."""
    numbers: set[int] = set()
    for one in newest_first(Query(place=place), services):
        if one.trial == number:
            if running and one.job.has_ended:
                raise InputNotFound.naming("{trial:number} has ended ({status}).", number=number, status=one.job.status)
            return one
        numbers |= {one.trial} if one.trial is not None else set()
    raise no_trial(number, place.task, numbers)


def no_trial(number: int, task: str, numbers: Collection[int]) -> InputNotFound:
    """The error that a task has no trial of that number; ``numbers`` are those of the trials that it has."""
    known = f"It has the trials {number_ranges(numbers)}." if numbers else "It has none: ssm tune searches with trials."
    return InputNotFound.naming(
        "{trial:number}: task {task!r} has no such trial.\n{known}", number=number, task=task, known=known
    )


def number_ranges(numbers: Collection[int]) -> str:
    """Numbers as people write many of them: ``1-5, 7``."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def check_bucket(listed: Listed, owner: str | None, services: Services) -> None:
    """Raise AccessDenied or UsageError for a job whose data lie in a bucket that must not be used.

    A job's outputs may name anybody's bucket: it must be the caller's, or of the account ``owner``.
    """
    if listed.place is not None:
        services.access.has_bucket(listed.place.bucket, owner=owner)


def readable_place(
    listed: Listed, owner: str | None, services: Services, note: Callable[[str], None]
) -> TaskPlace | None:
    """Where a job's data lie; None where they lie nowhere, or in a bucket that must not be used, which is noted."""
    place = listed.place
    if place is None:
        return None
    try:
        return place if services.access.has_bucket(place.bucket, owner=owner) else None
    except (AccessDenied, UsageError):
        note(
            f"{listed.job.name} has its data in the bucket {place.bucket}, which is not yours or closed to you: "
            "nothing was read there.\nIf you trust its owner: --bucket_owner, with the number of the account"
        )
        return None


def _named(name: str, place: Place, services: Services) -> Listed | None:
    """The job of that name, or with these letters at its end, where it belongs to the place."""
    job = _ending_in(name, services) if names.is_short_name(name) else _of_any_kind(name, services)
    listed = with_tags(job, services) if job else None
    query = Query(place=place)
    return listed if listed is not None and fits(listed, query) and belongs(listed, query) else None


def _of_any_kind(name: str, services: Services) -> Job | None:
    return next((job for kind in KINDS if (job := jobs.find(name, kind, services.sagemaker))), None)


def _ending_in(letters: str, services: Services) -> Job | None:
    """The newest job whose name ends in these letters: of the lists, which know a job at once, unlike Search."""
    for kind, operation, member in _LISTS:
        request: dict[str, Any] = {"NameContains": f"-{letters}", "SortBy": "CreationTime", "SortOrder": "Descending"}
        request["MaxResults"] = _PAGE
        while True:
            answer = getattr(services.sagemaker, operation)(**request)
            for summary in answer[f"{member}Summaries"]:
                if summary[f"{member}Name"].endswith(f"-{letters}"):
                    return jobs.describe(summary[f"{member}Name"], kind, services.sagemaker)
            if not turn_page(request, answer):
                break
    return None


def _owner(place: Place) -> str:
    if place.task:
        return f"task {place.task!r} of project {place.project!r}"
    return f"project {place.project!r}" if place.project else "any project"


def _nothing(place: Place, services: Services, what: str) -> str:
    """That there is no job, and how the newest ended where a running one was meant, or which tasks have some."""
    text = f"There is no {what} of {_owner(place)}.\n"
    if what == _RUNNING and (ended := newest(Query(place=place), services, 1)):
        return text + f"Its newest job, {ended[0].job.name}, has ended ({ended[0].job.status})."
    wider = replace(place, task="") if place.task else replace(place, project="")
    some = newest(Query(place=wider), services, _SHOWN)
    if place.task:
        tasks = sorted({one.task for one in some})
        return text + (f"Its tasks with the newest jobs: {', '.join(tasks)}." if tasks else "It has no job yet.")
    projects = sorted({one.project for one in some})
    return text + (f"Projects with the newest jobs: {', '.join(projects)}." if projects else "No project has one.")
