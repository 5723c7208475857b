"""One job whole: what it is, was made from, went through, measured, left and cost; a record for programs and people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ..core import names
from ..core.job import JobKind
from ..core.records import dataclass
from ..jobs import cost, metric_values, metrics, timeline
from . import job_facts
from .job_facts import JobFacts

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from ..jobs.catalog import Listed


@dataclass(frozen=True, kw_only=True)
class PhaseReport:
    """A phase: the service's name and message, its beginning and its seconds, so far if it goes on."""

    name: str
    message: str
    began: datetime | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class MetricReport:
    """A metric: its newest value, the best in words where its name tells which is better, and how many there were."""

    name: str
    newest: float
    best: str
    count: int


@dataclass(frozen=True, kw_only=True)
class JobReport:
    """Everything that is known of a job.

    ``trial`` is the number of the trial whose job it is, None for a job that is of no search. ``condition`` says in few
    words why it has its status; ``reason`` is the service's text of a failure, ``message``
    the code's own (processing jobs). ``starts`` counts how often its hosts were started, ``interruptions`` how often
    spot machines were taken back, ``waited_s`` the seconds before they worked. ``ran_s`` and ``billed_s`` are for each
    host.
    ``results`` has the address of each kind of result. ``cost_usd`` is the list price of the machines.
    """

    project: str
    task: str
    trial: int | None
    job: str
    short_name: str
    kind: JobKind
    status: str
    condition: str
    reason: str | None
    message: str | None
    created: datetime
    ended: datetime | None
    hosts: int
    instance_type: str | None
    is_spot: bool
    starts: int
    interruptions: int
    waited_s: float
    ran_s: int | None
    billed_s: int | None
    max_run_s: int | None
    max_wait_s: int | None
    cost_usd: float | None
    phases: tuple[PhaseReport, ...]
    metrics: tuple[MetricReport, ...]
    made_from: JobFacts
    results: Mapping[str, str]


def report(listed: Listed, place: TaskPlace | None, services: Services, note: Callable[[str], None]) -> JobReport:
    """Find out everything about a job: reads its ``run.json`` in ``place`` and, where it has metrics, its lines."""
    job, now = listed.job, services.now()
    ran_s = timeline.ran_s(job, now)
    limits = job.answer.get("StoppingCondition", {})
    return JobReport(
        project=listed.project,
        task=listed.task,
        trial=listed.trial,
        job=job.name,
        short_name=names.short_name(job.name),
        kind=job.kind,
        status=job.status,
        condition=timeline.condition(job),
        reason=job.reason,
        message=job.message,
        created=job.created,
        ended=timeline.ended_at(job),
        hosts=job.hosts,
        instance_type=job.instance_type,
        is_spot=job.is_spot,
        starts=timeline.attempts(job),
        interruptions=sum(1 for name, _, _ in job.phases if name == "Interrupted"),
        waited_s=timeline.waited_s(job, now),
        ran_s=ran_s,
        billed_s=job.billed_s,
        max_run_s=limits.get("MaxRuntimeInSeconds"),
        max_wait_s=limits.get("MaxWaitTimeInSeconds"),
        cost_usd=cost.dollars(job, services, so_far_s=ran_s),
        phases=tuple(
            PhaseReport(name=one.name, message=one.message, began=one.began, seconds=round(one.seconds(now), 3))
            for one in timeline.timeline(job)
        ),
        metrics=_metrics(job, services, note),
        made_from=job_facts.facts_of(job, place, services),
        results={kind: address for kind, address in job.outputs.items() if kind != "source"},
    )


def _metrics(job: Job, services: Services, note: Callable[[str], None]) -> tuple[MetricReport, ...]:
    return tuple(
        MetricReport(name=name, newest=summary.last, best=metrics.best(name, summary), count=summary.count)
        for name, summary in metric_values.summaries(job, services, note).items()
    )
