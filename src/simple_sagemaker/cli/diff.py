"""``ssm diff``: what differs between two jobs."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from ..core.durations import duration
from ..core.printable import clean, coloured
from ..jobs import cost, find_job
from ..jobs.metrics import number
from ..tasks import job_diff
from ..tasks.job_diff import JobDiff
from .printing import patiently, print_json, print_result, say
from .why import change_line

if TYPE_CHECKING:
    from ..core.job_specs import DiffSpec
    from ..core.services import Services


def diff(spec: DiffSpec, services: Services) -> int:
    """Print what differs between the two jobs; return 0, also where nothing does."""
    a, b = (patiently(spec, partial(find_job.resolve, spec.place, name, services)) for name in spec.jobs)
    note = partial(say, spec)
    places = [find_job.readable_place(one, spec.place.bucket_owner, services, note) for one in (a, b)]
    found = job_diff.diff(a.job, b.job, (places[0], places[1]), services, note)
    if spec.json:
        print_json(found)
    else:
        print_result("\n".join(_lines(found)))
    return 0


def _lines(found: JobDiff) -> list[str]:
    lines = [f"--- {found.a} ({found.status[0]})", f"+++ {found.b} ({found.status[1]})"]
    lines += [clean(change_line(change)).strip() for change in found.changes] or [
        "Made from the same, but for the code"
    ]
    lines += [f"{one.name}: {_value(one.a)} -> {_value(one.b)}" for one in found.metrics if one.a != one.b]
    if found.ran_s[0] != found.ran_s[1]:
        lines.append(f"ran: {_time(found.ran_s[0])} -> {_time(found.ran_s[1])}")
    if found.cost_usd[0] != found.cost_usd[1]:
        lines.append(f"cost: {_dollars(found.cost_usd[0])} -> {_dollars(found.cost_usd[1])}")
    lines += ["", *_code(found.code)] if found.code else ["The code is the same."]
    return lines


def _code(text: str) -> list[str]:
    return [coloured(line, _colour(line), sys.stdout) if _colour(line) else line for line in clean(text).splitlines()]


def _colour(line: str) -> str:
    if line.startswith(("+++", "---")):
        return "bold"
    return {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")


def _value(value: float | None) -> str:
    return "none" if value is None else number(value)


def _time(seconds: int | None) -> str:
    return "not at all" if seconds is None else duration(seconds)


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else cost.shown(amount)
