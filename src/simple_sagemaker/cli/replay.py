"""``ssm replay``: an earlier job's request again, for a new job."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

from ..jobs import find_job
from ..tasks import replay as replays
from ..tasks.prepared import DryRun
from . import screens
from .printing import patiently
from .run import end_as_it_does, leave, naming, raise_terminated

if TYPE_CHECKING:
    from ..core.job_specs import ReplaySpec
    from ..core.services import Services
    from ..core.specs import Shows


def replay(spec: ReplaySpec, services: Services) -> int:
    """Run the job's request again and follow it; return 0. Raises JobFailed, JobStopped or Detached."""
    signal.signal(signal.SIGTERM, raise_terminated)
    if spec.download.path is not None:
        from ..jobs.result_parts import check_all_ours

        check_all_ours(spec.download)
    listed = patiently(spec, lambda: find_job.resolve(spec.place, spec.job, services))
    find_job.check_bucket(listed, spec.place.bucket_owner, services)
    named = naming(spec.place, project=listed.project, task=listed.task)
    shows: Shows = "events" if spec.json else "lines" if spec.quiet else "everything"
    with screens.screen_of(shows, spec.instance_count or listed.job.hosts, services) as screen:
        job_run = replays.prepare(listed, spec, services, screen)
        if isinstance(job_run, DryRun):
            with screen.pause():
                print(json.dumps(job_run.request, indent=2, default=str))
            for note in (*job_run.notes, "Dry run: nothing was made, sent or started"):
                screen.note(note)
            return 0
        if not spec.wait:
            leave(job_run, screen, named)
            return 0
        end_as_it_does(job_run, screen, named)
    return 0
