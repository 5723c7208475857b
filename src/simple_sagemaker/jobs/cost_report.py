"""What many jobs used and cost, added up: machine-hours trained, saved, spent on starting, done again, kept warm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timezone
from typing import TYPE_CHECKING

from ..core.records import dataclass
from . import timeline

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.job_specs import CostBy
    from ..core.services import Services
    from .catalog import Listed

_HOUR_S = 3600
_UNPAID = frozenset({"Starting", "Pending", "Interrupted", "Restarting"})
_WORKS = frozenset({"Training", "Processing"})


@dataclass(kw_only=True)
class CostRow:
    """What the jobs of one task, type or day come to. Hours are of machines: a job's times the number of its hosts.

    ``ran_h`` is what they ran, ``billed_h`` what of that is billed (so far, for those that run), ``saved_h`` what spot
    saved of it. ``starting_h`` is what passed before the code ran. ``again_h`` is what starts ran that were
    interrupted: at most so much was done twice. ``warm_h`` is what machines were kept for a next job. Dollars are list
    prices of the machines for what is billed, was saved, and was kept warm; None where no price is known for some.
    """

    name: str
    jobs: int = 0
    ran_h: float = 0.0
    billed_h: float = 0.0
    saved_h: float = 0.0
    starting_h: float = 0.0
    again_h: float = 0.0
    warm_h: float = 0.0
    cost_usd: float | None = 0.0
    saved_usd: float | None = 0.0
    warm_usd: float | None = 0.0

    def add(self, job: Job, services: Services) -> None:
        """Add a job."""
        now = services.now()
        ran_s = timeline.ran_s(job, now) or 0
        billed_s = job.billed_s if job.has_ended and job.billed_s is not None else ran_s
        saved_s = max(0, ran_s - billed_s) if job.is_spot else 0
        warm_s = (job.answer.get("WarmPoolStatus") or {}).get("ResourceRetainedBillableTimeInSeconds") or 0
        hours = job.hosts / _HOUR_S
        self.jobs += 1
        self.ran_h += ran_s * hours
        self.billed_h += billed_s * hours
        self.saved_h += saved_s * hours
        self.starting_h += _starting_s(job, services) * hours
        self.again_h += _again_s(job, services) * hours
        self.warm_h += warm_s * hours
        price = _price(job, services) if ran_s or warm_s else 0.0
        self.cost_usd = _sum(self.cost_usd, price, billed_s * hours)
        self.saved_usd = _sum(self.saved_usd, price, saved_s * hours)
        self.warm_usd = _sum(self.warm_usd, price, warm_s * hours)


def _sum(so_far: float | None, price: float | None, hours: float) -> float | None:
    return None if so_far is None or (price is None and hours) else so_far + (price or 0.0) * hours


def _price(job: Job, services: Services) -> float | None:
    """Dollars an hour of a job's machines; None where unknown. Jobs of this machine cost nothing, and have no price."""
    return services.price(job.instance_type, job.kind) if services.engine == "aws" and job.instance_type else None


def _starting_s(job: Job, services: Services) -> float:
    """The seconds before the code ran, of every start."""
    now, total = services.now(), 0.0
    for phase in timeline.timeline(job):
        if phase.name in _WORKS or phase.name in {"Uploading", "Stopping"}:
            continue
        total += phase.seconds(now)
    return total


def _again_s(job: Job, services: Services) -> float:
    """The seconds that the code ran in starts which were interrupted."""
    now, total, last = services.now(), 0.0, 0.0
    for phase in timeline.timeline(job):
        if phase.name in _WORKS:
            last += phase.seconds(now)
        elif phase.name in _UNPAID - {"Starting", "Pending"}:
            total, last = total + last, 0.0
    return total


def add_up(listed: Iterable[Listed], by: CostBy, services: Services) -> list[CostRow]:
    """A row for each task, type of machine or day (UTC) of jobs, the dearest first; days in their order."""
    rows: dict[str, CostRow] = {}
    several = set()
    for one in listed:
        several.add(one.project)
        name = _name(one, by, services)
        rows.setdefault(name, CostRow(name=name)).add(one.job, services)
    if by == "day":
        return [rows[name] for name in sorted(rows)]
    return sorted(rows.values(), key=lambda row: (-(row.cost_usd or 0.0), -row.billed_h, row.name))


def _name(one: Listed, by: CostBy, services: Services) -> str:
    if by == "type":
        kind = "this machine" if services.jobs is not None else one.job.instance_type or "several types"
        return f"{kind} spot" if one.job.is_spot and services.jobs is None else kind
    if by == "day":
        return f"{one.job.created.astimezone(timezone.utc):%Y-%m-%d}"
    return f"{one.project}/{one.task}"


def total(rows: Iterable[CostRow]) -> CostRow:
    """The sum of all rows."""
    whole = CostRow(name="total")
    for row in rows:
        whole.jobs += row.jobs
        for name in ("ran_h", "billed_h", "saved_h", "starting_h", "again_h", "warm_h"):
            setattr(whole, name, getattr(whole, name) + getattr(row, name))
        for name in ("cost_usd", "saved_usd", "warm_usd"):
            mine, more = getattr(whole, name), getattr(row, name)
            setattr(whole, name, None if mine is None or more is None else mine + more)
    return whole
