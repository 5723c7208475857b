"""What a search does next: a new trial with values, or a promoted one that goes on; decided from the study alone.

The same study and seed give the same next steps, whoever asks. Only of a bayesian search do they depend on which trials
have ended.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..tuning import bayesian
from ..tuning.bayesian import Past
from ..tuning.hyperband import Bracket, promote, schedule
from ..tuning.random_search import RandomSearch
from ..tuning.ranges import Values, combination

if TYPE_CHECKING:
    from .spec import Resource, TuneSpec
    from .study import Study, Trial


class Start(NamedTuple):
    """A job to start: of which trial, with which values and, where trials go on, up to how much of the resource."""

    trial: int
    values: Values
    resource: int | None = None


class Proposals:
    """The next steps of one search. ``earlier`` are trials of another study to learn from."""

    def __init__(self, spec: TuneSpec, seed: int, earlier: Sequence[Past] = ()) -> None:
        self._spec = spec
        self._seed = seed
        self._random = RandomSearch(spec.space, seed)
        self._earlier = earlier

    def next(self, study: Study) -> Start | None:
        """The next job to start; None while it depends on trials under way, and at the end."""
        most = study.limits.max_trials if study.limits else 0
        if self._spec.resource is not None:
            return self._next_of_brackets(study, most, self._spec.resource)
        number = len(study.trials) + 1
        return Start(number, self._values(number, study)) if number <= most else None

    def is_complete(self, study: Study) -> bool:
        """Whether every trial has begun, ended, and got what the schedule has for it."""
        return not study.running and self.next(study) is None

    def jobs_wanted(self, study: Study) -> int:
        """How many jobs the whole search has, promoted trials counted for each."""
        return jobs_wanted(self._spec.resource, study.limits.max_trials if study.limits else 0)

    def _values(self, number: int, study: Study) -> Values:
        match self._spec.strategy:
            case "grid":
                return combination(self._spec.space, number - 1)
            case "bayesian":
                past = [*self._earlier, *(_past(trial) for trial in study.in_order)]
                return bayesian.propose(self._spec.space, self._seed, number - 1, past, study.goal)
            case _:
                return self._random.propose(number - 1)

    def _next_of_brackets(self, study: Study, most: int, resource: Resource) -> Start | None:
        """Promotions come before new trials, and earlier brackets before later ones."""
        brackets = schedule(resource.least, resource.most, most)
        for bracket in brackets:
            if start := _promotion(bracket, study):
                return start
        for bracket in brackets:
            for index in bracket.trials:
                if index + 1 not in study.trials:
                    return Start(index + 1, self._random.propose(index), bracket.rungs[0].resource)
        return None


def jobs_wanted(resource: Resource | None, trials: int) -> int:
    """How many jobs a search of so many trials has, promoted ones counted for each."""
    if resource is None:
        return trials
    brackets = schedule(resource.least, resource.most, trials)
    return sum(rung.trials for bracket in brackets for rung in bracket.rungs)


def _promotion(bracket: Bracket, study: Study) -> Start | None:
    """The next trial of a bracket that goes on; None while its rung is not finished."""
    members = [index + 1 for index in bracket.trials]
    for rung, following in zip(bracket.rungs, bracket.rungs[1:], strict=False):
        results: dict[int, float | None] = {}
        for number in members:
            trial = study.trials.get(number)
            job = next((one for one in trial.jobs if one.resource == rung.resource), None) if trial else None
            if job is None or job.status is None:
                return None
            results[number] = job.objective if job.status == "Completed" else None
        members = promote(results, following.trials, study.goal)
        for number in members:
            trial = study.trials[number]
            if all(job.resource != following.resource for job in trial.jobs):
                return Start(number, dict(trial.values), following.resource)
    return None


def _past(trial: Trial) -> Past:
    objective = None if trial.is_running else math.nan if trial.outcome is None else trial.outcome
    return Past(number=trial.number, values=dict(trial.values), objective=objective)
