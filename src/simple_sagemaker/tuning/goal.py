"""Which of two objectives is better, and what a search has come to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

Goal = Literal["min", "max"]
_WORTHWHILE = 0.01  # of the best value so far: a gain below it is none


def is_better(value: float, other: float, goal: Goal) -> bool:
    """Whether an objective is better than another; what is no number is never, and everything else is than it."""
    if math.isnan(value) or math.isnan(other):
        return not math.isnan(value)
    return value < other if goal == "min" else value > other


def result(value: float | None, goal: Goal) -> float | None:
    """An objective as it counts: the infinity that nothing could beat comes of a trial that diverged, and is none."""
    if value is None or math.isfinite(value):
        return value
    return math.nan if (value < 0) == (goal == "min") else value


def best(objectives: Mapping[int, float | None], goal: Goal) -> int | None:
    """The trial with the best objective, the first of equal ones; None where no trial has any."""
    winner: int | None = None
    value = math.nan
    for trial in sorted(objectives):
        objective = objectives[trial]
        if objective is not None and is_better(objective, value, goal):
            winner, value = trial, objective
    return winner


def in_order(objectives: Mapping[int, float | None], goal: Goal) -> list[int]:
    """The trials, best first; those without an objective last, equal ones by their numbers."""

    def key(trial: int) -> tuple[bool, float, int]:
        value = objectives[trial]
        if value is None or math.isnan(value):
            return True, 0.0, trial
        return False, value if goal == "min" else -value, trial

    return sorted(objectives, key=key)


def has_reached(value: float | None, target: float, goal: Goal) -> bool:
    """Whether an objective is as good as was wished for."""
    return value is not None and (value <= target if goal == "min" else value >= target)


def trials_without_gain(objectives: Sequence[float | None], goal: Goal) -> int:
    """How many trials at the end, in the order in which they ended, did not beat the best before by a hundredth.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BestObjectiveNotImproving.html
    """
    count, top = 0, math.nan
    for value in objectives:
        if value is None or math.isnan(value):
            count += 1
            continue
        gain = (top - value if goal == "min" else value - top) if not math.isnan(top) else math.inf
        is_gain = gain >= _WORTHWHILE * abs(top) and gain > 0 if not math.isnan(top) else True
        count = 0 if is_gain else count + 1
        top = value if is_better(value, top, goal) else top
    return count
