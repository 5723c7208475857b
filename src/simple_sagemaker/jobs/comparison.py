"""Jobs side by side: their hyperparameters and what their metrics came to, from their descriptions alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..core import names
from ..core.records import dataclass
from . import cost, timeline
from .metrics import lower_is_better

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.services import Services
    from .catalog import Listed


@dataclass(frozen=True, kw_only=True)
class ComparedJob:
    """A job among others: all of its hyperparameters, and the newest value that the service has of each metric.

    ``trial`` is the number of the trial whose job it is, None for a job that is of no search.
    """

    project: str
    task: str
    trial: int | None
    job: str
    short_name: str
    status: str
    created: datetime
    hosts: int
    instance_type: str | None
    hyperparameters: Mapping[str, str]
    metrics: Mapping[str, float]
    ran_s: int | None
    cost_usd: float | None


def compared(
    listed: Sequence[Listed], hyperparameters: Sequence[Mapping[str, str]], services: Services
) -> list[ComparedJob]:
    """The jobs, in the same order; ``hyperparameters`` are those of each."""
    now = services.now()
    made = []
    for one, own in zip(listed, hyperparameters, strict=True):
        job, ran_s = one.job, timeline.ran_s(one.job, now)
        made.append(
            ComparedJob(
                project=one.project,
                task=one.task,
                trial=one.trial,
                job=job.name,
                short_name=names.short_name(job.name),
                status=job.status,
                created=job.created,
                hosts=job.hosts,
                instance_type=job.instance_type,
                hyperparameters=own,
                metrics=_metrics(job),
                ran_s=ran_s,
                cost_usd=cost.dollars(job, services, so_far_s=ran_s),
            )
        )
    return made


def _metrics(job: Job) -> dict[str, float]:
    values = {one["MetricName"]: one["Value"] for one in job.answer.get("FinalMetricDataList") or ()}
    return {name: values[name] for name in (*job.metrics, *values) if name in values}


def differing(jobs: Sequence[ComparedJob], first: Sequence[str] = ()) -> list[str]:
    """The hyperparameters that are not the same in all jobs, in the order in which they were given.

    Those of ``first``, as far as jobs have them, come before these, also where they are the same in all.
    """
    every = dict.fromkeys(name for job in jobs for name in job.hyperparameters)
    differ = [name for name in every if len({job.hyperparameters.get(name) for job in jobs}) > 1]
    return list(dict.fromkeys([*(name for name in first if name in every), *differ]))


def metric_names(jobs: Sequence[ComparedJob]) -> list[str]:
    """The metrics that any of the jobs has, in the order in which jobs define them."""
    return list(dict.fromkeys(name for job in jobs for name in job.metrics))


def sort(jobs: Sequence[ComparedJob], name: str, *, lowest_first: bool | None = None) -> list[ComparedJob]:
    """Sort by a metric, the best first, or by a hyperparameter; jobs without it, and values that are no number, last.

    Which values of a metric are better its name tells, unless ``lowest_first`` does; otherwise the highest are first.
    """
    if name in metric_names(jobs):
        lowest_first = bool(lower_is_better(name)) if lowest_first is None else lowest_first
        sign = 1.0 if lowest_first else -1.0

        def by_metric(job: ComparedJob) -> tuple[bool, float]:
            value = job.metrics.get(name, math.nan)
            return (math.isnan(value), 0.0 if math.isnan(value) else sign * value)

        return sorted(jobs, key=by_metric)
    return sorted(jobs, key=lambda job: _order(job.hyperparameters.get(name)))


def _order(text: str | None) -> tuple[int, float, str]:
    """Numbers by their value, then texts, then nothing."""
    if text is None:
        return (2, 0.0, "")
    try:
        value = float(text)
    except ValueError:
        return (1, 0.0, text)
    return (1, 0.0, text) if math.isnan(value) else (0, value, text)
