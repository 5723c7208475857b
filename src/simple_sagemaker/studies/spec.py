"""The frozen values of a search over hyperparameters: what the user asked for, parsed once."""

from __future__ import annotations

from typing import Literal

from ..core.records import dataclass
from ..core.specs import Place, TaskSpec
from ..tuning.goal import Goal
from ..tuning.ranges import Range

Strategy = Literal["random", "grid", "bayesian", "hyperband"]
TunedOn = Literal["client", "aws"]
STRATEGIES: tuple[Strategy, ...] = ("random", "grid", "bayesian", "hyperband")
TUNED_ON: tuple[TunedOn, ...] = ("client", "aws")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """The hyperparameter that says how long a trial runs, with its least and largest value."""

    name: str
    least: int
    most: int


@dataclass(frozen=True, kw_only=True)
class TuneSpec:
    """A whole ``ssm tune``. ``task`` is what each trial runs, with the hyperparameters that all trials share.

    ``max_trials`` None leaves the number to the strategy, ``at_once`` None to the engine, ``seed`` None to chance.
    ``stops_early`` ends trials by the median rule. The search ends when a trial's objective reaches ``target``, when
    ``patience`` trials were no better, or after ``max_mins`` minutes; ``failures`` trials may fail. ``learn_from`` is
    another task, whose trials are known to the search from its beginning. The space's order is the one typed.
    """

    task: TaskSpec
    space: tuple[Range, ...]
    metric: str
    goal: Goal
    strategy: Strategy = "random"
    resource: Resource | None = None
    max_trials: int | None = None
    at_once: int | None = None
    stops_early: bool = False
    target: float | None = None
    patience: int | None = None
    max_mins: int | None = None
    seed: int | None = None
    learn_from: str | None = None
    failures: int = 5
    tuned_on: TunedOn = "client"

    @property
    def place(self) -> Place:
        """The place of the task that the study belongs to."""
        return self.task.place
