"""``ssm ls``: the jobs that there are, one line each, newest first."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..core.durations import age, duration
from ..core.instance_types import is_local
from ..errors import UsageError
from ..jobs import catalog, live_text
from ..jobs.catalog import Query
from ..jobs.rows import JobRow, rows
from . import tables
from .printing import patiently, print_json, print_result, say
from .tables import Column

if TYPE_CHECKING:
    from ..core.job_specs import ListSpec
    from ..core.services import Services

_COLUMNS = (
    Column("PROJECT"),
    Column("TASK", gives_way=True),
    Column("TRIAL", right=True),
    Column("JOB"),
    Column("STATUS", gives_way=True),
    Column("ON", gives_way=True),
    Column("AGE", right=True),
    Column("RAN", right=True),
    Column("COST", right=True),
    Column("METRIC", gives_way=True),
)
_COLOURS = {"Completed": "", "Failed": "red", "Stopped": "yellow"}
_RUNNING = "green"
_AWS_WATCH_S, _LOCAL_WATCH_S = 10.0, 1.0  # between two looks, within the quotas of AWS's API


def ls(spec: ListSpec, services: Services) -> int:
    """Print the jobs that the spec chooses; return 0, also where there are none."""
    if spec.watch:
        return _watch(spec, services)
    found, more = _rows(spec, services)
    if spec.json:
        print_json(found)
    elif found:
        print_result(_table(spec, found, services, tables.terminal_width()))
    else:
        say(spec, _nothing(spec))
    if more:
        say(spec, f"The {spec.limit} newest; --limit {spec.limit * 5} shows more", colour="dim")
    return 0


def _rows(spec: ListSpec, services: Services) -> tuple[list[JobRow], bool]:
    """The rows to show, and whether there are more jobs than these."""
    query = Query(place=spec.place, chosen=spec.chosen, since=spec.since)
    listed = patiently(spec, lambda: catalog.newest(query, services, spec.limit + 1))
    return rows(listed[: spec.limit], services), len(listed) > spec.limit


def _watch(spec: ListSpec, services: Services) -> int:
    """Show the table again and again, until Ctrl-C."""
    if not sys.stdout.isatty():
        raise UsageError("ssm ls: --watch redraws a terminal, and the output goes elsewhere: leave it out.")
    pause_s = _LOCAL_WATCH_S if services.jobs else _AWS_WATCH_S
    try:
        with live_text.redrawn() as show:
            while True:
                found, _ = _rows(spec, services)
                show(_table(spec, found, services, tables.terminal_width()) if found else _nothing(spec))
                time.sleep(pause_s)
    except KeyboardInterrupt:
        return 0


def _table(spec: ListSpec, found: Sequence[JobRow], services: Services, width: int | None) -> str:
    now, is_here = services.now(), services.jobs is not None
    lines = [_line(spec, row, now, is_here=is_here) for row in found]
    return tables.table(_COLUMNS, lines, width=width, colours=[_COLOURS.get(row.status, _RUNNING) for row in found])


def _line(spec: ListSpec, row: JobRow, now: datetime, *, is_here: bool) -> list[str]:
    from ..jobs import cost
    from ..jobs.metrics import number

    return [
        row.project if spec.place.project == "" else "",
        row.task,
        "" if row.trial is None else str(row.trial),
        row.short_name,
        f"{row.status}: {row.condition}" if row.condition else row.status,
        _machines(row, is_here=is_here),
        age((now - row.created).total_seconds()),
        "" if row.ran_s is None else duration(row.ran_s),
        "" if row.cost_usd is None else cost.shown(row.cost_usd),
        f"{row.metric.name} {number(row.metric.value)}" if row.metric else "",
    ]


def _machines(row: JobRow, *, is_here: bool) -> str:
    """On what a job runs: ``2 ml.g5.xlarge spot``, or ``local``."""
    name = "local" if is_here else row.instance_type or "several types"
    spot = " spot" if row.is_spot and not is_local(name) else ""
    return f"{row.hosts} {name}{spot}" if row.hosts > 1 else f"{name}{spot}"


def _nothing(spec: ListSpec) -> str:
    place = spec.place
    of = f" of task {place.task!r}" if place.task else ""
    of += f" of project {place.project!r}" if place.project else ""
    what = {"all": "job", "running": "running job", "failed": "failed job"}[spec.chosen]
    since = f" since {spec.since:%Y-%m-%d %H:%M} UTC" if spec.since else ""
    return f"There is no {what}{of}{since}."
