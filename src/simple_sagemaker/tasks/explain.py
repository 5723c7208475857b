"""Whether a task would be run, joined or skipped, and what differs from its newest job; nothing is made or sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.records import dataclass
from . import engine_limits, history, reuse, submit
from .code import read
from .code.fingerprint import fingerprint
from .differences import Difference, differences
from .setup import Change, changed_variables, changes, setup_of_job, setup_of_spec, tags_named, tags_of_spec

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.progress import Watcher
    from ..core.services import Services
    from ..core.specs import Spec
    from ..images.docker.dockerfile import Dockerfile
    from .reuse import Decision
    from .submission import Submission


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What a command would do, and why.

    ``job`` is the task's newest job, None where it has none, and ``status`` that job's. ``differences`` are what
    ``--if_changed`` runs a task again for; ``others`` differ as well, and change nothing about the decision.
    """

    decision: Decision
    reason: str
    job: str | None = None
    status: str | None = None
    differences: tuple[Change, ...] = ()
    others: tuple[Change, ...] = ()


def explain(spec: Spec, services: Services, watcher: Watcher) -> Explanation:
    """Explain what running a task would do. Raises what ``submit.prepare`` raises for a task that cannot be run."""
    submission, dockerfile = submit.begin(spec, services, watcher)
    return read.retry_when_changed(lambda: _explain(submission, dockerfile), watcher.note)


def _explain(submission: Submission, dockerfile: Dockerfile | None) -> Explanation:
    spec, services = submission.spec, submission.services
    with read.read_code(spec, services.store) as code:
        engine_limits.check_code(spec, code.files.interpreters, services)
        place = submission.place
        newest = history.newest(place, services, likely=submission.kind) if submission.bucket_exists else None
        if newest is None:
            return Explanation(decision="run", reason="the task has no job yet")
        made = fingerprint(spec, code.files, dockerfile.content if dockerfile else None)
        now = {**made, "inputs": submission.plan.fingerprint}
        found = differences(submission, newest, now, code.files)
    decision = reuse.decide(spec.rerun, newest, has_changed=bool(found))
    return Explanation(
        decision=decision,
        reason=_reason(spec, newest, decision, found),
        job=newest.name,
        status=newest.status,
        differences=tuple(one for difference in found for one in _named(difference, newest, spec)),
        others=tuple(_others(spec, newest, services)),
    )


def _reason(spec: Spec, newest: Job, decision: Decision, found: tuple[Difference, ...]) -> str:
    rerun = spec.rerun
    if decision == "joined":
        return "its newest job is in progress"
    if decision == "skipped":
        ways = "nothing differs" if not found else "--if_changed would run it, since something differs"
        return f"its newest job completed; {ways}"
    if rerun.force_running:
        return "--force_running runs it in any case"
    if newest.status != "Completed":
        return f"its newest job {newest.status.lower()}"
    return "--clean_state runs it again" if rerun.clean_state else "--if_changed runs it again, since something differs"


def _named(difference: Difference, newest: Job, spec: Spec) -> list[Change]:
    """A difference as changes: of the environment, whose values may be secret, the names that are known to differ."""
    if difference.name != "environment":
        return [Change(name=difference.name, before=difference.before, now=difference.now)]
    return list(changed_variables(newest.answer.get("Environment") or {}, spec.environment))


def _others(spec: Spec, newest: Job, services: Services) -> list[Change]:
    """What differs beside that for which a task is run again."""
    before, now = setup_of_job(newest), setup_of_spec(spec)
    for setup in (before, now):
        del setup["instance count"]
    from ..jobs.catalog import tags_of

    before |= tags_named(tags_of(newest, services))
    now |= tags_of_spec(spec)
    return list(changes(before, now))
