"""What a list shows of each job: a record for programs and tables alike."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..core import names
from ..core.job import Job, JobKind
from ..core.records import dataclass
from . import cost, timeline
from .catalog import Listed

if TYPE_CHECKING:
    from ..core.services import Services

_NEWEST_LINES = 100  # of a running job, among which its metric is looked for
_LOOKED_INTO = 10  # running jobs at most, whose lines are read


@dataclass(frozen=True, kw_only=True)
class MetricValue:
    """A metric's name and a value of it."""

    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """One job in a list.

    ``trial`` is the number of the trial whose job it is, None for a job that is of no search. ``short_name`` is what
    it may be named by. ``condition`` says in few words why it has its status, or is empty.
    ``ran_s`` are the seconds of each host, so far if it runs. ``cost_usd`` is the list price of the machines, None
    where nothing is paid or no price is known. ``metric`` is the newest value of its first metric.
    """

    project: str
    task: str
    trial: int | None
    job: str
    short_name: str
    kind: JobKind
    status: str
    condition: str
    hosts: int
    instance_type: str | None
    is_spot: bool
    created: datetime
    ended: datetime | None
    ran_s: int | None
    cost_usd: float | None
    metric: MetricValue | None


def rows(listed: list[Listed], services: Services) -> list[JobRow]:
    """The rows of some jobs. Reads the newest lines of jobs that run, for their metrics."""
    looked_into = 0
    made = []
    for one in listed:
        metric = _of_description(one.job)
        if metric is None and not one.job.has_ended and one.job.metrics and looked_into < _LOOKED_INTO:
            looked_into += 1
            metric = _of_lines(one.job, services)
        made.append(_row(one, metric, services))
    return made


def _row(listed: Listed, metric: MetricValue | None, services: Services) -> JobRow:
    job, now = listed.job, services.now()
    ran_s = timeline.ran_s(job, now)
    return JobRow(
        project=listed.project,
        task=listed.task,
        trial=listed.trial,
        job=job.name,
        short_name=names.short_name(job.name),
        kind=job.kind,
        status=job.status,
        condition=timeline.condition(job),
        hosts=job.hosts,
        instance_type=job.instance_type,
        is_spot=job.is_spot,
        created=job.created,
        ended=timeline.ended_at(job),
        ran_s=ran_s,
        cost_usd=cost.dollars(job, services, so_far_s=ran_s),
        metric=metric,
    )


def _of_description(job: Job) -> MetricValue | None:
    """The value that the service has of the first metric which has any."""
    values = {one["MetricName"]: one["Value"] for one in job.answer.get("FinalMetricDataList") or ()}
    name = next((name for name in job.metrics if name in values), next(iter(values), None))
    return None if name is None else MetricValue(name=name, value=values[name])


def _of_lines(job: Job, services: Services) -> MetricValue | None:
    """The newest value of the first metric in a running job's last lines; None where they have, or give now, none."""
    from ..core.retries import is_transient
    from . import logs
    from .metrics import Metrics

    found = Metrics(job.metrics)
    tail = logs.Tail(job.name, services.logs, group=logs.GROUPS[job.kind], last=_NEWEST_LINES, host=1)

    def read(_host: str, events: list[logs.Event]) -> None:
        found.read([event.line for event in events])

    try:
        while not tail.poll(_NEWEST_LINES, read):
            pass
    except Exception as error:
        if not is_transient(error):  # a list of jobs is worth more than one of its columns
            raise
    newest = found.newest
    name = next((name for name in job.metrics if name in newest), None)
    return None if name is None else MetricValue(name=name, value=newest[name])
