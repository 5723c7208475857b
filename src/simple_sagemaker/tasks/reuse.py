"""Whether an existing job makes a new one needless: one in progress is joined, a completed one is skipped."""

from __future__ import annotations

from ..errors import UsageError
from . import history
from .prepared import ExistingJob
from .submission import Submission


def find_reusable(submission: Submission, fingerprint: dict[str, str], *, bucket_exists: bool) -> ExistingJob | None:
    """The task's newest job, where it makes a new one needless: it runs, or it is completed and nothing forces."""
    rerun, place, services = submission.spec.rerun, submission.place, submission.services
    newest = None
    if bucket_exists and not rerun.force_running:
        newest = history.newest(place, services, likely=submission.kind)
    if newest is None:
        return None
    existing = ExistingJob(job=newest, place=place)
    if existing.is_running and rerun.clean_state:
        raise UsageError.naming(
            "{clean_state}: the job {job} of this task is in progress and writes the state.\n"
            "Wait for its end, or stop it.",
            job=existing.name,
        )
    if existing.is_running:
        changed = ", ".join(_differences(submission, existing.name, fingerprint))
        warning = f"; what this run asks for differs in: {changed} (--force_running starts it anyway)"
        submission.note(f"Joining {existing.name}, which is in progress{warning if changed else ''}")
        return existing
    if newest.status != "Completed" or rerun.clean_state:
        return None
    return None if _has_changed(submission, existing.name, fingerprint) else existing


def _has_changed(submission: Submission, job: str, fingerprint: dict[str, str]) -> bool:
    """Whether the completed job must be run again for what changed since; shows a line with what did.

    Inputs are looked at (and so listed) only for ``--if_changed``.
    """
    if_changed = submission.spec.rerun.if_changed
    now = {**fingerprint, "inputs": submission.plan.fingerprint} if if_changed else fingerprint
    changed = ", ".join(_differences(submission, job, now))
    if changed and if_changed:
        submission.note_once(f"Running again: since {job} changed: {changed}")
        return True
    warning = f"; since then changed: {changed} (--if_changed would run it again)" if changed else ""
    submission.note(f"Skipped: the task was completed by {job}{warning}")
    return False


def _differences(submission: Submission, job: str, now: dict[str, str]) -> list[str]:
    """The names of what a job was made from and what is different now."""
    before = history.run_file(submission.place, job, submission.services.store, submission.note_once).get(
        "fingerprint", {}
    )
    return [name for name, digest in now.items() if before.get(name) != digest]
