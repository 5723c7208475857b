"""What a job on AWS used and cost: seconds run and billed, what spot saved, and dollars where the price is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.job import Job, JobKind
from ..core.records import dataclass

if TYPE_CHECKING:
    from ..core.services import Services

_PRICED_S = 60  # billed on all hosts together; for less the price is not looked up
_HOUR_S = 3600
_DAY_S = 86_400  # the service's limit where a request has none


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Seconds of all hosts together, and the percentage that spot saved (None for on-demand jobs)."""

    hosts: int
    ran_s: int
    billed_s: int
    saved_percent: int | None


def usage(job: Job) -> Usage | None:
    """What an ended job used; None for one that never started, for which nothing is known or billed."""
    # Each host counts: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
    ran, billed = job.seconds or 0, job.billed_s or 0
    if min(ran, billed) < 1:  # where they are known they are at least 1
        return None
    saved = round((1 - billed / ran) * 100) if job.is_spot else None
    return Usage(hosts=job.hosts, ran_s=ran * job.hosts, billed_s=billed * job.hosts, saved_percent=saved)


def dollars(job: Job, services: Services, *, so_far_s: int | None = None) -> float | None:
    """The list price of a job's machines for the seconds billed, or for those of each host so far; None if unknown.

    Nothing is paid for jobs of this machine. A job that has not ended is not billed yet: spot may make it cheaper.
    """
    if services.engine != "aws" or not job.instance_type:
        return None
    seconds = job.billed_s if job.has_ended else so_far_s
    hourly = services.price(job.instance_type, job.kind) if seconds else None
    return None if hourly is None or not seconds else seconds * job.hosts * hourly / _HOUR_S


def shown(cost_usd: float) -> str:
    """An amount of dollars as people read it."""
    return f"${cost_usd:,.2f}" if cost_usd >= 0.005 else "<$0.01" if cost_usd > 0 else "$0.00"


def describe(job: Job, services: Services) -> str:
    """One line with what an ended job used and cost; "" where nothing is billed (on this machine, or never started).

    Dollars are the list price of the machines for the billed seconds, which account for what spot saved; they include
    neither disks nor a warm pool.
    """
    used = usage(job) if services.engine == "aws" else None
    if used is None:
        return ""
    verb = "trained" if job.kind == "training" else "processed"
    parts = [f"{used.ran_s:,} s {verb}", f"{used.billed_s:,} s billed"]
    if used.saved_percent is not None and used.saved_percent > 0:
        parts.append(f"{used.saved_percent} % saved by spot")
    if job.instance_type and used.billed_s >= _PRICED_S:
        parts += _dollars(used.billed_s, services.price(job.instance_type, job.kind))
    on = f" on {used.hosts} machines" if used.hosts > 1 else ""
    return f"Took{on}: {', '.join(parts)}"


def forecast(request: Mapping[str, Any], kind: JobKind, services: Services) -> str:
    """What a job costs an hour, and at most; empty where nothing is paid or no price is known."""
    machines = request.get("ResourceConfig") or request.get("ProcessingResources", {}).get("ClusterConfig", {})
    instance_type, count = machines.get("InstanceType"), machines.get("InstanceCount", 1)
    hourly = services.price(instance_type, kind) if services.engine == "aws" and instance_type else None
    if hourly is None:
        return ""
    longest_s = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY_S)
    most = hourly * count * (longest_s + machines.get("KeepAlivePeriodInSeconds", 0)) / _HOUR_S
    times = f"{count} x " if count > 1 else ""
    spot = "; spot is billed for less time" if request.get("EnableManagedSpotTraining") else ""
    return f"Price: ${hourly * count:,.3f} an hour ({times}{instance_type}), {shown(most)} at most{spot}"


def _dollars(seconds: int, hourly: float | None) -> list[str]:
    if hourly is None:
        return []
    dollars = seconds * hourly / _HOUR_S
    return [f"about ${dollars:,.2f}" if dollars >= 0.01 else "less than $0.01"]
