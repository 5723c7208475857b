"""Hyperband: many trials with little of a resource, of which the best get more.

L. Li and others, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", https://arxiv.org/abs/1603.06560.
A bracket is one successive halving; brackets differ in how many trials they begin with, and with how much for each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..core.records import dataclass
from .goal import Goal, in_order, is_better

FACTOR = 3  # as in the paper; AWS does not say which it has


@dataclass(frozen=True)
class Rung:
    """How many trials of a bracket get how much of the resource."""

    trials: int
    resource: int


@dataclass(frozen=True)
class Bracket:
    """The rungs of a successive halving, and the number of its first trial."""

    first: int
    rungs: tuple[Rung, ...]

    @property
    def trials(self) -> range:
        """The numbers of its trials."""
        return range(self.first, self.first + self.rungs[0].trials)


def schedule(least: int, most: int, trials: int) -> list[Bracket]:
    """The brackets of so many trials; each gets from ``least`` to ``most`` of the resource.

    After the last bracket of a round the next round begins. The last bracket has as many trials as are left.
    """
    brackets: list[Bracket] = []
    first = 0
    while first < trials:
        for rungs in _round(least, most):
            count = min(rungs[0].trials, trials - first)
            brackets.append(Bracket(first, _halved(rungs, count)))
            first += count
            if first >= trials:
                break
    return brackets


def trials_of_round(least: int, most: int) -> int:
    """How many trials a whole round of brackets has."""
    return sum(rungs[0].trials for rungs in _round(least, most))


def _round(least: int, most: int) -> list[tuple[Rung, ...]]:
    halvings = _halvings(least, most)
    brackets = []
    for left in range(halvings, -1, -1):
        count = math.ceil((halvings + 1) * FACTOR**left / (left + 1))
        amounts = [max(least, most // FACTOR ** (left - rung)) for rung in range(left + 1)]
        brackets.append(tuple(Rung(count // FACTOR**rung, amount) for rung, amount in enumerate(amounts)))
    return brackets


def _halvings(least: int, most: int) -> int:
    count = 0
    while least * FACTOR ** (count + 1) <= most:
        count += 1
    return count


def _halved(rungs: tuple[Rung, ...], count: int) -> tuple[Rung, ...]:
    """The rungs for fewer trials: at least one reaches the last."""
    return tuple(Rung(max(count // FACTOR**rung, 1), one.resource) for rung, one in enumerate(rungs))


def promote(objectives: Mapping[int, float | None], count: int, goal: Goal) -> list[int]:
    """The trials of a finished rung that go on, best first: so many, and none that has no objective."""
    usable = {trial: value for trial, value in objectives.items() if value is not None and not math.isnan(value)}
    return in_order(usable, goal)[:count]


def goes_on(value: float, others: Sequence[float], goal: Goal) -> bool:
    """Whether a running trial may go on past a rung, as one of the best third of those that came so far, or the best.

    This is how a search decides that cannot pause a trial, as AWS's.
    """
    better = sum(is_better(other, value, goal) for other in others)
    return better < max(1, (len(others) + 1) // FACTOR)


def rungs_of(bracket: Bracket) -> list[int]:
    """The amounts after which a running trial of the bracket may have to end, without the last."""
    return [rung.resource for rung in bracket.rungs[:-1]]
