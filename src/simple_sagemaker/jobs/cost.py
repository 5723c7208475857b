"""What a job on AWS took: seconds trained and billed, what spot saved, and dollars where the price is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.job import Job

if TYPE_CHECKING:
    from ..core.services import Services

_WORTH_ASKING_S = 60  # billed on all hosts together; the price of less is not asked for
_HOUR_S = 3600


@dataclass(frozen=True, kw_only=True)
class Spent:
    """The seconds of all hosts together, and the part that spot saved, in percent; None where there is none."""

    hosts: int
    ran_s: int
    billed_s: int
    saved_percent: int | None


def spent(job: Job) -> Spent | None:
    """What an ended job took; None for one that never started, because nothing is known then and nothing billed."""
    # Each host counts: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
    ran, billed = job.seconds or 0, job.billed_s or 0
    if min(ran, billed) < 1:  # where they are known they are at least 1
        return None
    saved = round((1 - billed / ran) * 100) if job.is_spot else None
    return Spent(hosts=job.hosts, ran_s=ran * job.hosts, billed_s=billed * job.hosts, saved_percent=saved)


def describe(job: Job, services: Services) -> str:
    """What an ended job took, in a line; "" where nothing is billed: on this machine, or when it never started.

    Dollars are the list price of the machines for the billed seconds, in which AWS has counted what spot saved; disks
    and a warm pool are not in them.
    """
    found = spent(job) if services.engine == "aws" else None
    if found is None:
        return ""
    done = "trained" if job.kind == "training" else "processed"
    parts = [f"{found.ran_s:,} s {done}", f"{found.billed_s:,} s billed"]
    if found.saved_percent is not None and found.saved_percent > 0:
        parts.append(f"{found.saved_percent} % saved by spot")
    if job.instance_type and found.billed_s >= _WORTH_ASKING_S:
        parts += _dollars(found.billed_s, services.price(job.instance_type))
    on = f" on {found.hosts} machines" if found.hosts > 1 else ""
    return f"Took{on}: {', '.join(parts)}"


def _dollars(seconds: int, hourly: float | None) -> list[str]:
    if hourly is None:
        return []
    dollars = seconds * hourly / _HOUR_S
    return [f"about ${dollars:,.2f}" if dollars >= 0.01 else "less than $0.01"]
