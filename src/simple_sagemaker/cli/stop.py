"""``ssm stop``: jobs asked to stop; their code gets SIGTERM, and what it wrote is kept. A study's search ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core import names
from ..core.records import dataclass
from ..errors import InputNotFound, UsageError
from ..jobs import catalog
from ..jobs.catalog import Listed, Query
from .chosen_job import choose, study_of_task
from .printing import ask, patiently, print_json, print_result, say

if TYPE_CHECKING:
    from ..core.job_specs import StopSpec
    from ..core.services import Services
    from ..studies.stored import StoredStudy

_WHY = "stopped by hand"


@dataclass(frozen=True, kw_only=True)
class StoppedJob:
    """A job that was asked to stop, and the status it has since; ``trial`` is its number where it is a trial's."""

    project: str
    task: str
    trial: int | None
    job: str
    status: str


def stop(spec: StopSpec, services: Services) -> int:
    """Stop the jobs that the spec chooses; return 0, or 1 if the person does not want it after all."""
    running = _chosen(spec, services)
    study = _study(spec, running, services)
    if study is not None:
        return _stop_study(spec, study, running, services)
    if not running:
        place = spec.place
        of = f"task {place.task!r} of project {place.project!r}" if place.task else f"project {place.project!r}"
        raise InputNotFound(f"No job of {of} is running: nothing was stopped.")
    if len(running) > 1 and not spec.yes:
        if not sys.stdin.isatty():
            listed = ", ".join(names.short_name(one.job.name) for one in running)
            raise UsageError(f"ssm stop: {len(running)} jobs would stop ({listed}); without a terminal, add --yes.")
        for one in running:
            say(spec, f"{one.task}  {one.job.name}  {one.job.status}")
        if not ask(f"Stop these {len(running)} jobs?"):
            say(spec, "Nothing was stopped.")
            return 1
    for one in running:
        patiently(spec, partial(_stop, one, services))
    _finish(spec, running, services)
    return 0


def _finish(spec: StopSpec, running: Sequence[Listed], services: Services) -> None:
    """Wait for the jobs' ends, if that is wanted, and print how they are."""
    if spec.wait and running:
        say(spec, "Waiting for the end: the code gets SIGTERM, and what it wrote is saved")
    stopped = [_outcome(spec, one, services) for one in running]
    if spec.json:
        print_json(stopped)
    else:
        for done in stopped:
            print_result(f"{done.status}: {done.job}")


def _study(spec: StopSpec, running: Sequence[Listed], services: Services) -> StoredStudy | None:
    """The study whose search, or whose trial, is to be stopped."""
    if spec.job is not None or not spec.place.task:
        return None
    newest = running[0] if running else None
    if newest is None:
        some = patiently(spec, lambda: catalog.newest(Query(place=spec.place), services, 1))
        newest = some[0] if some else None
    return study_of_task(spec, newest, services)


def _stop_study(spec: StopSpec, study: StoredStudy, running: Sequence[Listed], services: Services) -> int:
    """End a search and stop its trials that run, or stop the one trial that the spec names."""
    task, recorder = study.place.task, study.recorder
    alone = spec.trial is not None
    if alone:
        if study.tuning_job is None:
            recorder.read_new()
    elif study.study.ended is not None and not running:
        ended = study.study.ended
        raise InputNotFound(
            f"The search of task {task!r} has ended ({ended.status}: {ended.why}), and no trial runs: "
            "nothing was stopped."
        )
    else:
        patiently(spec, lambda: study.stop(_WHY))
    for one in running:
        patiently(spec, partial(_stop_trial, one, study, services))
    _finish(spec, running, services)
    patiently(spec, lambda: study.record_ends(partial(say, spec)))
    if not alone and not spec.json:
        print_result(f"Stopped: the search of task {task}")
    if not alone and study.tuning_job is None:
        say(spec, "The same ssm tune goes on with it")
    return 0


def _stop_trial(one: Listed, study: StoredStudy, services: Services) -> None:
    """Stop a trial's job, and write down that a person wanted it."""
    trial = study.study.trials.get(one.trial or 0) if study.tuning_job is None else None
    if trial is not None and trial.newest.name == one.job.name:
        study.recorder.stop_trial(trial, _WHY)
    else:
        _stop(one, services)  # what the study does not know: begun by another command


def _chosen(spec: StopSpec, services: Services) -> list[Listed]:
    """The running jobs that are to stop. Raises InputNotFound when the one that is named does not run."""
    if spec.job is not None or spec.trial is not None:
        return [choose(spec, services, running=True)]
    return list(patiently(spec, lambda: catalog.newest(Query(place=spec.place, chosen="running"), services)))


def _stop(one: Listed, services: Services) -> None:
    jobs.stop_unless_ended(one.job.name, one.job.kind, services.sagemaker)


def _outcome(spec: StopSpec, one: Listed, services: Services) -> StoppedJob:
    """The job as it is now; with ``wait``, as it has ended."""
    waited_s = 0.0
    while True:
        job = patiently(spec, lambda: jobs.describe(one.job.name, one.job.kind, services.sagemaker))
        if job.has_ended or not spec.wait:
            return StoppedJob(project=one.project, task=one.task, trial=one.trial, job=job.name, status=job.status)
        pause_s = services.pace(waited_s)
        waited_s += pause_s
        time.sleep(pause_s)
