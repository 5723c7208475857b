"""What watches a script: rules from their words (``loss > 100``, ``loss stalls 10``, ``silent 20m``), a profiler."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Final, Literal

from ..core.rules import Rule, RuleAction, RuleKind
from ..core.specs import Profiler, TaskSpec
from ..core.spelling import nearest
from ..errors import UsageError
from .arguments import Arguments, hyperparameter_advice
from .key_values import define_metric
from .launcher import refuse_image_program, refuse_toolkit

ACTIONS: Final[tuple[tuple[str, RuleAction], ...]] = (("fail_if", "fail"), ("end_if", "end"), ("warn_if", "warn"))
_MOST: Final = 20
_LONGEST: Final = 200
_NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NAME: Final = r"[^\s<>=]+"
_COMPARE: Final = re.compile(rf"({_NAME})\s*(>=|<=|>|<)\s*({_NUMBER})(?:\s+for\s+(\d+))?")
_DIFFERENCE: Final = re.compile(rf"({_NAME})\s+-\s+({_NAME})\s*(>=|<=|>|<)\s*({_NUMBER})(?:\s+for\s+(\d+))?")
_TREND: Final = re.compile(rf"({_NAME})\s+(stalls|rises|falls)\s+(\d+)(?:\s+(min|max))?")
_SILENT: Final = re.compile(r"silent\s+(\d+)\s*([smh])")
_GPU: Final = re.compile(r"gpu\s+idle\s+(\d+)\s*([smh])")
_PART: Final = re.compile(rf"(mem|memory|disk)\s*>\s*({_NUMBER})\s*%")
_TRENDS: Final[dict[str, RuleKind]] = {"stalls": "stalls", "rises": "rises", "falls": "falls"}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_FORMS: Final = (
    "Rules are: nan, METRIC > NUMBER [for COUNT], METRIC stalls COUNT, METRIC rises COUNT, METRIC falls COUNT, "
    "METRIC - METRIC > NUMBER [for COUNT], silent 20m, gpu idle 15m, mem > 95%, disk > 95%."
)


def rules(arguments: Arguments, task: TaskSpec) -> tuple[Rule, ...]:
    """The rules, in the order of their options. Raises UsageError for one that is none, or cannot be judged."""
    found = [
        _read(arguments, use.flag, text, action, task)
        for option, action in ACTIONS
        for use in arguments.each(option)
        for text in use.texts()
    ]
    if not found:
        return ()
    flag = next(arguments.flag(option) for option, _ in ACTIONS if arguments.each(option))
    refuse_image_program(flag, task, "judge")
    refuse_toolkit(arguments, flag, task, "judges rules")
    if len(found) > _MOST:
        raise UsageError(f"{len(found)} rules; a job can have {_MOST}.")
    several = next((rule for rule in found if rule.action == "end"), None)
    if several is not None and task.instances.count > 1:
        raise UsageError(
            f"{arguments.flag('end_if')} {several.text!r}: each host judges its own lines, and the other "
            f"{task.instances.count - 1} would go on or fail. Use {arguments.flag('fail_if')}, which ends all of them."
        )
    return tuple(found)


def profiler(arguments: Arguments, task: TaskSpec) -> Profiler:
    """What profiles the script. Raises UsageError for what is none, and for code that cannot be profiled."""
    flag, choice = arguments.flag("profile_with"), arguments.text("profile_with")
    if choice not in ("cprofile", "torch"):
        raise UsageError(f"{flag} {choice!r}: choose cprofile or torch.{hyperparameter_advice(flag, str(choice))}")
    refuse_image_program(flag, task, "profile it")
    if not (task.code.entry_point or "").endswith(".py"):
        raise UsageError(f"{flag} profiles a Python file, and this task runs {task.code.entry_point!r}.")
    refuse_toolkit(arguments, flag, task, "profiles")
    return "cprofile" if choice == "cprofile" else "torch"


def _read(arguments: Arguments, flag: str, text: str, action: RuleAction, task: TaskSpec) -> Rule:
    what = f"{flag} {text!r}"
    if len(text) > _LONGEST:
        raise UsageError(f"{flag}: a rule has at most {_LONGEST} characters.")
    words = " ".join(text.split())
    rule = _metric_rule(arguments, what, words, action, task) or _other_rule(what, words, action)
    if rule is None:
        raise UsageError(f"{what} is no rule.\n{_FORMS}")
    return rule


def _other_rule(what: str, words: str, action: RuleAction) -> Rule | None:
    timed: tuple[tuple[re.Pattern[str], RuleKind], ...] = ((_SILENT, "silent"), (_GPU, "gpu_idle"))
    for pattern, kind in timed:
        if match := pattern.fullmatch(words):
            seconds = int(match.group(1)) * _UNITS[match.group(2)]
            if not seconds:
                raise UsageError(f"{what}: give it some time, as in 20m.")
            return Rule(action=action, text=words, kind=kind, seconds=float(seconds))
    if match := _PART.fullmatch(words):
        percent = float(match.group(2))
        if not 0 < percent < 100:
            raise UsageError(f"{what}: a part is above 0 and below 100 %.")
        return Rule(action=action, text=words, kind="disk" if match.group(1) == "disk" else "memory", value=percent)
    return None


def _metric_rule(arguments: Arguments, what: str, words: str, action: RuleAction, task: TaskSpec) -> Rule | None:
    known = [one.name for one in task.metrics]
    if words == "nan":
        if not known:
            flag = arguments.spelled("metric_definitions")
            raise UsageError(f"{what} looks at the values of metrics: define one with {flag}.")
        return Rule(action=action, text=words, kind="nan")
    if match := _DIFFERENCE.fullmatch(words):
        one, other, operator, number, count = match.groups()
        for name in (one, other):
            _check_metric(arguments, what, name, known)
        return Rule(
            action=action, text=words, kind="difference", metric=one, other=other, operator=operator,
            value=_finite(what, number), count=_count(what, count or "1"),
        )  # fmt: skip
    if match := _TREND.fullmatch(words):
        name, word, count, direction = match.groups()
        _check_metric(arguments, what, name, known)
        if direction is not None and word != "stalls":
            raise UsageError(f"{what}: min and max belong to a rule with stalls.")
        kind: RuleKind = _TRENDS[word]
        chosen = _goal(what, name, direction) if kind == "stalls" else None
        return Rule(
            action=action, text=words, kind=kind, metric=name, count=_count(what, count), goal=chosen,
        )  # fmt: skip
    if match := _COMPARE.fullmatch(words):
        name, operator, number, count = match.groups()
        if name in {"mem", "memory", "disk"} and name not in known:
            return None
        _check_metric(arguments, what, name, known)
        return Rule(
            action=action, text=words, kind="compare", metric=name, operator=operator, value=_finite(what, number),
            count=_count(what, count or "1"),
        )  # fmt: skip
    return None


def _check_metric(arguments: Arguments, what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        near = nearest(name, known)
        guess = f"Did you mean {near}?" if near else f"Define it: {define_metric(arguments, name)}"
        raise UsageError(f"{what}: there is no metric {name!r}.\n{guess}")


def _goal(what: str, name: str, direction: str | None) -> Literal["min", "max"]:
    """Which direction is better: as it was said, else by the metric's name."""
    if direction is not None:
        return "min" if direction == "min" else "max"
    from ..jobs.metrics import lower_is_better

    lower = lower_is_better(name)
    if lower is None:
        raise UsageError(f"{what}: say which direction is better: '… min' or '… max'.")
    return "min" if lower else "max"


def _finite(what: str, number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise UsageError(f"{what}: {number} is too large a number.")
    return value


def _count(what: str, text: str) -> int:
    count = int(text)
    if not 1 <= count <= 1_000_000:
        raise UsageError(f"{what}: a count is at least 1, and at most a million.")
    return count
