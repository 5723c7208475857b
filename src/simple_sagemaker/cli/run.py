"""``ssm run`` and ``ssm shell``: a task started, followed to its end, its results brought, its end told."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from typing import TYPE_CHECKING

from ..core import aws_console as console
from ..core.aws_errors import in_our_words
from ..core.job import stop
from ..errors import Detached, SsmError
from ..jobs import cost as costs
from ..jobs import display as show
from ..jobs import follow
from ..jobs import outcome as ending
from ..jobs.display import Screen
from ..tasks import history
from ..tasks import lock as claim
from ..tasks import submit as task
from ..tasks.submit import Found, Planned, Prepared

if TYPE_CHECKING:
    from ..core.services import Services
    from ..core.specs import Spec
    from ..jobs.follow import JobResult

_QUESTION = "\nThe job goes on. Stop it, detach and leave it running, or continue watching? [s/d/c] "


class Terminated(KeyboardInterrupt):
    """SIGTERM came: like Ctrl-C, but there is nobody to ask."""


def _terminated(*_: object) -> None:
    raise Terminated


def run(spec: Spec, at_hand: Services) -> int:
    """Run the task to its end; gives 0. Raises JobFailed, JobStopped or Detached for other ends.

    A dry run prints the request; without waiting, the name of the job is printed once it is started.
    """
    signal.signal(signal.SIGTERM, _terminated)
    if spec.download.path is not None:
        from ..jobs.result_parts import check_all_ours

        check_all_ours(spec.download)
    with show.screen(spec.instances.count) as screen:
        job = task.prepare(spec, at_hand, screen)
        if isinstance(job, Planned) or spec.dry_run:
            return _planned(job, screen)
        if not spec.wait:
            return _left(job, at_hand, screen)
        ended = _followed(job, at_hand, screen)
        where, trouble = _brought(spec, ended, at_hand, screen)
        watched = isinstance(job, Prepared) or job.runs
        took = costs.told(ended.described, at_hand) if watched else ""
    _tell(ended, [line for line in (took, where) if line])
    if trouble:
        raise trouble
    return 0


def _planned(job: Prepared | Found | Planned, screen: Screen) -> int:
    """Say what a dry run found; nothing was changed."""
    if isinstance(job, Planned):
        for note in job.notes:
            screen.note(note)
        print(json.dumps(job.request, indent=2))
    screen.note("Dry run: nothing was made, sent or started")
    return 0


def _left(job: Prepared | Found, at_hand: Services, screen: Screen) -> int:
    """Start the job if it is new, and leave it to itself; its name is all that is printed."""
    if isinstance(job, Prepared):
        task.launch(job, at_hand)
    print(job.job)
    if isinstance(job, Prepared) or job.runs:
        screen.note(_how_to_see(job, at_hand))
    return 0


def _brought(spec: Spec, ended: JobResult, at_hand: Services, screen: Screen) -> tuple[str, SsmError | None]:
    """Bring the results that were asked for: where they are, or why they are not there."""
    if spec.download.path is None:
        return _how_to_bring(spec, ended), None
    from ..jobs import results

    try:
        brought = results.bring(spec.download, ended.described, at_hand, screen)
    except SsmError as error:
        return "" if ended.status == "Completed" else str(error), error
    folder = spec.download.path
    return f"Results: {folder}/ ({', '.join(brought)})\nNext: cat {folder / 'logs' / 'logs0'}", None


def _followed(job: Prepared | Found, at_hand: Services, screen: Screen) -> JobResult:
    """Start the job if it is new, and watch it; Ctrl-C asks what to do with it, a second one while asked detaches."""
    if isinstance(job, Found) and not job.runs:
        return follow.result(job.place, job.described)
    started = isinstance(job, Found)
    follower = follow.Follower(job.job, job.place, at_hand, screen, kind=job.kind)
    while True:
        try:
            if not started and isinstance(job, Prepared):
                task.launch(job, at_hand)
                started = True
                screen.note(f"Job {job.job}")
            with in_our_words(region=at_hand.region, job=job.job):
                return follower.to_the_end()
        except KeyboardInterrupt as interruption:
            if not started and history.describe(job.job, job.kind, at_hand.sagemaker) is None:
                claim.give_up(job.place, job.job, at_hand)
                raise
            started = True
            _decide(job, at_hand, screen, ask=not isinstance(interruption, Terminated))


def _decide(job: Prepared | Found, at_hand: Services, screen: Screen, *, ask: bool) -> None:
    """Do with a running job what the person says; without a person at the keyboard, leave it running and say so."""
    answer = _asked(screen) if ask and sys.stdin.isatty() else "d"
    if answer == "d":
        raise Detached(f"Detached: the job {job.job} goes on.\n{_how_to_see(job, at_hand)}")
    if answer == "s":
        stop(job.job, job.kind, at_hand.sagemaker)
        screen.note("Stopping: the code gets SIGTERM, and what it wrote is saved")


def _asked(screen: Screen) -> str:
    """What the person wants: s, d or c. A second Ctrl-C, or the end of input, is d."""
    with screen.paused():
        while True:
            print(_QUESTION, end="", file=sys.stderr, flush=True)
            try:
                line = sys.stdin.readline()
            except KeyboardInterrupt:
                return "d"
            answer = line.strip().lower()[:1] if line else "d"
            if answer in {"s", "d", "c"}:
                return answer


def _how_to_see(job: Prepared | Found, at_hand: Services) -> str:
    if at_hand.jobs:
        folder = at_hand.jobs / job.job
        return f"The same command joins it.\nIts log: tail -f {folder}/logs/*\nTo stop it: touch {folder}/stop"
    page = console.training_job if job.kind == "training" else console.processing_job
    return f"The same command joins it.\nIn the console: {page(job.job, region=at_hand.region)}"


def _tell(ended: JobResult, more: list[str]) -> None:
    """Say how it ended, and ``more``: what it took, where the results are. Raises JobFailed and JobStopped."""
    ending.check(ended, *more)
    print(f"Completed{ending.took(ended)}: {ended.job}", *more, sep="\n", file=sys.stderr, flush=True)


def _how_to_bring(spec: Spec, ended: JobResult) -> str:
    """The command that brings the results, ready to be pasted."""
    place = spec.place
    words = ["ssm", "data", "-p", place.project, "-t", place.task]
    words += ["--bucket_name", place.bucket] if place.bucket else []
    words += ["--bucket_owner", place.bucket_owner] if place.bucket_owner else []
    words += ["--prefix", place.prefix] if place.prefix else []
    words += ["--data_store", place.data_store] if place.data_store else []
    words += ["--job", ended.job] if ended.status != "Completed" else []
    engine = "SSM_ENGINE=local " if spec.instances.type in {"local", "local_gpu"} else ""
    return f"Its logs and results: {engine}{shlex.join(words)} -o FOLDER"
