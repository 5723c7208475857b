"""Deleting what jobs left: their own objects and the service's record of them, the task's state and inputs.

A bucket holds many projects, and one's folder can lie inside another's: with ``--prefix x/`` the task u of project t is
``x/t/u/``, in what is also the folder of task t of project x. So nothing is deleted because of where it lies alone: of
a job only the folders that jobs have, of the task only its state and inputs, and these only while no other task's jobs
lie there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core import layout, names
from ..core.aws_api import error_code
from ..core.layout import TaskPlace
from ..core.records import dataclass
from ..errors import UsageError
from . import history, lock

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.services import Services

_AT_ONCE = 1000  # objects
_CLAIM = "claim.json"  # beside a task's state and jobs
# What a job has below its own name: ours, and what SageMaker and its debugger write beside them.
OF_JOB = ("source/", "model/", "output/", "debug-output/", "profiler-output/", "rule-output/", "tensorboard-output/")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What would be deleted: jobs by name, those of them that the service knows, objects and their bytes.

    Objects are those under ``prefixes``, and ``keys``, in this order; ``has_study`` is whether a study goes as a whole.
    """

    jobs: tuple[str, ...]
    known: tuple[Job, ...]
    prefixes: tuple[str, ...]
    state_files: int
    input_files: int
    files: int
    size: int
    keys: tuple[str, ...] = ()
    has_study: bool = False


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be deleted of a task: one ``job``, or all that ended, made ``before`` a time; state and inputs.

    ``trial`` is the only trial of its study that is meant.
    """

    place: TaskPlace
    job: str | None = None
    trial: int | None = None
    before: datetime | None = None
    state: bool = False
    inputs: bool = False


def find(wanted: Wanted, services: Services) -> Found:
    """What there is of it. Raises UsageError where a job of it still runs, or where another task's jobs lie inside."""
    place = wanted.place
    known, gone = _jobs(wanted, services)
    running = [job for job in known if not job.has_ended]
    if running and (wanted.job is not None or wanted.before is None or wanted.state or wanted.inputs):
        name = names.short_name(running[0].name)
        raise UsageError(
            f"ssm rm: the job {running[0].name} is running: nothing was deleted.\n"
            f"Stop it first: ssm stop --job {name}{services.typed_engine}"
        )
    known = [job for job in known if job.has_ended]
    prefixes = [f"{place.folder}{name}/{part}" for name in (*(job.name for job in known), *gone) for part in OF_JOB]
    files = size = state_files = input_files = 0
    for prefix in prefixes:
        count, bytes_ = weigh_part(place, prefix, services)
        files, size = files + count, size + bytes_
    if wanted.state:
        state_files, bytes_ = _weigh_own(place, place.state, services)
        prefixes.append(place.state)
        files, size = files + state_files, size + bytes_
    if wanted.inputs:
        for prefix in (place.input, f"{place.folder}inputs/"):
            count, bytes_ = _weigh_own(place, prefix, services)
            prefixes.append(prefix)
            input_files += count
            files, size = files + count, size + bytes_
    return Found(
        jobs=tuple(sorted([*(job.name for job in known), *gone], key=names.start_stamp)),
        known=tuple(known),
        prefixes=tuple(prefixes),
        state_files=state_files,
        input_files=input_files,
        files=files,
        size=size,
    )


def _jobs(wanted: Wanted, services: Services) -> tuple[list[Job], list[str]]:
    """The jobs that are meant and that the service knows; and the names of those that have only objects left."""
    place = wanted.place
    in_bucket = history.job_names(place, services.store) if services.store.has_bucket(place.bucket) else []
    if wanted.job is not None:
        job = history.find(wanted.job, place, services)
        return ([job], []) if job else ([], [name for name in in_bucket if name == wanted.job])
    from ..core.specs import Place
    from ..jobs import catalog

    where = Place(project=place.project, task=place.task, bucket=place.bucket, prefix=place.prefix)
    listed = [one.job for one in catalog.newest(catalog.Query(place=where), services) if one.place == place]
    known = {job.name: job for job in listed if job.status != "Deleting"}
    gone = []
    for name in in_bucket:
        if name in known:
            continue
        job = history.find(name, place, services)
        if job is None:
            gone.append(name)
        elif job.lies_under(layout.uri(place.bucket, f"{place.folder}{name}/")):
            known[name] = job
    before = wanted.before
    if before is None:
        return list(known.values()), gone
    stamp = names.stamp(before)
    return [job for job in known.values() if job.created < before], [
        name for name in gone if names.start_stamp(name) < stamp
    ]


def weigh_part(place: TaskPlace, prefix: str, services: Services) -> tuple[int, int]:
    """The files and bytes of a part of a job. Raises UsageError where it is also the folder of another task.

    That is so where a project is named as the job is and a task as the part, with a prefix that ends in our folder.
    """
    return _weigh(place, prefix, services, lambda path: is_of_task(prefix, path), "in a job's folder")


def is_of_task(part: str, path: Sequence[str]) -> bool:
    """Whether a path below a part of a job is one that a task has."""
    of_tasks = {_CLAIM, *(() if part.endswith("model/") else ("state", "input", "inputs"))}
    if path[0] in of_tasks or names.is_job_name(path[0]):
        return True
    # of a project that is named as the part is
    return list(path[1:]) == [_CLAIM] or is_run_file_of_job(path)


def _weigh_own(place: TaskPlace, prefix: str, services: Services) -> tuple[int, int]:
    """The files and bytes of a folder of the task. Raises UsageError where a job of another task lies in it."""
    lock.refuse_folder_of_task(place.bucket, prefix, services.store, "deleted")
    return _weigh(place, prefix, services, is_run_file_of_job, "in a folder of this one")


def is_run_file_of_job(path: Sequence[str]) -> bool:
    """Whether a path ends as that of a job's ``run.json`` does."""
    *folders, file = path
    return file == layout.RUN_FILE and len(folders) > 1 and folders[-1] == "source" and names.is_job_name(folders[-2])


def _weigh(
    place: TaskPlace, prefix: str, services: Services, is_foreign: Callable[[list[str]], bool], where: str
) -> tuple[int, int]:
    """Count the objects under a prefix and their bytes. Raises UsageError for one whose path is another task's."""
    count = size = 0
    for one in services.store.list(place.bucket, prefix):
        if is_foreign(one.key[len(prefix) :].split("/")):
            raise UsageError(
                f"ssm rm: {layout.uri(place.bucket, one.key)} is another task's, which lies {where}: "
                "nothing was deleted."
            )
        count, size = count + 1, size + one.size
    return count, size


def remove(wanted: Wanted, found: Found, services: Services, *, still_ours: Callable[[], bool] = lambda: True) -> None:
    """Delete it: objects first, then the service's records, so that what is left after a kill can be found again.

    Holds the task's lock meanwhile, so that no job begins with half of a state, or reuses code that goes. Raises
    UsageError while a job of the task is being started or runs, if state or inputs go. ``still_ours`` is asked between
    some objects and the next: with False nothing more is deleted.
    """
    place = wanted.place
    if not services.store.has_bucket(place.bucket):
        _forget(found, services)
        return
    name = names.job_name(place.task, started=services.now(), token=services.token())
    running = lock.take(place, name, "training", services)
    try:
        if running is not None and (wanted.state or wanted.inputs):
            raise UsageError(f"ssm rm: the job {running.name} has begun meanwhile: nothing was deleted.")
        for prefix in found.prefixes:
            services.store.delete(place.bucket, (one.key for one in services.store.list(place.bucket, prefix)))
        for begin in range(0, len(found.keys), _AT_ONCE):
            if not still_ours():
                raise UsageError("ssm rm: another command has taken the study meanwhile: not all was deleted.")
            services.store.delete(place.bucket, found.keys[begin : begin + _AT_ONCE])
        _forget(found, services)
    finally:
        lock.release(place, name, services)


def _forget(found: Found, services: Services) -> None:
    for job in found.known:
        forget(job, services)


def forget(job: Job, services: Services) -> bool:
    """Delete the service's record of a job that has ended; whether it could be. boto3 before 1.42 cannot."""
    act: Callable[..., object] | None = getattr(services.sagemaker, f"delete_{job.kind}_job", None)
    if act is None:
        return False
    member = "TrainingJobName" if job.kind == "training" else "ProcessingJobName"
    try:
        act(**{member: job.name})
    except Exception as error:
        if jobs.find(job.name, job.kind, services.sagemaker) is not None or error_code(error) is None:
            raise
    return True


def short_names(found: Sequence[str]) -> str:
    """Some jobs' short names, for a question."""
    return ", ".join(names.short_name(one) for one in found)
