"""Warm start: the trials of earlier tuning jobs, and whether these can be parents of a new one.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...job.folder import JobFolder, has_ended
from ...requests.tuning import Definition, read_definitions
from .plan import ParentTrial
from .trials import read_trials

_MOST_CHANGES = 10  # from searched to static, and of static values
_IDENTICAL = "IdenticalDataAndAlgorithm"


def parent_names(request: Mapping[str, Any]) -> list[str]:
    """The names of the parents of a tuning job."""
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    return [one.get("HyperParameterTuningJobName", "") for one in parents]


def objection(request: Mapping[str, Any], parents: Sequence[JobFolder]) -> str | None:
    """Why these cannot be the parents of a new tuning job; None when they can."""
    new = read_definitions(request)[0]
    for parent in parents:
        stored = parent.request()
        if not has_ended(parent.entries()):
            return f"The parent tuning job {parent.name} has not ended."
        if "TrainingJobDefinitions" in stored:
            return f"The parent tuning job {parent.name} has several training job definitions."
        old = read_definitions(stored)[0]
        if problem := _compare(new, old, is_identical=request["WarmStartConfig"]["WarmStartType"] == _IDENTICAL):
            return f"The tuning job cannot be warm started from {parent.name}: {problem}"
    return None


def _compare(new: Definition, old: Definition, *, is_identical: bool) -> str | None:
    if (new.objective, new.goal) != (old.objective, old.goal):
        return "the objective metric is not the same."
    if len(new.space) + len(new.constants) != len(old.space) + len(old.constants):
        return "the number of static and searched hyperparameters together is not the same."
    searched, earlier = ({one.name: type(one) for one in side.space} for side in (new, old))
    if changed := sorted(name for name, kind in searched.items() if earlier.get(name, kind) != kind):
        return f"the type of the range changed: {', '.join(changed)}."
    to_static = [name for name in earlier if name in new.constants]
    values = [name for name, value in new.constants.items() if old.constants.get(name, value) != value]
    for count, what in (
        (len(to_static), "searched hyperparameters are static"),
        (len(values), "static values changed"),
    ):
        if count > _MOST_CHANGES:
            return f"{count} {what}; at most {_MOST_CHANGES} can."
    if is_identical and _inputs(new) != _inputs(old):
        return "with IdenticalDataAndAlgorithm, input data and training image must be the same."
    return None


def _inputs(definition: Definition) -> tuple[Any, ...]:
    """The image and the addresses of the data, in any order of channels."""
    algorithm = definition.member["AlgorithmSpecification"]
    channels = {
        channel["ChannelName"]: channel["DataSource"] for channel in definition.member.get("InputDataConfig", ())
    }
    return algorithm.get("TrainingImage"), algorithm.get("AlgorithmName"), channels


def count_trials(parents: Sequence[JobFolder]) -> int:
    """How many trials the parents had, which count towards the account's limit."""
    return sum(len(read_trials(parent.entries())) for parent in parents)


def parent_trials(parents: Sequence[JobFolder]) -> list[ParentTrial]:
    """The trials of the parents that ended with an objective; those of the parents' own parents do not count."""
    result = []
    for parent in parents:
        definition = read_definitions(parent.request())[0]
        for trial in read_trials(parent.entries()):
            if trial.facts is not None and trial.objective is not None:
                values = {**definition.constants, **trial.values}
                result.append(
                    ParentTrial(
                        tuning_job=parent.name, name=trial.name, values=values, tuned=trial.values, facts=trial.facts
                    )
                )
    return result
