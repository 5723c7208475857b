"""Deleting a study and its trials, or one of these: what the study itself, or a job's tags, say is theirs, and no more.

The study goes last: a removal that was killed can be repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..core import layout, names
from ..core.layout import TaskPlace
from ..core.records import replace
from ..core.specs import Place
from ..errors import SsmError, UsageError
from ..jobs import catalog, find_job
from ..tasks import removal
from ..tasks.removal import Found, Wanted
from . import service_driver
from .driver_lock import DriverLock
from .journal import Journal
from .trial_objects import TrialObjects

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.services import Services

_OWN = re.compile(r"(?:study|best|driver)\.json|events/\d{6,}\.json")
_NOTHING = Found(jobs=(), known=(), prefixes=(), state_files=0, input_files=0, files=0, size=0)
_CODE = ("source/", "model/")  # of the study, as of a job
_LAST = ("best.json", "study.json", "driver.json")  # in this order


def find(wanted: Wanted, services: Services, *, driver: DriverLock | None = None) -> Found:
    """What there is of it, as ``tasks.removal.find``; of a task that has a study, the study and its trials.

    Raises UsageError too while the study is driven, unless it is by ``driver``; InputNotFound for a trial that is not
    there.
    """
    own = {} if wanted.job is not None else _own_files(wanted.place, services)
    of_task = _NOTHING if wanted.trial is not None else removal.find(wanted, services)
    if wanted.job is not None or (not own and (of_task.jobs or of_task.files)):
        return of_task
    theirs = _jobs_of_study(wanted.place, services)  # also where the study itself is gone: a removal was killed
    if not own and not theirs and wanted.trial is None:
        return of_task
    is_whole = wanted.before is None and wanted.trial is None
    if wanted.before is not None and wanted.state:
        raise UsageError.naming("{state}: the state of a trial goes with its study, or with {trial}; drop {older}.")
    _refuse_driven(wanted.place, services, driver)
    if wanted.trial is not None and wanted.trial not in {number for number, _ in theirs.values()}:
        raise find_job.no_trial(wanted.trial, wanted.place.task, {number for number, _ in theirs.values()})
    chosen = {name: job for name, (number, job) in theirs.items() if _is_chosen(wanted, name, number, job)}
    known = [job for job in chosen.values() if job is not None]
    _refuse_running(known, wanted, services)
    trials = TrialObjects(wanted.place, {name: number for name, (number, _) in theirs.items()}, services)
    keys = {key: size for name in chosen for key, size in trials.jobs.get(name, {}).items()}
    states = trials.states_of(None if is_whole else wanted.trial) if is_whole or wanted.state else {}
    every = {**keys, **states, **(own if is_whole else {})}
    return replace(
        of_task,
        jobs=tuple(sorted({*of_task.jobs, *(name for name, job in chosen.items() if job or name in trials.jobs)})),
        known=(*of_task.known, *(job for job in known if job.has_ended)),
        keys=tuple(every),
        state_files=of_task.state_files + len(states),
        files=of_task.files + len(every),
        size=of_task.size + sum(every.values()),
        has_study=is_whole and bool(own),
    )


def remove(wanted: Wanted, found: Found, services: Services) -> None:
    """Delete it, as ``tasks.removal.remove``. Nobody can drive the study meanwhile."""
    if not found.keys:
        removal.remove(wanted, found, services)
        return
    driver = DriverLock(wanted.place, services)
    if not driver.take():
        raise _driven(wanted.place, driver.whose(), services)
    try:
        tuning_job = _begun(wanted.place, services).get("tuning_job") if found.has_study else None
        removal.remove(wanted, find(wanted, services, driver=driver), services, still_ours=driver.take)
        if tuning_job is not None:
            service_driver.forget_tuning_job(str(tuning_job), services)
    finally:
        driver.release()


def _own_files(place: TaskPlace, services: Services) -> dict[str, int]:
    """The objects of a study itself, with their sizes, in the order in which they are deleted."""
    if not services.store.has_bucket(place.bucket) or layout.STUDY not in services.store.folders(
        place.bucket, place.folder
    ):
        return {}
    objects = {one.key[len(place.study) :]: one.size for one in services.store.list(place.bucket, place.study)}
    plain = [name for name in objects if _OWN.fullmatch(name)]
    if not plain:
        return {}
    for part in _CODE:
        removal.weigh_part(place, f"{place.study}{part}", services)  # which refuses another task's
    code = [name for name in objects if name.startswith(_CODE)]
    ordered = [*(name for name in plain if name not in _LAST), *code, *(name for name in _LAST if name in objects)]
    return {f"{place.study}{name}": objects[name] for name in ordered}


def _refuse_driven(place: TaskPlace, services: Services, ours: DriverLock | None) -> None:
    holder = None if ours is not None else DriverLock(place, services).holder()
    if holder is not None:
        raise _driven(place, holder, services)
    name = _begun(place, services).get("tuning_job")
    described = service_driver.describe_tuning_job(str(name), services) if name is not None else None
    if described is not None and described["HyperParameterTuningJobStatus"] in {"InProgress", "Stopping"}:
        raise _driven(place, f"the tuning job {name}", services)


def _driven(place: TaskPlace, holder: str, services: Services) -> UsageError:
    return UsageError(
        f"ssm rm: {holder} drives the study of task {place.task!r}: nothing was deleted.\n"
        f"Stop it first: ssm stop -p {place.project} -t {place.task}{services.typed_engine}"
    )


def _begun(place: TaskPlace, services: Services) -> dict[str, Any]:
    """What the study was begun with; nothing where that is damaged, since it can be deleted all the same."""
    try:
        values = json.loads(services.store.read(place.bucket, f"{place.study}study.json"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _jobs_of_study(place: TaskPlace, services: Services) -> dict[str, tuple[int, Job | None]]:
    """The jobs of the trials by name, each with its trial's number and as the service knows it, if it does."""
    theirs: dict[str, tuple[int, Job | None]] = {name: (number, None) for number, name in _written(place, services)}
    where = Place(project=place.project, task=place.task, bucket=place.bucket, prefix=place.prefix)
    for one in catalog.newest(catalog.Query(place=where), services):
        number = one.trial
        if number is not None and one.place in {place.trial(number), replace(place, task=f"{place.task}/trials")}:
            theirs[one.job.name] = (number, None if one.job.status == "Deleting" else one.job)
    return theirs


def _written(place: TaskPlace, services: Services) -> Iterator[tuple[int, str]]:
    """The trials' numbers and jobs of the study's events, as far as these can be read."""
    journal = Journal(place, services.store)
    try:
        events = journal.load()
    except SsmError:
        events = journal.load_readable()
    for event in events:
        number, job = event.get("trial"), event.get("job")
        if event["kind"] == "start" and isinstance(number, int) and isinstance(job, str) and names.is_job_name(job):
            yield number, job


def _is_chosen(wanted: Wanted, name: str, number: int, job: Job | None) -> bool:
    if wanted.trial is not None and number != wanted.trial:
        return False
    return wanted.before is None or _began_before(wanted.before, name, job)


def _began_before(moment: datetime, name: str, job: Job | None) -> bool:
    if job is not None:
        return job.has_ended and job.created < moment
    return names.is_job_name(name) and names.start_stamp(name) < names.stamp(moment)


def _refuse_running(known: Sequence[Job], wanted: Wanted, services: Services) -> None:
    running = next((job for job in known if not job.has_ended), None)
    if running is not None:
        trial = f" --trial {wanted.trial} --wait" if wanted.trial is not None else " --wait"
        raise UsageError(
            f"ssm rm: the job {running.name} is running: nothing was deleted.\n"
            f"Stop it first: ssm stop -p {wanted.place.project} -t {wanted.place.task}{trial}{services.typed_engine}"
        )
