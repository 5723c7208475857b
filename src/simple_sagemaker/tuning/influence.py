"""Which hyperparameters made no difference to the objective, as far as a search's trials can tell."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from statistics import fmean

from .ranges import Categorical, Range, Space, Values

FEWEST_TRIALS = 12
_GROUPS = 4  # that the values of a number are divided into
_SHUFFLES = 200
_AS_CHANCE = 0.8  # of shuffled objectives have less to do with the values, where these make a difference


def without_influence(trials: Sequence[tuple[Values, float]], space: Space) -> list[str]:
    """The hyperparameters whose values say no more about the objective than chance would; none of too few trials.

    Their objectives' ranks are grouped by the values, and the share of the spread that lies between groups is compared
    with that of shuffled ranks. What matters only together with another can be missed.
    """
    if len(trials) < FEWEST_TRIALS:
        return []
    by_objective = sorted(range(len(trials)), key=lambda index: trials[index][1])
    ranks = [0.0] * len(trials)
    for rank, index in enumerate(by_objective):
        ranks[index] = float(rank)
    return [one.name for one in space if not _matters(one, [values[one.name] for values, _ in trials], ranks)]


def _matters(one: Range, values: Sequence[str], ranks: Sequence[float]) -> bool:
    groups = _groups(one, values)
    if len(set(groups)) < 2:
        return True  # nothing is known of a value that never changed
    seen = _between(groups, ranks)
    chance = random.Random(one.name)
    shuffled = list(ranks)
    less = 0
    for _ in range(_SHUFFLES):
        chance.shuffle(shuffled)
        less += _between(groups, shuffled) < seen
    return less >= _AS_CHANCE * _SHUFFLES


def _groups(one: Range, values: Sequence[str]) -> list[str]:
    if isinstance(one, Categorical):
        return list(values)
    order = sorted(range(len(values)), key=lambda index: one.position_of(values[index]))
    size = len(values) / _GROUPS
    groups = [""] * len(values)
    for place, index in enumerate(order):
        groups[index] = str(int(place / size))
    return groups


def _between(groups: Sequence[str], ranks: Sequence[float]) -> float:
    """The spread of the groups' means, each weighed by its size."""
    members: Mapping[str, list[float]] = {group: [] for group in groups}
    for group, rank in zip(groups, ranks, strict=True):
        members[group].append(rank)
    middle = fmean(ranks)
    return sum(len(one) * (fmean(one) - middle) ** 2 for one in members.values())
