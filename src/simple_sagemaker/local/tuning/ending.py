"""When a tuning job ends, and as what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...core.records import dataclass
from ...tuning.goal import Goal, has_reached, trials_without_gain
from ..api.tuning.trials import Trial

_MOST_FAILURES = 5
_UNTIL_CONVERGED = 20  # trials without gain; the service does not say how it tells
_SEE_TRIALS = (
    "For additional details, please take a look at the training job failures by listing training jobs for the "
    "hyperparameter tuning job."
)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """An end to come. With ``stops`` the trials that run are stopped, else they run to their own ends."""

    status: str
    reason: str | None = None
    stops: bool = False
    converged: bool = False


def ending_of(
    request: Mapping[str, Any],
    goal: Goal,
    trials: Collection[Trial],
    ended: Sequence[float | None],
    *,
    most: int,
    age_s: float,
) -> Ending | None:
    """The end that a tuning job has come to; None while more trials are to begin.

    ``ended`` are the objectives of those that ended, in the order in which they did; ``most`` trials end it.
    """
    config = request["HyperParameterTuningJobConfig"]
    limit_s = config["ResourceLimits"].get("MaxRuntimeInSeconds")
    if limit_s is not None and age_s >= limit_s:
        return Ending(status="Completed", stops=True)
    if (met := _criterion(config.get("TuningJobCompletionCriteria", {}), goal, ended)) is not None:
        return met
    is_last = len(trials) >= most
    may_fail = is_last or len(ended) >= _MOST_FAILURES
    if may_fail and (reason := _failure(trials, is_last=is_last)):
        return Ending(status="Failed", reason=reason)
    return Ending(status="Completed") if is_last else None


def _criterion(criteria: Mapping[str, Any], goal: Goal, ended: Sequence[float | None]) -> Ending | None:
    """The end by a criterion that is met."""
    if not criteria:
        return None
    target = criteria.get("TargetObjectiveMetricValue")
    if target is not None and any(has_reached(value, target, goal) for value in ended):
        return Ending(status="Completed", stops=True)
    patience = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    without_gain = trials_without_gain(ended, goal)
    if patience is not None and without_gain >= patience:
        return Ending(status="Completed", stops=True)
    converges = criteria.get("ConvergenceDetected", {}).get("CompleteOnConvergence") == "Enabled"
    if converges and without_gain >= _UNTIL_CONVERGED:
        return Ending(status="Completed", stops=True, converged=True)
    return None


def _failure(trials: Collection[Trial], *, is_last: bool) -> str | None:
    """Why a tuning job fails whose trials give no objective; None while one may, or any has."""
    if any(one.objective is not None for one in trials):
        return None
    statuses = [one.facts["status"] for one in trials if one.facts]
    failed, completed = statuses.count("Failed"), statuses.count("Completed")
    if not completed and failed >= _MOST_FAILURES:
        return f"No training job succeeded after {_MOST_FAILURES} attempts. {_SEE_TRIALS}"
    if completed >= _MOST_FAILURES or (is_last and completed and completed + failed == len(trials)):
        return (
            f"No objective metrics found after running {completed} training jobs. Please ensure that the custom "
            "algorithm is emitting the objective metric as defined by the regular expression provided."
        )
    if is_last and failed == len(trials):
        return "All training jobs failed. Please take a look at the training job failures to get more details."
    return None
