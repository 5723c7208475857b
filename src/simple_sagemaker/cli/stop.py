"""``ssm stop``: jobs asked to stop; their code gets SIGTERM, and what it wrote is kept."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core import names
from ..core.aws_api import error_code
from ..core.records import dataclass
from ..errors import InputNotFound, UsageError
from ..jobs import catalog, find_job
from ..jobs.catalog import Listed, Query
from .printing import ask, patiently, print_json, print_result, say

if TYPE_CHECKING:
    from ..core.job_specs import StopSpec
    from ..core.services import Services


@dataclass(frozen=True, kw_only=True)
class StoppedJob:
    """A job that was asked to stop, and the status it has since."""

    project: str
    task: str
    job: str
    status: str


def stop(spec: StopSpec, services: Services) -> int:
    """Stop the jobs that the spec chooses; return 0, or 1 if the person does not want it after all."""
    running = _chosen(spec, services)
    if len(running) > 1 and not spec.yes:
        if not sys.stdin.isatty():
            listed = ", ".join(names.short_name(one.job.name) for one in running)
            raise UsageError(f"ssm stop: {len(running)} jobs would stop ({listed}); without a terminal, --yes does it.")
        for one in running:
            say(spec, f"{one.task}  {one.job.name}  {one.job.status}")
        if not ask(f"Stop these {len(running)} jobs?"):
            say(spec, "Nothing was stopped.")
            return 1
    for one in running:
        patiently(spec, partial(_stop, one, services))
    if spec.wait:
        say(spec, "Waiting for the end: the code gets SIGTERM, and what it wrote is saved")
    stopped = [_outcome(spec, one, services) for one in running]
    if spec.json:
        print_json(stopped)
    else:
        for done in stopped:
            print_result(f"{done.status}: {done.job}")
    return 0


def _chosen(spec: StopSpec, services: Services) -> list[Listed]:
    """The running jobs that are to stop; at least one. Raises InputNotFound when none runs."""
    if spec.job is not None:
        return [patiently(spec, lambda: find_job.resolve(spec.place, spec.job, services, running=True))]
    running = patiently(spec, lambda: catalog.newest(Query(place=spec.place, chosen="running"), services))
    if not running:
        place = spec.place
        of = f"task {place.task!r} of project {place.project!r}" if place.task else f"project {place.project!r}"
        raise InputNotFound(f"No job of {of} is running: nothing was stopped.")
    return list(running)


def _stop(one: Listed, services: Services) -> None:
    """Ask a job to stop, unless it has ended or is stopping already."""
    try:
        jobs.stop(one.job.name, one.job.kind, services.sagemaker)
    except Exception as error:
        if error_code(error) != "ValidationException":
            raise
        if jobs.describe(one.job.name, one.job.kind, services.sagemaker).status == "InProgress":
            raise


def _outcome(spec: StopSpec, one: Listed, services: Services) -> StoppedJob:
    """The job as it is now; with ``wait``, as it has ended."""
    waited_s = 0.0
    while True:
        job = patiently(spec, lambda: jobs.describe(one.job.name, one.job.kind, services.sagemaker))
        if job.has_ended or not spec.wait:
            return StoppedJob(project=one.project, task=one.task, job=job.name, status=job.status)
        pause_s = services.pace(waited_s)
        waited_s += pause_s
        time.sleep(pause_s)
