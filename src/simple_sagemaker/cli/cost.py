"""``ssm cost``: what jobs used and cost, added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.durations import duration
from ..jobs import catalog, cost_report
from ..jobs.catalog import Query
from ..jobs.cost import shown
from ..jobs.cost_report import CostRow
from . import tables
from .printing import patiently, print_json, print_result, say
from .tables import Column

if TYPE_CHECKING:
    from ..core.job_specs import CostSpec
    from ..core.services import Services

_HEADINGS = ("JOBS", "TRAINED", "BILLED", "SAVED", "STARTING", "AGAIN", "WARM", "COST", "SAVED $", "WARM $")


def cost(spec: CostSpec, services: Services) -> int:
    """Print what the jobs come to; return 0, also where there are none."""
    query = Query(place=spec.place, since=spec.since)
    listed = patiently(spec, lambda: catalog.newest(query, services))
    rows = cost_report.add_up(listed, spec.by, services)
    if spec.json:
        print_json(rows)
        return 0
    if not rows:
        say(spec, "There is no job whose cost could be added up.")
        return 0
    print_result(_table(spec, rows, is_paid=services.jobs is None))
    if services.jobs is not None:
        say(spec, "Times of all hosts together; jobs on this machine cost nothing", colour="dim")
    elif any(row.cost_usd is None for row in rows):
        say(spec, "Without a price: AWS's price list did not answer (it needs pricing:GetProducts); times are complete")
    else:
        say(
            spec,
            "Times are of all machines together; list prices in dollars, without disks and transfers",
            colour="dim",
        )
    return 0


def _table(spec: CostSpec, rows: Sequence[CostRow], *, is_paid: bool) -> str:
    heading = {"task": "TASK", "type": "ON", "day": "DAY"}[spec.by]
    columns = [Column(heading, gives_way=True), *(Column(one, right=True) for one in _HEADINGS)]
    whole = [cost_report.total(rows)] if len(rows) > 1 else []
    return tables.table(
        columns, [_line(spec, row, is_paid=is_paid) for row in (*rows, *whole)], width=tables.terminal_width()
    )


def _line(spec: CostSpec, row: CostRow, *, is_paid: bool) -> list[str]:
    billed_h, saved_h = (row.billed_h, row.saved_h) if is_paid else (0.0, 0.0)
    hours = [row.ran_h, billed_h, saved_h, row.starting_h, row.again_h, row.warm_h]
    dollars = [row.cost_usd, row.saved_usd, row.warm_usd]
    name = row.name.removeprefix(f"{spec.place.project}/") if spec.by == "task" and spec.place.project else row.name
    return [
        name,
        f"{row.jobs:,}",
        *(duration(one * 3600) if one * 3600 >= 0.5 else "" for one in hours),
        *(shown(one) if one else "" for one in dollars),
    ]
