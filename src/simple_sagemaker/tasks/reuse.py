"""Whether an existing job makes a new one needless: one in progress is joined, a completed one is skipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ..errors import UsageError
from . import history
from .differences import Difference, differences, unseen_channels
from .prepared import ExistingJob
from .submission import Submission

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.specs import Rerun
    from .code.files import CodeFiles


Decision = Literal["run", "joined", "skipped"]


def decide(rerun: Rerun, newest: Job, *, has_changed: bool) -> Decision:
    """What becomes of a task whose newest job is this one."""
    if rerun.force_running:
        return "run"
    if not newest.has_ended:
        return "joined"
    if newest.status != "Completed" or rerun.clean_state or (rerun.if_changed and has_changed):
        return "run"
    return "skipped"


def find_reusable(
    submission: Submission, code: CodeFiles, fingerprint: dict[str, str], *, bucket_exists: bool
) -> ExistingJob | None:
    """The task's newest job, where it makes a new one needless: it runs, or it is completed and nothing forces."""
    rerun, place, services = submission.spec.rerun, submission.place, submission.services
    newest = None
    if bucket_exists and not rerun.force_running:
        newest = history.newest(place, services, likely=submission.kind, refuse_study=True)
    if newest is None:
        return None
    is_running = not newest.has_ended
    if is_running and rerun.clean_state:
        raise UsageError.naming(
            "{clean_state}: the job {job} of this task is in progress and writes the state.\n"
            "Wait for its end, or stop it.",
            job=newest.name,
        )
    if decide(rerun, newest, has_changed=False) == "run":
        return None
    # inputs are looked at (and so listed) only where that decides
    looks = rerun.if_changed and not is_running
    now = {**fingerprint, "inputs": submission.plan.fingerprint} if looks else fingerprint
    changed = differences(submission, newest, now, code)
    if decide(rerun, newest, has_changed=bool(changed)) == "run":
        submission.note_once(f"Running again: since {newest.name} changed: {_list(changed)}")
        return None
    if is_running:
        warning = f"; what this run asks for differs in: {_list(changed)} (--force_running starts it anyway)"
        submission.note(f"Joining {newest.name}, which is in progress{warning if changed else ''}")
    else:
        submission.note(f"Skipped: the task was completed by {newest.name}")
    unseen = () if looks or is_running else unseen_channels(submission.spec)
    return ExistingJob(job=newest, place=place, differences=changed, unseen=unseen)


def _list(changed: Sequence[Difference]) -> str:
    return ", ".join(map(str, changed))
