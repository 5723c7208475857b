"""Bayesian search, by Optuna's estimator of Parzen trees. Optuna is an extra, and loaded here alone.

https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.TPESampler.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..core.records import dataclass
from .goal import Goal
from .random_search import draw
from .ranges import Categorical, Continuous, Integer, Range, Space, Values

if TYPE_CHECKING:
    import optuna

_FIRST_AT_RANDOM = 10
_SEEDS_APART = 1_000_003


@dataclass(frozen=True, kw_only=True)
class Past:
    """A trial that a proposal takes into account; its objective is None while it runs, and NaN where it failed."""

    number: int
    values: Values
    objective: float | None


def is_installed() -> bool:
    """Whether Optuna can be imported."""
    return find_spec("optuna") is not None


def propose(space: Space, seed: int, number: int, past: Sequence[Past], goal: Goal) -> Values:
    """The values of a trial: the same for the same seed, number and past.

    Optuna knows positions on the scales, so that all scales are alike to it. The first ten are random ones. A trial
    that runs keeps its surroundings from being proposed again.
    """
    if sum(one.objective is not None and not math.isnan(one.objective) for one in past) < _FIRST_AT_RANDOM:
        return draw(space, seed, number)
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(
        seed=(seed * _SEEDS_APART + number) % 2**32,
        n_startup_trials=1,
        multivariate=True,
        constant_liar=True,
    )
    study = optuna.create_study(direction="minimize" if goal == "min" else "maximize", sampler=sampler)
    distributions = {one.name: _distribution(one) for one in space}
    study.add_trials([_trial(one, space, distributions) for one in sorted(past, key=lambda one: one.number)])
    asked = study.ask(distributions)
    return {one.name: _value(one, asked.params[one.name]) for one in space}


def _has_indexes(one: Integer | Continuous) -> bool:
    """Whether a number is proposed by its index, because all its values are as far apart on its scale."""
    return one.scale == "linear" and one.count is not None


def _distribution(one: Range) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(one, Categorical):
        return CategoricalDistribution(one.values)
    return IntDistribution(0, (one.count or 1) - 1) if _has_indexes(one) else FloatDistribution(0.0, 1.0)


def _trial(past: Past, space: Space, distributions: dict[str, Any]) -> optuna.trial.FrozenTrial:
    from optuna.trial import TrialState, create_trial

    parameters = {one.name: _parameter(one, past.values[one.name]) for one in space}
    if past.objective is None:
        return create_trial(state=TrialState.RUNNING, params=parameters, distributions=distributions)
    if math.isnan(past.objective):
        return create_trial(state=TrialState.FAIL, params=parameters, distributions=distributions)
    return create_trial(value=past.objective, params=parameters, distributions=distributions)


def _parameter(one: Range, value: str) -> str | int | float:
    if isinstance(one, Categorical):
        return value
    return one.index_of(value) if _has_indexes(one) else one.position_of(value)


def _value(one: Range, parameter: Any) -> str:
    if isinstance(one, Categorical):
        return str(parameter)
    return one.nth(parameter) if _has_indexes(one) else one.value_at(parameter)
