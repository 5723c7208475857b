"""The space of a search over a built-in algorithm's hyperparameters: its recommended ranges, its own metrics."""

from __future__ import annotations

from ..built_ins.algorithms import algorithm
from ..core.records import replace
from ..core.specs import TaskSpec
from ..core.spelling import nearest
from ..errors import UsageError
from ..tuning.goal import Goal
from ..tuning.ranges import Categorical, Range

AUTO = "auto"
OBJECTIVE = "_tuning_objective_metric"


def recommended(built_in: str, name: str, flag: str) -> str:
    """The words of the range that AWS recommends for a hyperparameter. Raises UsageError where it has none."""
    facts = algorithm(built_in.partition(":")[0])
    if name in facts.tunable:
        return facts.tunable[name]
    near = nearest(name, facts.tunable)
    known = f"there are ranges for {', '.join(facts.tunable)}." if facts.tunable else "it recommends none."
    raise UsageError(
        f"{flag} {name} {AUTO}: AWS recommends no range of it for {facts.name}; "
        f"{f'did you mean {near}?' if near else known}"
    )


def check_space(built_in: str, ranges: tuple[Range, ...]) -> None:
    """Raise UsageError for a range with values that the algorithm refuses."""
    facts = algorithm(built_in.partition(":")[0])
    for one in ranges:
        name = facts.other_names.get(one.name, one.name)
        if name not in facts.hyperparameters:
            continue  # refused with the hyperparameters that are no ranges
        known = facts.hyperparameters[name]
        ends = one.values if isinstance(one, Categorical) else (str(one.low), str(one.high))
        for end in ends:
            if why := known.objection(end):
                auto = facts.tunable.get(name)
                raise UsageError.naming(
                    "{hp_space:name} {range}: {end!r} {why}.\n"
                    + ("Write: {hp_space:name} '{auto}'" if auto else "{takes}"),
                    name=one.name,
                    range="|".join(ends) if isinstance(one, Categorical) else "..".join(ends),
                    end=end,
                    why=why,
                    auto=auto,
                    takes=f"It is {known.range}.",
                )


def direction(built_in: str, metric: str, flag: str) -> Goal:
    """Which values of an algorithm's objective are better. Raises UsageError for what it cannot be tuned for."""
    facts = algorithm(built_in.partition(":")[0])
    if metric in facts.metrics:
        return facts.metrics[metric]
    if not facts.metrics:
        raise UsageError(
            f"{flag} {metric}: {facts.name} has no metric that it could be tuned for. Run it once: ssm run"
        )
    plain = f"validation:{metric}"
    near = plain if plain in facts.metrics else nearest(metric, facts.metrics)
    if near is None and metric.startswith("train:"):
        near = (
            f"validation:{metric.partition(':')[2]}"
            if f"validation:{metric.partition(':')[2]}" in facts.metrics
            else None
        )
    known = f"Write: {flag} {near} {facts.metrics[near]}" if near else f"There are: {', '.join(facts.metrics)}."
    raise UsageError(f"{flag} {metric}: {facts.name} cannot be tuned for it.\n{known}")


def check_objective(task: TaskSpec, metric: str, goal: Goal, flag: str) -> None:
    """Raise UsageError for an objective that the algorithm does not have, or would have turned round."""
    usual = direction(task.image.built_in or "", metric, flag)
    if goal != usual:
        better = "small" if usual == "min" else "large"
        raise UsageError(f"{flag} {metric} {goal}: it is better when it is {better}. Write: {flag} {metric} {usual}")
    part = metric.partition(":")[0]
    if part in {"validation", "test"} and part not in {one.name for one in task.inputs}:
        raise UsageError.naming(
            "{tune_for:metric}: without a channel {channel!r} there is no such value.\n"
            "Add: {input_local} {channel} PATH, or: {input_s3} {channel} s3://BUCKET/KEY",
            metric=metric,
            channel=part,
        )


def with_objective(task: TaskSpec, metric: str) -> TaskSpec:
    """The task of trials that this command starts, which are told the objective as a tuning job's are.

    By that XGBoost evaluates it beside its other metrics, and stops early by it.
    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
    """
    return replace(task, hyperparameters={**task.hyperparameters, OBJECTIVE: metric})
