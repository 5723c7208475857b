"""``ssm attach``: what ``ssm run`` shows of a job, for one that is found by its name."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from ..core.layout import TaskPlace
from ..jobs import display, find_job
from ..tasks.run import Run
from .chosen_job import choose
from .run import end_as_it_does, naming, raise_terminated

if TYPE_CHECKING:
    from ..core.job_specs import AttachSpec
    from ..core.services import Services


def attach(spec: AttachSpec, services: Services) -> int:
    """Follow the job to its end and bring its results; return 0. Raises JobFailed, JobStopped or Detached."""
    signal.signal(signal.SIGTERM, raise_terminated)
    if spec.download.path is not None:
        from ..jobs.result_parts import check_all_ours

        check_all_ours(spec.download)
    listed = choose(spec, services, prefer_running=True)
    if spec.download.path is not None:
        find_job.check_bucket(listed, spec.place.bucket_owner, services)
    place = listed.place or TaskPlace(bucket="", project=listed.project, task=listed.task)
    job_run = Run(listed.job.name, place, services, kind=listed.job.kind, download=spec.download)
    with display.screen(listed.job.hosts) as screen:
        named = naming(spec.place, project=listed.project, task=listed.task)
        end_as_it_does(job_run, screen, named)
    return 0
