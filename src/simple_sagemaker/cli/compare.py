"""``ssm compare``: jobs as rows; the hyperparameters in which they differ, and their metrics, as columns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.durations import age, duration
from ..core.json_form import json_form
from ..errors import UsageError
from ..jobs import catalog, comparison
from ..jobs import cost as costs
from ..jobs.catalog import Query
from ..jobs.comparison import ComparedJob
from ..jobs.metrics import number
from ..tasks.differences import hyperparameters_of
from . import tables
from .chosen_job import study_of_task
from .printing import csv_writer, patiently, print_json, print_result, say
from .tables import Column

if TYPE_CHECKING:
    from ..core.job_specs import CompareSpec
    from ..core.services import Services
    from ..jobs.catalog import Listed
    from ..studies.stored import StoredStudy


def compare(spec: CompareSpec, services: Services) -> int:
    """Print the jobs side by side; return 0. Raises UsageError for a name that no job has a value of."""
    query = Query(place=spec.place, since=spec.since)
    listed = patiently(spec, lambda: catalog.newest(query, services, spec.limit + 1))
    study = _study(spec, listed, services)
    is_by_objective = study is not None and spec.sort in {None, study.metric}
    if is_by_objective and len(listed) > spec.limit:  # the best of all, not of the newest
        listed = patiently(spec, lambda: catalog.newest(query, services))
    more = len(listed) > spec.limit
    listed = listed if is_by_objective else listed[: spec.limit]
    jobs = comparison.compared(listed, [hyperparameters_of(one.job) for one in listed], services)
    if not jobs:
        say(spec, "There is no job to compare.")
        if spec.json:
            print_json([])
        return 0
    if study is not None and is_by_objective:
        jobs = comparison.sort(jobs, study.metric, lowest_first=study.goal == "min")[: spec.limit]
    elif spec.sort is not None:
        jobs = comparison.sort(jobs, _known(spec.sort, jobs))
    if spec.json:
        print_json(jobs)
    elif spec.csv:
        _print_csv(jobs)
    else:
        print_result(_table(spec, jobs, services, study.names if study else ()))
    if more:
        which = "best" if is_by_objective else "newest"
        say(spec, f"The {spec.limit} {which}; --limit {spec.limit * 5} compares more", colour="dim")
    return 0


def _study(spec: CompareSpec, listed: Sequence[Listed], services: Services) -> StoredStudy | None:
    """The study of the task, where its jobs are trials."""
    if not spec.place.task or not listed or listed[0].trial is None:
        return None
    return study_of_task(spec, listed[0], services)


def _known(name: str, jobs: Sequence[ComparedJob]) -> str:
    names = [*comparison.metric_names(jobs), *dict.fromkeys(key for job in jobs for key in job.hyperparameters)]
    if name in names:
        return name
    has = f"They have: {', '.join(names)}." if names else "They have neither metrics nor hyperparameters."
    raise UsageError(f"ssm compare: none of these jobs has a metric or hyperparameter {name!r}.\n{has}")


def _table(spec: CompareSpec, jobs: Sequence[ComparedJob], services: Services, searched: Sequence[str]) -> str:
    differing, metrics, now = comparison.differing(jobs, searched), comparison.metric_names(jobs), services.now()
    columns = [Column("PROJECT"), Column("TASK", gives_way=True), Column("TRIAL", right=True), Column("JOB")]
    columns += [Column("STATUS")]
    columns += [Column(name, right=True, gives_way=True) for name in differing]
    columns += [Column(name, right=True) for name in metrics]
    columns += [Column("ON", gives_way=True), Column("AGE", right=True), Column("RAN", right=True)]
    columns += [Column("COST", right=True)]
    tasks_differ = len({job.task for job in jobs}) > 1
    machines = [_machines(job, is_here=services.jobs is not None) for job in jobs]
    machines_differ = len(set(machines)) > 1
    rows = [
        [
            "" if spec.place.project else job.project,
            job.task if tasks_differ else "",
            "" if job.trial is None else str(job.trial),
            job.short_name,
            job.status,
            *(job.hyperparameters.get(name, "") for name in differing),
            *(number(job.metrics[name]) if name in job.metrics else "" for name in metrics),
            on if machines_differ else "",
            age((now - job.created).total_seconds()),
            "" if job.ran_s is None else duration(job.ran_s),
            "" if job.cost_usd is None else costs.shown(job.cost_usd),
        ]
        for job, on in zip(jobs, machines, strict=True)
    ]
    return tables.table(columns, rows, width=tables.terminal_width())


def _machines(job: ComparedJob, *, is_here: bool) -> str:
    name = "local" if is_here else job.instance_type or "several types"
    return f"{job.hosts} {name}" if job.hosts > 1 else name


def _print_csv(jobs: Sequence[ComparedJob]) -> None:
    """Every hyperparameter, also one that all have alike: a program can choose."""
    every, metrics = dict.fromkeys(key for job in jobs for key in job.hyperparameters), comparison.metric_names(jobs)
    rows = csv_writer()
    fixed = ("project", "task", "trial", "job", "status", "created", "hosts", "instance_type", "ran_s", "cost_usd")
    forms = [json_form(job) for job in jobs]
    rows.writerow((*fixed, *(f"hp.{name}" for name in every), *(f"metric.{name}" for name in metrics)))
    for job, form in zip(jobs, forms, strict=True):
        rows.writerow(
            (
                *("" if form[name] is None else form[name] for name in fixed),
                *(job.hyperparameters.get(name, "") for name in every),
                *(repr(job.metrics[name]) if name in job.metrics else "" for name in metrics),
            )
        )
    sys.stdout.flush()
