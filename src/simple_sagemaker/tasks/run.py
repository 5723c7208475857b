"""The life of a run: prepare, launch, follow, what an interruption does, bring the results, give up.

In: a spec, the services, and a display of the progress. Out: a job that has ended, with its results brought. The
command line and Python both live by it, and add only what they ask and print.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core.aws_errors import translate_errors
from ..core.job import Job, JobKind
from ..core.layout import TaskPlace
from ..core.progress import Watcher
from ..core.specs import Download, Spec
from ..jobs import follow, logs
from ..jobs.follow import Follower, JobResult
from . import submit
from .prepared import DryRun, ExistingJob, PreparedJob

if TYPE_CHECKING:
    from ..core.services import Services
    from .differences import Difference
    from .submission import Request


class Run:
    """A run of a task: a job that was prepared, joined, or found completed. Not for several threads at once.

    ``has_job`` is whether SageMaker has the job. ``is_skipped`` is whether it had completed before the run, and
    ``differences`` are between what it, or a job that was joined, was made from and what was asked for this time.
    ``unseen`` are the channels of which a skip did not look at what they hold.
    """

    def __init__(
        self,
        name: str,
        place: TaskPlace,
        services: Services,
        *,
        kind: JobKind,
        download: Download,
        prepared: PreparedJob | None = None,
        ended: Job | None = None,
        differences: tuple[Difference, ...] = (),
        unseen: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.place = place
        self.services = services
        self.kind: JobKind = kind
        self.download = download
        self.differences = differences
        self.unseen = unseen
        self.is_skipped = ended is not None
        self.has_job = prepared is None
        self._prepared = prepared
        self._ended = ended
        self._follower: Follower | None = None

    @property
    def is_running(self) -> bool:
        """Whether the job had yet to end when the run began."""
        return not self.is_skipped

    def launch(self, watcher: Watcher) -> None:
        """Start the job, unless it exists; shows its name.

        Interrupted, it finds out whether SageMaker got the request: ``has_job`` then says so, and without a job the
        lock on the task is released. The KeyboardInterrupt goes on to the caller.
        """
        if self.has_job or self._prepared is None:
            return
        from . import lock, send

        try:
            send.launch(self._prepared, self.services)
        except KeyboardInterrupt:
            if jobs.find(self.name, self.kind, self.services.sagemaker) is None:
                lock.release(self.place, self.name, self.services)
            else:
                self.has_job = True
            raise
        self.has_job = True
        watcher.note(f"Job {self.name}")
        self._note_price(self._prepared.request, watcher)
        if self.services.python:
            watcher.note(
                f"On this machine {self.services.python} runs the code, not the image {self._prepared.image_name} "
                "(SSM_PYTHON=PATH for another Python, SSM_ENGINE=docker for the image)"
            )

    def _note_price(self, request: Request, watcher: Watcher) -> None:
        if self.services.engine == "aws":
            from ..jobs import cost

            if line := cost.forecast(request, self.kind, self.services):
                watcher.note(line)

    def follow(self, watcher: Watcher, on_events: Callable[[str, list[logs.Event]], None] | None = None) -> JobResult:
        """Launch the job if need be and follow it to its end, however it ends.

        ``on_events`` gets its lines with their times, in the watcher's place.

        After a KeyboardInterrupt it can be called again and goes on where it was, if ``has_job``. Raises Detached when
        AWS does not answer for long.
        """
        self.launch(watcher)
        if self._ended is not None:
            return follow.result(self._ended)
        if self._follower is None:
            self._follower = Follower(
                self.name,
                self.services,
                watcher,
                kind=self.kind,
                joined=self._prepared is None,
                on_events=on_events,
            )
        with translate_errors(region=self.services.region, job=self.name):
            return self._follower.follow()

    def describe(self) -> Job:
        """The job as the service describes it now; once it has ended, following it asks no more."""
        job = jobs.describe(self.name, self.kind, self.services.sagemaker)
        if job.has_ended:
            self._ended = job
        return job

    def stop(self) -> None:
        """Ask the job to stop: its code gets SIGTERM, and what it wrote is kept."""
        jobs.stop(self.name, self.kind, self.services.sagemaker)

    def bring(self, result: JobResult, watcher: Watcher) -> list[str]:
        """Bring the results that the spec asks for; return the names of the parts brought.

        Raises SsmError when a part cannot be brought, after all others have been.
        """
        if self.download.path is None:
            return []
        from ..jobs import results

        return results.download(self.download, result.described, self.services, watcher)

    def cost_line(self, result: JobResult) -> str:
        """What the job took and cost, in a line; empty for a job that this run neither started nor followed."""
        if self.is_skipped:
            return ""
        from ..jobs import cost

        return cost.describe(result.described, self.services)


def prepare(spec: Spec, services: Services, watcher: Watcher) -> Run | DryRun:
    """Prepare a run of a task, up to the call that starts its job; for a dry run of a new job, what would be done.

    Raises what ``submit.prepare`` raises, and UsageError for a download folder that is not ours to replace.
    """
    if spec.download.path is not None:
        from ..jobs.result_parts import check_all_ours

        check_all_ours(spec.download)
    prepared = submit.prepare(spec, services, watcher)
    if isinstance(prepared, DryRun):
        return prepared
    new = prepared if isinstance(prepared, PreparedJob) else None
    ended = prepared.job if isinstance(prepared, ExistingJob) and not prepared.is_running else None
    return Run(
        prepared.name,
        prepared.place,
        services,
        kind=prepared.kind,
        download=spec.download,
        prepared=new,
        ended=ended,
        differences=prepared.differences if isinstance(prepared, ExistingJob) else (),
        unseen=prepared.unseen if isinstance(prepared, ExistingJob) else (),
    )
