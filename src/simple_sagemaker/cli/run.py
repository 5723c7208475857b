"""``ssm run`` and ``ssm shell``: a task started, followed to its end, its results brought, its end told."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from .. import claim, follow, history, task
from ..errors import Detached, JobFailed, JobStopped, SsmError
from ..task import Found, Prepared
from . import show
from .show import Screen

if TYPE_CHECKING:
    from ..bundle import Services
    from ..follow import JobResult
    from ..specs import TaskSpec

_QUESTION = "\nThe job goes on. Stop it, detach and leave it running, or continue watching? [s/d/c] "


class Terminated(KeyboardInterrupt):
    """SIGTERM came: like Ctrl-C, but there is nobody to ask."""


def _terminated(*_: object) -> None:
    raise Terminated


def run(spec: TaskSpec, at_hand: Services) -> int:
    """Run the task to its end; gives 0. Raises JobFailed, JobStopped or Detached for other ends."""
    signal.signal(signal.SIGTERM, _terminated)
    with show.screen(spec.instances.count) as screen:
        job = task.prepare(spec, at_hand, screen)
        ended = _followed(job, at_hand, screen)
        where, trouble = _brought(spec, ended, at_hand)
    _tell(spec, ended, where)
    if trouble:
        raise trouble
    return 0


def _brought(spec: TaskSpec, ended: JobResult, at_hand: Services) -> tuple[str, SsmError | None]:
    """Bring the results that were asked for: where they are, or why they are not there."""
    if spec.download.path is None:
        return _how_to_bring(spec, ended), None
    from .. import results

    try:
        parts = results.bring(spec.download, ended.described, at_hand)
    except SsmError as error:
        return str(error), error
    folder = spec.download.path
    return f"Results: {folder}/ ({', '.join(parts)})\nNext: cat {folder / 'logs' / 'logs0'}", None


def _followed(job: Prepared | Found, at_hand: Services, screen: Screen) -> JobResult:
    """Start the job if it is new, and watch it; Ctrl-C asks what to do with it, a second one while asked detaches."""
    if isinstance(job, Found) and not job.runs:
        return follow.result(job.job, job.place, job.described)
    started = isinstance(job, Found)
    while True:
        try:
            if not started and isinstance(job, Prepared):
                task.launch(job, at_hand)
                started = True
                screen.note(f"Job {job.job}")
            return follow.follow(job.job, job.place, at_hand, screen)
        except KeyboardInterrupt as interruption:
            if not started and history.describe(job.job, at_hand.sagemaker) is None:
                claim.give_up(job.place, job.job, at_hand)
                raise
            started = True
            _decide(job.job, at_hand, screen, ask=not isinstance(interruption, Terminated))


def _decide(job: str, at_hand: Services, screen: Screen, *, ask: bool) -> None:
    """Do with a running job what the person says; without a person at the keyboard, leave it running and say so."""
    answer = "d"
    if ask and sys.stdin.isatty():
        with screen.paused():
            print(_QUESTION, end="", file=sys.stderr, flush=True)
            try:
                answer = sys.stdin.readline().strip().lower()[:1] or "c"
            except KeyboardInterrupt:
                answer = "d"
    if answer == "d":
        raise Detached(f"Detached: the job {job} goes on.\n{_how_to_see(job, at_hand)}")
    if answer == "s":
        at_hand.sagemaker.stop_training_job(TrainingJobName=job)
        screen.note("Stopping: the code gets SIGTERM, and what it wrote is saved")


def _how_to_see(job: str, at_hand: Services) -> str:
    if at_hand.jobs:
        folder = at_hand.jobs / job
        return f"The same command joins it.\nIts log: tail -f {folder}/logs/*\nTo stop it: touch {folder}/stop"
    return "The same command joins it; it is in the SageMaker console too."


def _tell(spec: TaskSpec, ended: JobResult, where: str) -> None:
    """Say how it ended, ``where`` the results are and what to type next. Raises JobFailed and JobStopped."""
    took = f" after {ended.seconds} s" if ended.seconds else ""
    if ended.status == "Completed":
        print(f"Completed{took}: {ended.job}\n{where}", file=sys.stderr, flush=True)
    elif ended.status == "Failed":
        raise JobFailed(f"Failed{took}: {ended.job}\n{ended.reason or 'no reason was given'}\n{where}")
    else:
        raise JobStopped(f"Stopped{took}: {ended.job} ({_why_stopped(spec, ended)})\n{where}")


def _why_stopped(spec: TaskSpec, ended: JobResult) -> str:
    if ended.secondary == "MaxRuntimeExceeded":
        return f"it ran longer than --max_run_mins {spec.instances.max_run_mins}"
    if ended.secondary == "MaxWaitTimeExceeded":
        return f"it waited longer than --max_wait_mins {spec.instances.wait_mins}"
    return "asked to stop"


def _how_to_bring(spec: TaskSpec, ended: JobResult) -> str:
    place, named = spec.place, f" --job {ended.job}" if ended.status != "Completed" else ""
    where = f" --bucket_name {place.bucket}" * bool(place.bucket) + f" --prefix {place.prefix}" * bool(place.prefix)
    return f"Its logs and results: ssm data -p {place.project} -t {place.task}{where}{named} -o FOLDER"
