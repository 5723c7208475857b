"""The values of a job's metrics, found in its lines as the service finds them, and what they come to.

The service itself shows the last value of each, once the job has ended.
https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
"""

from __future__ import annotations

import contextlib
import csv
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import NamedTuple, TextIO

from ..core.cpu_limit import TooSlow, compile_regex, cpu_limit
from ..core.json_form import utc
from ..core.records import dataclass
from .logs import Event, host_number

_SLOWEST_S = 0.5  # of computing, for one metric in the lines that arrived at once
# parts of metrics' names by which lower or higher values are known to be better
_LOWER = frozenset({
    *("loss", "error", "err", "rmse", "rmsle", "mae", "mse", "mape", "nll", "bce", "cost", "perplexity", "ppl"),
    *("wer", "cer", "ter", "fid", "kl", "logloss", "mlogloss", "merror", "latency", "deviance", "nloglik", "regret"),
})  # fmt: skip
_HIGHER = frozenset({
    *("acc", "accuracy", "auc", "aucpr", "auroc", "f1", "precision", "recall", "ap", "map", "ndcg", "mrr", "bleu"),
    *("rouge", "meteor", "r2", "iou", "miou", "dice", "kappa", "mcc", "reward", "return", "score", "psnr", "ssim"),
    *("hits", "top1", "top5", "throughput", "specificity", "sensitivity"),
})  # fmt: skip


class Value(NamedTuple):
    """A metric's value, and the index of the line that it stands in."""

    line: int
    metric: str
    value: float


class Search:
    """Finds values in lines. ``dropped`` are the metrics that are not looked for, each with the reason."""

    def __init__(self, regexes: Mapping[str, str]) -> None:
        self.dropped: dict[str, str] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        for name, regex in regexes.items():
            try:
                self._patterns[name] = compile_regex(regex)
            except re.error as error:
                self.dropped[name] = f"its regular expression is not one for Python: {error}"

    def find(self, lines: Sequence[str]) -> list[Value]:
        """The values in some lines, in their order; text that is no number is passed over, as by the service.

        A metric whose expression computes for too long is dropped.
        """
        values: list[Value] = []
        for name, pattern in list(self._patterns.items()):
            try:
                with cpu_limit(_SLOWEST_S):
                    values += _values_of(name, pattern, lines)
            except TooSlow:
                del self._patterns[name]
                self.dropped[name] = f"its regular expression computed for more than {_SLOWEST_S} s"
        values.sort(key=lambda value: value.line)
        return values


def _values_of(name: str, pattern: re.Pattern[str], lines: Sequence[str]) -> list[Value]:
    values = []
    for number, line in enumerate(lines):
        for match in pattern.finditer(line):
            try:
                value = float(match.group(1) if pattern.groups else match.group())
            except (TypeError, ValueError):
                continue
            values.append(Value(number, name, value))
    return values


@dataclass
class Summary:
    """What the values of a metric come to; ``lowest`` and ``highest`` of the finite ones, None without any."""

    count: int = 0
    last: float = math.nan
    lowest: float | None = None
    highest: float | None = None

    def add(self, value: float) -> None:
        """Take one more value."""
        self.count += 1
        self.last = value
        if math.isfinite(value):
            self.lowest = value if self.lowest is None else min(self.lowest, value)
            self.highest = value if self.highest is None else max(self.highest, value)


class Metrics:
    """The summaries of a job's metrics, from lines as they come."""

    def __init__(self, regexes: Mapping[str, str]) -> None:
        self.summaries: dict[str, Summary] = {}
        self._search = Search(regexes)
        self._reported: set[str] = set()

    def read(self, lines: Sequence[str]) -> bool:
        """Look for values in lines; return whether there were any."""
        values = self._search.find(lines)
        for _, name, value in values:
            self.summaries.setdefault(name, Summary()).add(value)
        return bool(values)

    @property
    def newest(self) -> dict[str, float]:
        """The newest value of each metric that has any."""
        return {name: summary.last for name, summary in self.summaries.items()}

    def new_problems(self) -> list[str]:
        """A line about each metric that is not looked for, once."""
        news = {name: reason for name, reason in self._search.dropped.items() if name not in self._reported}
        self._reported |= news.keys()
        return [f"The metric {name} is not looked for in the lines: {reason}" for name, reason in news.items()]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One value of a metric: when and on which host its line was printed, and the how manieth of the host it is.

    ``number`` is counted from 1 and goes on when the host is started again; ``step`` is what the lines themselves say.
    """

    time: datetime
    host: int
    metric: str
    number: int
    step: float | None
    value: float


class Points:
    """Finds the values in a job's lines, in their order. ``step_regex`` finds the steps, each valid until the next."""

    def __init__(self, regexes: Mapping[str, str], step_regex: str | None = None) -> None:
        self.search = Search(regexes)
        self._step = compile_regex(step_regex) if step_regex is not None else None
        self._steps: dict[int, float] = {}
        self._numbers: Counter[tuple[int, str]] = Counter()

    def find(self, host: int, events: Sequence[Event]) -> list[Point]:
        """The values in some events of a host, which come after those of the calls before."""
        steps = self._steps_of(host, events) if self._step else None
        points = []
        for line, name, value in self.search.find([event.line for event in events]):
            self._numbers[host, name] += 1
            points.append(
                Point(
                    time=datetime.fromtimestamp(events[line].at_ms / 1000, tz=timezone.utc),
                    host=host,
                    metric=name,
                    number=self._numbers[host, name],
                    step=steps[line] if steps else None,
                    value=value,
                )
            )
        return points

    def _steps_of(self, host: int, events: Sequence[Event]) -> list[float | None]:
        """The step at each line: its own, else that of the last line which had one."""
        steps: list[float | None] = []
        for event in events:
            match = self._step.search(event.line) if self._step else None
            if match:
                with contextlib.suppress(TypeError, ValueError):
                    self._steps[host] = float(match.group(1) if match.re.groups else match.group())
            steps.append(self._steps.get(host))
        return steps


class Table:
    """Every value in a job's streams, as CSV: ``time`` (UTC), ``host``, ``metric``, ``number``, ``value``."""

    def __init__(self, regexes: Mapping[str, str], out: TextIO) -> None:
        self._points = Points(regexes)
        self._rows = csv.writer(out)
        self._rows.writerow(("time", "host", "metric", "number", "value"))

    def add(self, stream: str, page: Sequence[Event]) -> None:
        """Write the values in some events of a stream."""
        for point in self._points.find(host_number(stream), page):
            self._rows.writerow((utc(point.time), f"algo-{point.host}", point.metric, point.number, repr(point.value)))


def best(name: str, summary: Summary) -> str:
    """The best value of a metric, in words; its range where its name does not tell which is better."""
    if summary.count < 2 or summary.lowest is None or summary.highest is None:
        return ""
    lower = lower_is_better(name)
    if lower is not None:
        return f"{number(summary.lowest)} (lowest)" if lower else f"{number(summary.highest)} (highest)"
    shown = number(summary.lowest)
    return shown if summary.lowest == summary.highest else f"{shown} to {number(summary.highest)}"


def lower_is_better(name: str) -> bool | None:
    """Whether lower values of a metric are better, as its name tells; None where it tells nothing."""
    parts = set(re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()))
    lower, higher = bool(parts & _LOWER), bool(parts & _HIGHER)
    return None if lower == higher else lower


def number(value: float) -> str:
    """A value as people read it: six digits."""
    return f"{value:.6g}"
