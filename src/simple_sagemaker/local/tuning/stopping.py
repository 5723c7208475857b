"""Which running trials are stopped before their end: by the median rule, or by Hyperband's rungs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ...tuning.early_stopping import is_hopeless
from ...tuning.goal import Goal
from ...tuning.hyperband import Bracket, goes_on, rungs_of, schedule
from ..requests.tuning import Definition, hyperband_resources, most_trials

Emitted = Mapping[int, Sequence[float]]  # the objectives that each trial has printed, by its number


class Rule(Protocol):
    """A rule for stopping. ``emitted`` is of all trials, also of those that have ended."""

    def is_over(self, trial: int, judged: int, emitted: Emitted, ended: Sequence[int]) -> bool:
        """Whether a trial is to be stopped, whose first ``judged`` emissions were judged before."""
        ...


class Never:
    """No trial is stopped."""

    def is_over(self, trial: int, judged: int, emitted: Emitted, ended: Sequence[int]) -> bool:
        """No."""
        del trial, judged, emitted, ended
        return False


class Median:
    """A trial is stopped when it is worse than the median of the completed ones, at any of its epochs."""

    def __init__(self, goal: Goal) -> None:
        self._goal: Goal = goal

    def is_over(self, trial: int, judged: int, emitted: Emitted, ended: Sequence[int]) -> bool:
        """Judge every emission that was not judged before."""
        values, earlier = emitted[trial], [emitted[one] for one in ended]
        return any(is_hopeless(values[:end], earlier, self._goal) for end in range(judged + 1, len(values) + 1))


class Rungs:
    """A trial of a Hyperband bracket is stopped at a rung where it is not among the best; at the last one always."""

    def __init__(
        self, brackets: Mapping[int, Sequence[Bracket]], most: Mapping[int, int], goal: Goal, turns: int
    ) -> None:
        self._brackets = brackets
        self._most = most
        self._goal: Goal = goal
        self._turns = turns

    def is_over(self, trial: int, judged: int, emitted: Emitted, ended: Sequence[int]) -> bool:
        """Judge the rungs that the trial reached since it was judged last."""
        del ended
        place, definition = divmod(trial - 1, self._turns)
        values = emitted[trial]
        if len(values) >= self._most[definition]:
            return True
        bracket = next(one for one in self._brackets[definition] if place in one.trials)
        of_bracket = [one * self._turns + definition + 1 for one in bracket.trials]
        for rung in rungs_of(bracket):
            if judged < rung <= len(values):
                others = [
                    emitted[one][rung - 1] for one in of_bracket if one != trial and len(emitted.get(one, ())) >= rung
                ]
                if not goes_on(values[rung - 1], others, self._goal):
                    return True
        return False


def rule_for(request: Mapping[str, Any], definitions: Sequence[Definition]) -> Rule:
    """The rule of a tuning job."""
    config = request["HyperParameterTuningJobConfig"]
    goal = definitions[0].goal
    if config["Strategy"] == "Hyperband":
        count = len(definitions)
        brackets, most = {}, {}
        for index, one in enumerate(definitions):
            least, largest = hyperband_resources(request, one) or (1, 1)
            brackets[index] = schedule(least, largest, -(-most_trials(request) // count))
            most[index] = largest
        return Rungs(brackets, most, goal, count)
    return Median(goal) if config.get("TrainingJobEarlyStoppingType") == "Auto" else Never()
