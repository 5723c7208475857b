"""When a trial is stopped, and when a search ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..tuning import early_stopping
from ..tuning.goal import has_reached, trials_without_gain
from .study import Ended

if TYPE_CHECKING:
    from .study import Study, Trial


def is_hopeless(trial: Trial, curve: Sequence[float], study: Study) -> bool:
    """Whether a running trial is to be stopped by the median rule."""
    earlier = [one.newest.curve for one in study.ended_in_order if one.number != trial.number and not one.failed]
    return early_stopping.is_hopeless(curve, earlier, study.goal)


def ending(study: Study, now: datetime) -> Ended | None:
    """Why the search ends before all of its trials have been tried; None if it goes on."""
    limits = study.limits
    if limits is None:
        return None
    ended = study.ended_in_order
    failed = [one for one in ended if _counts_as_failed(one)]
    if limits.failures is not None and len(failed) > limits.failures:
        return Ended(status="Failed", why=f"{_trials(len(failed))} failed, and {limits.failures} may")
    if limits.target is not None:
        reached = next((one for one in ended if has_reached(one.outcome, limits.target, study.goal)), None)
        if reached is not None:
            return Ended(status="Completed", why=f"trial {reached.number} has reached {limits.target:g}")
    if limits.patience is not None:
        count = trials_without_gain([one.outcome for one in ended], study.goal)
        if count >= limits.patience and study.best is not None:
            return Ended(
                status="Completed", why=f"{count} trials in a row were no better than trial {study.best.number}"
            )
    if limits.max_mins is not None and study.began and now - study.began >= timedelta(minutes=limits.max_mins):
        return Ended(status="Completed", why=_minutes_over(limits.max_mins))
    return None


def _minutes_over(minutes: int) -> str:
    return "its minute is over" if minutes == 1 else f"its {minutes} minutes are over"


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{count} trials"


def all_trials_done(study: Study) -> Ended:
    """The end of a search all of whose trials have ended: failed, where none of them has an objective."""
    if study.best is None:
        return Ended(status="Failed", why="no trial came to an objective")
    return Ended(
        status="Completed",
        why="its one trial has ended" if len(study.trials) == 1 else f"all {len(study.trials)} trials have ended",
    )


def _counts_as_failed(trial: Trial) -> bool:
    """Whether a trial failed by itself: one that was stopped before its first value did not."""
    job = trial.newest
    return trial.failed and (job.status == "Failed" or not job.why_stopped)
