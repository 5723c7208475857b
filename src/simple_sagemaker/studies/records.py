"""A study and its trials as records: what ``--json`` prints, ``study.json`` holds and Python gets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..core import names
from ..core.records import dataclass
from ..tuning.influence import without_influence
from .proposals import jobs_wanted
from .spec import Resource, TunedOn
from .study import Limits
from .words import range_text, resource_of, space_of

if TYPE_CHECKING:
    from .study import Study, Trial

TrialStatus = Literal["Pending", "Running", "Completed", "Failed", "Stopped"]
StudyStatus = Literal["Running", "Left", "Completed", "Failed", "Stopped"]


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """A trial of a study. ``objective`` is the last value that it had, so far if it runs, None without any.

    A trial is ``Pending`` whose job has been decided on, and not been started yet.

    ``hyperparameters`` are those that were searched. ``job`` is its newest job, ``jobs`` are all of them; ``resource``
    is what that one got. ``values`` is how many values of the objective its newest job had. ``seconds`` and
    ``billed_s`` are of all its jobs, for each host, so far if it runs.
    """

    number: int
    status: TrialStatus
    objective: float | None
    hyperparameters: Mapping[str, str]
    resource: int | None
    job: str
    jobs: Sequence[str]
    began: datetime
    ended: datetime | None
    values: int
    seconds: int
    billed_s: int
    reason: str | None
    why_stopped: str | None

    @property
    def short_name(self) -> str:
        """The letters at the end of its newest job's name."""
        return names.short_name(self.job)


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """A study: what it searches for, how far it is, and its trials, the best first.

    A study that has not ended is ``Running``, or ``Left`` where no command drives it; ``driver`` says which one does.
    ``why`` is why it ended. ``space`` has the range of each hyperparameter, as it is typed. ``jobs_wanted`` is how many
    jobs the whole search has: more than trials where they are promoted. ``seconds`` and ``billed_s`` are of all trials,
    for each host. ``without_influence`` are hyperparameters whose values made no difference.
    ``saved_s`` are the seconds, for each host, that early stopping saved, as far as the completed trials tell.
    """

    project: str
    task: str
    metric: str
    goal: Literal["min", "max"]
    strategy: str
    seed: int
    space: Mapping[str, str]
    resource: Resource | None
    stops_early: bool
    learn_from: str | None
    tuned_on: TunedOn
    limits: Limits | None
    status: StudyStatus
    why: str | None
    driver: str | None
    began: datetime | None
    max_trials: int
    jobs_wanted: int
    best: TrialRecord | None
    trials: Sequence[TrialRecord]
    seconds: int
    billed_s: int
    saved_s: int
    without_influence: Sequence[str]


class SoFar(NamedTuple):
    """What is known of a trial's newest job while it runs; without ``has_begun`` it has not been started yet."""

    has_begun: bool
    curve: Sequence[float] = ()
    seconds: int = 0


def trial_record(trial: Trial, so_far: SoFar | None = None) -> TrialRecord:
    """The record of a trial; ``so_far`` is of one that runs."""
    job = trial.newest
    curve = so_far.curve if so_far else job.curve
    running_s = so_far.seconds if so_far else 0
    return TrialRecord(
        number=trial.number,
        status=job.status or ("Pending" if so_far and not so_far.has_begun else "Running"),
        objective=curve[-1] if so_far and curve else trial.objective,
        hyperparameters=dict(trial.values),
        resource=job.resource,
        job=job.name,
        jobs=[one.name for one in trial.jobs],
        began=trial.jobs[0].began,
        ended=job.ended,
        values=len(curve),
        seconds=trial.seconds + running_s,
        billed_s=trial.billed_s + running_s,
        reason=job.reason,
        why_stopped=job.why_stopped,
    )


def study_record(
    study: Study,
    words: Mapping[str, Any],
    *,
    project: str,
    task: str,
    seed: int,
    driver: str | None = None,
    so_far: Mapping[int, SoFar] | None = None,
) -> StudyRecord:
    """The record of a study; ``words`` are the search that it was begun with, as ``study.json`` has them.

    ``so_far`` are the trials that run, by number. Raises SsmError for words that are damaged.
    """
    trials, best, space = best_first(study), study.best, space_of(words)
    records = [trial_record(trial, (so_far or {}).get(trial.number)) for trial in trials]
    resource = resource_of(words)
    most = study.limits.max_trials if study.limits else 0
    return StudyRecord(
        project=project,
        task=task,
        metric=str(words["metric"]["name"]),
        goal=study.goal,
        strategy=str(words["strategy"]),
        seed=seed,
        space={one.name: range_text(one) for one in space},
        resource=resource,
        stops_early=bool(words["stops_early"]),
        learn_from=words["learn_from"],
        tuned_on="aws" if words.get("tuned_on") == "aws" else "client",
        limits=study.limits,
        status=study.ended.status if study.ended else "Running" if driver is not None else "Left",
        why=study.ended.why if study.ended else None,
        driver=driver,
        began=study.first_began,
        max_trials=most,
        jobs_wanted=jobs_wanted(resource, most),
        best=trial_record(best) if best else None,
        trials=records,
        seconds=sum(one.seconds for one in records),
        billed_s=sum(one.billed_s for one in records),
        saved_s=saved_s(study),
        without_influence=without_influence(
            [
                (dict(one.values), one.outcome)
                for one in trials
                if one.outcome is not None and not math.isnan(one.outcome)
            ],
            space,
        ),
    )


def best_first(study: Study) -> list[Trial]:
    """The trials, best first: with a resource those that got more of it come first, then those without an objective."""

    def key(trial: Trial) -> tuple[bool, int, float, int]:
        value = trial.objective
        if value is None or math.isnan(value) or trial.failed:
            return True, 0, 0.0, trial.number
        resource = max((job.resource or 0 for job in trial.jobs if job.objective is not None), default=0)
        return False, -resource, value if study.goal == "min" else -value, trial.number

    return sorted(study.in_order, key=key)


def saved_s(study: Study) -> int:
    """The seconds that trials which were stopped early would have taken beyond their own, as completed ones did."""
    completed = sorted(one.newest.seconds or 0 for one in study.in_order if one.newest.status == "Completed")
    if not completed:
        return 0
    usual = completed[len(completed) // 2]
    stopped = [one.newest for one in study.in_order if one.newest.status == "Stopped" and one.newest.why_stopped]
    return sum(max(0, usual - (job.seconds or 0)) for job in stopped)


def time_left(study: Study, jobs_wanted: int, at_once: int) -> timedelta | None:
    """How long the search will take, as far as the trials so far tell; None while none has ended."""
    ended = [job for trial in study.in_order for job in trial.jobs if job.ended is not None]
    if not ended:
        return None
    each = sum((job.ended - job.began).total_seconds() for job in ended if job.ended) / len(ended)
    left = jobs_wanted - len(ended)
    return timedelta(seconds=max(0.0, each * left / max(1, min(at_once, left or 1))))
