"""From the arguments of ``ssm tune`` to its spec: the task that each trial runs, the space, and how it is searched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from ..core.names import check_task
from ..core.records import replace
from ..core.specs import TaskSpec
from ..core.spelling import nearest
from ..errors import UsageError
from ..studies.spec import STRATEGIES, TUNED_ON, Resource, TuneSpec
from ..tuning import bayesian
from ..tuning.goal import Goal
from ..tuning.ranges import Range, combinations
from .arguments import Arguments, Use, text_of
from .hp_space import space
from .key_values import check_hyperparameter, define_metric
from .task import task_spec

MOST_TRIALS = 10_000  # SageMaker's, of a random search
_MOST_AT_ONCE = 100
_LEAST_PATIENCE = 3  # SageMaker's
_LARGEST_RESOURCE = 20_000  # SageMaker's
_LARGEST_SEED = 2**31 - 1

_Word = TypeVar("_Word", bound=str)


def tune_spec(arguments: Arguments) -> TuneSpec:
    """Build the spec of a search. Raises UsageError or InputNotFound."""
    task = _task(arguments)
    ranges = space(arguments)
    resource = _resource(arguments)
    for name in [*(one.name for one in ranges), *([resource.name] if resource else ())]:
        check_hyperparameter(arguments, name, "", plain=task.kind == "algorithm")
        _check_is_free(arguments, name, task)
    if task.image.built_in:
        from .built_in_space import check_space

        check_space(task.image.built_in, ranges)
    if resource and any(one.name == resource.name for one in ranges):
        both = f"{arguments.flag('tune_resource')} {resource.name}: {arguments.flag('hp_space')} searches it"
        raise UsageError(f"{both}, and hyperband gives it its values: drop one of the two.")
    metric, goal = _objective(arguments, task)
    if task.image.built_in and arguments.required_text("tune_on") == "client":
        from .built_in_space import with_objective

        task = with_objective(task, metric)
    spec = TuneSpec(
        task=task,
        space=ranges,
        metric=metric,
        goal=goal,
        strategy=_choice(arguments, "tune_by", STRATEGIES),
        resource=resource,
        max_trials=_number(arguments, "tune_jobs", most=MOST_TRIALS),
        at_once=_number(arguments, "tune_at_once", most=_MOST_AT_ONCE),
        stops_early=_choice(arguments, "tune_stop", ("off", "median")) == "median",
        target=_target(arguments),
        patience=_number(arguments, "tune_patience", least=_LEAST_PATIENCE),
        max_mins=_number(arguments, "tune_mins"),
        seed=_number(arguments, "tune_seed", least=0, most=_LARGEST_SEED),
        learn_from=_learn_from(arguments),
        failures=arguments.number("tune_failures", least=0),
        tuned_on=_choice(arguments, "tune_on", TUNED_ON),
    )
    _check_together(arguments, spec)
    return spec


def _task(arguments: Arguments) -> TaskSpec:
    """What each trial runs. In a tuning job AWS's toolkit starts the code: there is no other way."""
    task = task_spec(arguments)
    if arguments.required_text("tune_on") != "aws" or task.kind == "algorithm":
        return task
    if task.launched_by == "direct":
        raise UsageError(
            f"{arguments.flag('launch_by')} direct: in a tuning job of SageMaker's only AWS's toolkit can start the "
            "code. Drop the option."
        )
    return replace(task, launched_by="toolkit")


def _check_is_free(arguments: Arguments, name: str, task: TaskSpec) -> None:
    if name in task.hyperparameters:
        both = f"{arguments.hyperparameter(name)} gives {name!r} one value, and the search gives it others"
        raise UsageError(f"{both}: drop one of the two.")


def _number(arguments: Arguments, name: str, *, least: int = 1, most: int | None = None) -> int | None:
    return arguments.number(name, least=least, most=most) if name in arguments.uses else None


def _choice(arguments: Arguments, name: str, choices: Sequence[_Word]) -> _Word:
    word = arguments.required_text(name)
    for choice in choices:
        if word == choice:
            return choice
    begun = [choice for choice in choices if word and choice.startswith(word)]
    near = begun[0] if len(begun) == 1 else nearest(word, list(choices))
    guess = f" Did you mean {near}?" if near else ""
    raise UsageError(f"{arguments.flag(name)} {word!r} is not one of: {', '.join(choices)}.{guess}")


def _objective(arguments: Arguments, task: TaskSpec) -> tuple[str, Goal]:
    use, *others = arguments.each("tune_for")
    metric, word = use.texts()
    if others:
        raise UsageError(f"{others[0].flag} {others[0].texts()[0]}: the search is for {metric} already: keep one.")
    goal: Goal
    match word.lower():
        case "min" | "minimize":
            goal = "min"
        case "max" | "maximize":
            goal = "max"
        case "auto" if task.image.built_in:
            goal = _usual_goal(task, metric, use.flag)
        case _:
            raise UsageError(f"{use.flag} {metric} {word!r}: say min or max.")
    if task.image.built_in:
        from .built_in_space import check_objective

        check_objective(task, metric, goal, use.flag)
        return metric, goal
    known = [one.name for one in task.metrics]
    if metric not in known:
        near = nearest(metric, known)
        advice = f"Did you mean {near}?" if near else f"Define it: {define_metric(arguments, metric)}"
        raise UsageError(f"{use.flag} {metric}: there is no such metric.\n{advice}")
    return metric, goal


def _usual_goal(task: TaskSpec, metric: str, flag: str) -> Goal:
    """The better direction of a built-in algorithm's metric. Raises UsageError for a metric that is no objective."""
    from .built_in_space import direction

    return direction(task.image.built_in or "", metric, flag)


def _resource(arguments: Arguments) -> Resource | None:
    if "tune_resource" not in arguments.uses:
        return None
    use = arguments.each("tune_resource")[0]
    name, *limits = use.texts() or [""]
    try:
        least, most = (int(limit) for limit in limits)
    except ValueError:
        raise UsageError(f"{use.flag} {name} {' '.join(limits)}: MIN and MAX are whole numbers.") from None
    if not 1 <= least < most <= _LARGEST_RESOURCE:
        raise UsageError(
            f"{use.flag} {name} {least} {most}: MIN is at least 1 and less than MAX, which is at most "
            f"{_LARGEST_RESOURCE:,}."
        )
    return Resource(name=name, least=least, most=most)


def _target(arguments: Arguments) -> float | None:
    if "tune_target" not in arguments.uses:
        return None
    use: Use = arguments.each("tune_target")[0]
    text = text_of(use.flag, use.values[0])
    try:
        target = float(text)
    except ValueError:
        raise UsageError(f"{use.flag} takes a number, not {text!r}.") from None
    if not math.isfinite(target):
        raise UsageError(f"{use.flag} {text}: no objective is ever as good, or every one is. Give a number.")
    return target


def _learn_from(arguments: Arguments) -> str | None:
    task = arguments.text("tune_from")
    return None if task is None else check_task(arguments.flag("tune_from"), task)


def _check_together(arguments: Arguments, spec: TuneSpec) -> None:
    """Refuse what does not fit together."""
    by = f"{arguments.flag('tune_by')} {spec.strategy}"
    if spec.strategy == "hyperband" and spec.resource is None:
        raise UsageError(
            f"{by}: say which hyperparameter tells how long a trial runs, with "
            f"{arguments.advise('tune_resource')}, for example epochs 1 27."
        )
    if spec.strategy != "hyperband" and spec.resource is not None:
        raise UsageError(f"{arguments.flag('tune_resource')} is for hyperband, not for {by}: drop one.")
    if spec.strategy == "hyperband" and spec.stops_early:
        raise UsageError(f"{by} stops trials itself: drop {arguments.flag('tune_stop')}.")
    if spec.strategy == "bayesian" and spec.tuned_on == "client" and not bayesian.is_installed():
        raise UsageError(f"{by} needs Optuna, which is not installed: pip install optuna (the extra 'tune')")
    if spec.learn_from is not None and spec.strategy != "bayesian":
        raise UsageError(f"{arguments.flag('tune_from')}: {by} learns from no earlier trial; bayesian does.")
    if spec.learn_from == spec.place.task:
        raise UsageError(f"{arguments.flag('tune_from')} {spec.learn_from}: that is this task; name another.")
    if spec.tuned_on == "client" and not spec.task.wait:
        raise UsageError(
            f"{arguments.flag('no_wait')}: this command itself drives the search, so it has to stay.\n"
            f"{arguments.flag('tune_on')} aws has SageMaker drive it."
        )
    _check_size(arguments, spec)


def _check_size(arguments: Arguments, spec: TuneSpec) -> None:
    total = combinations(spec.space)
    if total is None and spec.strategy == "grid":
        endless = next(one for one in spec.space if one.count is None)
        raise UsageError(
            f"{arguments.flag('tune_by')} grid: {endless.name!r} has infinitely many values.\n"
            f"Give it steps, as in {_as_typed(endless)}/STEP, or a list 'a|b|c'."
        )
    if total is not None and spec.max_trials is not None and total < spec.max_trials:
        raise UsageError(
            f"{arguments.flag('tune_jobs')} {spec.max_trials}: the space has only {total} combinations of values.\n"
            "Ask for fewer trials, or give it larger ranges; 0..1 are whole numbers, 0.0..1.0 all between."
        )


def _as_typed(one: Range) -> str:
    return f"{getattr(one, 'low', '')}..{getattr(one, 'high', '')}"
