"""Which values a trial gets: by the strategy of a tuning job, from its seed, the trial's number and earlier results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...tuning.random_search import RandomSearch
from ...tuning.ranges import Range, Values, combination, combinations, covers
from ..api.tuning.plan import Plan
from ..api.tuning.trials import Trial
from ..requests.tuning import Definition

_SEEDS_APART = 7_919  # of the definitions of a tuning job
_MOST_FROM_PARENTS = 5  # first trials that repeat the best of parents with other data
_PARENTS = -(10**9)  # before which no trial has its number


class Search:
    """Proposes the trials of a tuning job. Proposals of all strategies but Bayesian are the same for the same seed.

    Several definitions take turns; in a grid one that has no combinations left takes none any more.
    """

    def __init__(self, request: Mapping[str, Any], definitions: Sequence[Definition], plan: Plan) -> None:
        self._strategy: str = request["HyperParameterTuningJobConfig"]["Strategy"]
        self._is_identical = request.get("WarmStartConfig", {}).get("WarmStartType") == "IdenticalDataAndAlgorithm"
        self._definitions = definitions
        self._plan = plan
        self._parents = [
            (one, values)
            for one in plan.parents
            if (values := _values_in(definitions[0].space, one.values)) is not None
        ]
        self._random = [
            RandomSearch(one.space, plan.seed + _SEEDS_APART * index, taken=self._known())
            for index, one in enumerate(definitions)
        ]
        self._turns: list[int] = []  # the definition of each trial so far

    def propose(self, number: int, trials: Sequence[Trial]) -> tuple[int, Values]:
        """The definition and the values of the trial of that number, from 1 on, after these earlier ones."""
        while len(self._turns) < number:
            self._turns.append(self._next_definition())
        index = self._turns[number - 1]
        place = self._turns[: number - 1].count(index)
        return index, self._values(index, place, trials)

    def _next_definition(self) -> int:
        count = len(self._definitions)
        turn = len(self._turns) % count
        if self._strategy != "Grid":
            return turn
        last = self._turns[-1] if self._turns else -1
        order = [(last + step) % count for step in range(1, count + 1)]
        return next(one for one in order if self._turns.count(one) < (combinations(self._definitions[one].space) or 0))

    def _values(self, index: int, place: int, trials: Sequence[Trial]) -> Values:
        definition = self._definitions[index]
        if self._strategy == "Grid":
            return combination(definition.space, place)
        first = self._best_of_parents()
        if place < len(first):
            return first[place]
        if self._strategy != "Bayesian":
            return self._random[index].propose(place - len(first))
        from ...tuning.bayesian import propose

        seed = self._plan.seed + _SEEDS_APART * index
        return propose(definition.space, seed, place, self._past(index, trials), definition.goal)

    def _past(self, index: int, trials: Sequence[Trial]) -> Any:
        from ...tuning.bayesian import Past

        past = [
            Past(number=one.number, values=one.values, objective=_objective(one))
            for one in trials
            if one.definition == index
        ]
        if self._is_identical:
            past += [
                Past(number=_PARENTS + number, values=values, objective=one.facts["objective"])
                for number, (one, values) in enumerate(self._parents)
            ]
        return past

    def _known(self) -> list[Values]:
        """What parents with the same data have tried already."""
        return [values for _, values in self._parents] if self._is_identical else []

    def _best_of_parents(self) -> list[Values]:
        """With other data than the parents' their results say nothing of these, but what was best is tried first."""
        if self._is_identical or self._strategy == "Grid":
            return []
        sign = 1 if self._definitions[0].goal == "min" else -1
        ranked = sorted(self._parents, key=lambda one: sign * float(one[0].facts["objective"]))
        first: list[Values] = []
        for _, values in ranked:
            if values not in first and len(first) < _MOST_FROM_PARENTS:
                first.append(values)
        return first


def _objective(trial: Trial) -> float | None:
    if trial.facts is None:
        return None
    return math.nan if trial.objective is None else trial.objective


def _values_in(space: Sequence[Range], values: Values) -> Values | None:
    """A parent's values of the hyperparameters that are searched now; None where one lies outside its range."""
    chosen: Values = {}
    for one in space:
        value = values.get(one.name)
        if value is None or not covers(one, value):
            return None
        chosen[one.name] = value
    return chosen
