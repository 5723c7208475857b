"""``ssm metrics``: every value of a job's metrics; for people what they come to, and how they went."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..core.json_form import utc
from ..jobs import metric_values
from ..jobs.metrics import Point, Summary, best, number
from . import tables
from .chosen_job import choose
from .printing import csv_writer, print_json, print_result, say
from .tables import Column

if TYPE_CHECKING:
    from ..core.job_specs import MetricsSpec
    from ..core.services import Services

_COLUMNS = (
    Column("METRIC", gives_way=True),
    Column("VALUES", right=True),
    Column("FIRST", right=True),
    Column("NEWEST", right=True),
    Column("BEST"),
    Column("COURSE"),
)
_BARS = "▁▂▃▄▅▆▇█"
_POINTS = 30  # of a sparkline

_MOST_NAMES = 12


def metrics(spec: MetricsSpec, services: Services) -> int:
    """Print the values of a job's metrics; return 0, also where there are none."""
    listed = choose(spec, services)
    job = listed.job
    points = metric_values.points(job, services, lambda text: say(spec, text), spec.step_regex)
    if spec.csv:
        _print_csv(points)
    elif spec.json:
        print_json(list(points))
    else:
        found = list(points)
        if found:
            print_result(_table(found, list(job.metrics)))
        elif job.metrics:
            say(spec, f"The lines of {job.name} have no value of a metric yet: {_some(list(job.metrics))}.")
        else:
            say(spec, f"{job.name} defines no metric: --metric_definitions NAME REGEX (--md) does, when it is run.")
    return 0


def _print_csv(points: Iterable[Point]) -> None:
    rows = csv_writer()
    rows.writerow(("time", "host", "metric", "number", "step", "value"))
    for one in points:
        step = "" if one.step is None else number(one.step)
        rows.writerow((utc(one.time), f"algo-{one.host}", one.metric, one.number, step, repr(one.value)))
    sys.stdout.flush()


def _table(points: Sequence[Point], names: Sequence[str]) -> str:
    lines = []
    for name in names:
        mine = [one for one in points if one.metric == name]
        if not mine:
            continue
        summary = Summary()
        for one in mine:
            summary.add(one.value)
        first, newest = number(mine[0].value), number(summary.last)
        lines.append([name, f"{summary.count:,}", first, newest, best(name, summary), sparkline(_course(mine))])
    return tables.table(_COLUMNS, lines, width=tables.terminal_width())


def _course(points: Sequence[Point]) -> list[float]:
    """The mean over the hosts of the first values, of the second ones, and so on."""
    by_number: dict[int, list[float]] = {}
    for one in points:
        by_number.setdefault(one.number, []).append(one.value)
    return [sum(values) / len(values) for _, values in sorted(by_number.items())]


def sparkline(values: Sequence[float], width: int = _POINTS) -> str:
    """Values as small bars, at most ``width`` of them; nothing for fewer than two, a blank for what is not finite."""
    if len(values) < 2:
        return ""
    count = min(width, len(values))
    parts = [values[index * len(values) // count : (index + 1) * len(values) // count] for index in range(count)]
    means = [sum(part) / len(part) for part in parts]
    finite = [mean for mean in means if abs(mean) < float("inf")]  # NaN is not
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    span = high / 2 - low / 2  # halves, since the difference of two large numbers may be too large for a float
    top = len(_BARS) - 1
    return "".join(
        _BARS[min(top, round((mean / 2 - low / 2) / (span or 1.0) * top))] if abs(mean) < float("inf") else " "
        for mean in means
    )


def _some(names: list[str]) -> str:
    """The names of metrics; of many the first, for a built-in algorithm has dozens."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
