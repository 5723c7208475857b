"""What earlier jobs of a task there were, found by the task's folder and each job's own description."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..core import job as jobs
from ..core import layout, names
from ..core.aws_api import error_code
from ..core.job import Job, JobKind
from ..core.layout import TaskPlace
from ..core.printable import clean
from ..errors import UsageError

if TYPE_CHECKING:
    from ..core.services import Services
    from ..core.store import Store

_CLOCKS_DIFFER = timedelta(hours=1)  # of the machines that name jobs
_LOOKED_AT = 20  # of the newest jobs; older ones are not asked for
_KINDS: dict[str, JobKind] = {"process": "processing"}  # by what run.json says; every other is a training job


def job_names(place: TaskPlace, store: Store, *, refuse_study: bool = False) -> list[str]:
    """The names of a task's jobs, newest first, by the time in the name.

    Raises UsageError for a task that belongs to a study, if that is to be refused: its jobs are trials.
    """
    folders = store.folders(place.bucket, place.folder)
    if refuse_study and layout.STUDY in folders:
        raise UsageError.naming(
            "{task_name:task} has a study (ssm tune), whose trials are its jobs: choose another name.", task=place.task
        )
    legal = filter(names.is_job_name, folders)
    return sorted(legal, key=names.start_stamp, reverse=True)


def find(name: str, place: TaskPlace, services: Services, *, likely: JobKind = "training") -> Job | None:
    """Describe a job of the task, of whichever kind; None when there is no such job.

    It is looked up as one of the ``likely`` kind first, and as another only where its ``run.json`` says that it is one.
    """
    job = jobs.find(name, likely, services.sagemaker)
    if job is not None:
        return job
    kind = _KINDS.get(str(run_file(place, name, services.store).get("kind", "")), "training")
    return None if kind == likely else jobs.find(name, kind, services.sagemaker)


def newest_jobs(
    place: TaskPlace, services: Services, *, likely: JobKind = "training", refuse_study: bool = False
) -> Iterator[Job]:
    """A task's newest jobs, newest first.

    A folder without a job is passed over: a command that ended before its job began leaves one. A job whose name is
    from the future was made by a clock that was wrong: once it has ended it counts as the oldest.
    """
    tomorrow = names.stamp(services.now() + _CLOCKS_DIFFER)
    all_names = job_names(place, services.store, refuse_study=refuse_study)[:_LOOKED_AT]
    misdated = _describe(
        [name for name in all_names if names.start_stamp(name) > tomorrow], place, services, likely=likely
    )
    ended: list[Job] = []
    for job in misdated:
        if job.has_ended:
            ended.append(job)
        else:
            yield job
    yield from _describe(
        [name for name in all_names if names.start_stamp(name) <= tomorrow], place, services, likely=likely
    )
    yield from ended


def _describe(ordered: Sequence[str], place: TaskPlace, services: Services, *, likely: JobKind) -> Iterator[Job]:
    """Describe jobs, newest first. Names carry seconds; jobs of one second are put in order by their descriptions."""
    same_second: list[Job] = []
    for name in ordered:
        if same_second and names.start_stamp(name) != names.start_stamp(same_second[0].name):
            yield from sorted(same_second, key=lambda one: one.created, reverse=True)
            same_second = []
        job = _find_unless_damaged(name, place, services, likely=likely)
        if job is not None:
            same_second.append(job)
            likely = job.kind
    yield from sorted(same_second, key=lambda one: one.created, reverse=True)


def _find_unless_damaged(name: str, place: TaskPlace, services: Services, *, likely: JobKind) -> Job | None:
    """Describe a job of the task; None, with a warning, for one whose files on this machine are damaged."""
    try:
        return find(name, place, services, likely=likely)
    except Exception as error:
        if error_code(error) != jobs.DAMAGED:
            raise
        message = error.response["Error"]["Message"]  # type: ignore[attr-defined]
    import logging

    logging.getLogger("simple_sagemaker.jobs").warning(clean(message))
    return None


def newest(
    place: TaskPlace, services: Services, *, likely: JobKind = "training", refuse_study: bool = False
) -> Job | None:
    """The newest job of a task, in progress or ended in whichever way; None when there is none."""
    return next(newest_jobs(place, services, likely=likely, refuse_study=refuse_study), None)


def newest_completed(place: TaskPlace, services: Services) -> Job | None:
    """The newest completed job of a task, of a study that of its best trial so far; None when there is none."""
    completed = (one for one in newest_jobs(place, services) if one.status == "Completed")
    return next(completed, None) or best_of_study(place, services)


def best_of_study(place: TaskPlace, services: Services) -> Job | None:
    """The job of a study's best trial so far; None where the task has no study, or none of its trials an objective."""
    where = layout.uri(place.bucket, place.best_trial)
    try:
        name = names.check_job_name(json.loads(services.store.read(place.bucket, place.best_trial))["job"])
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise UsageError(f"{where} is damaged ({error}): the same 'ssm tune' writes it anew.") from error
    job = jobs.find(name, "training", services.sagemaker)
    if job is not None and not job.lies_under(layout.uri(place.bucket, place.trials)):
        raise UsageError(f"{where} names {name}, which is no trial of it: the same 'ssm tune' writes it anew.")
    return job


def run_file(
    place: TaskPlace, name: str, store: Store, note: Callable[[str], None] = lambda _: None
) -> Mapping[str, Any]:
    """The content of a job's ``run.json``; empty when it has none, or a damaged one, which ``note`` shows."""
    key = place.source(name) + layout.RUN_FILE
    try:
        run = json.loads(store.read(place.bucket, key))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):  # lists in lists in lists
        run = None
    if isinstance(run, dict) and isinstance(run.get("fingerprint", {}), dict):
        return run
    note(f"{layout.uri(place.bucket, key)} is damaged, so what the job was made from is unknown")
    return {}
