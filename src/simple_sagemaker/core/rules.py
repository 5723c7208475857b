"""Metrics and rules of a job, as values. What judges rules in a job is in ``payload/ssm_launcher/rules.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from .records import asdict, dataclass

RuleAction = Literal["fail", "end", "warn"]
RuleKind = Literal["compare", "difference", "rises", "falls", "stalls", "nan", "silent", "gpu_idle", "memory", "disk"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric's name and the regular expression whose first group matches its value in the logs."""

    name: str
    regex: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that is judged inside the job: what it does when it is met, and when that is.

    ``text`` is as it was typed. Of ``kind`` are: compare and difference (``operator`` and ``value``, ``count`` times in
    a row), rises, falls and stalls (``count`` values; ``goal`` is the better direction), nan; silent and gpu_idle
    (``seconds``); memory and disk (``value`` in percent).
    """

    action: RuleAction
    text: str
    kind: RuleKind
    metric: str | None = None
    other: str | None = None
    operator: str | None = None
    value: float | None = None
    count: int = 1
    seconds: float | None = None
    goal: Literal["min", "max"] | None = None


def written(rules: Sequence[Rule], metrics: Sequence[Metric]) -> dict[str, Any]:
    """What ``run.json`` has of the rules, with the regular expressions of the metrics; nothing without rules."""
    if not rules:
        return {}
    shown = [{name: value for name, value in asdict(one).items() if value is not None} for one in rules]
    return {"rules": shown, **written_metrics(metrics)}


def written_metrics(metrics: Sequence[Metric]) -> dict[str, Any]:
    """What ``run.json`` has of the metrics, for whatever looks for them in the job."""
    return {"metrics": {one.name: one.regex for one in metrics}}
