"""``ssm status``: one job whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..core.durations import age, duration
from ..core.instance_types import is_local
from ..core.progress import file_count
from ..jobs import catalog, cost, find_job
from ..jobs.catalog import Query
from ..jobs.metrics import number
from ..tasks import job_report
from ..tasks.job_report import JobReport
from . import tables
from .chosen_job import choose, study_of_task
from .printing import patiently, print_json, print_result, say
from .run import naming
from .study_status import study_status

if TYPE_CHECKING:
    from ..core.job_specs import StatusSpec
    from ..core.services import Services
    from ..studies.stored import StoredStudy

_COLOURS = {"Completed": "green", "Failed": "red", "Stopped": "yellow"}


def status(spec: StatusSpec, services: Services) -> int:
    """Print everything about a job, or about a study; return 0, however it is."""
    if (study := _study(spec, services)) is not None:
        return study_status(spec, study, services)
    listed = choose(spec, services)
    note = partial(say, spec)
    place = find_job.readable_place(listed, spec.place.bucket_owner, services, note)
    report = job_report.report(listed, place, services, note)
    if spec.json:
        print_json(report)
        return 0
    colours = {"Status": _COLOURS.get(report.status, "green")}
    print_result(tables.page(report.job, _parts(spec, report, services), colours=colours, cut_parts={"Phases"}))
    return 0


def _study(spec: StatusSpec, services: Services) -> StoredStudy | None:
    """The study of the task that is meant as a whole."""
    if spec.job is not None or spec.trial is not None or not spec.place.task:
        return None
    newest = patiently(spec, lambda: catalog.newest(Query(place=spec.place), services, 1))
    return study_of_task(spec, newest[0] if newest else None, services)


def _parts(spec: StatusSpec, report: JobReport, services: Services) -> Iterable[tuple[str, Sequence[str]]]:
    """The parts of the page, each with its lines; parts without any are left out."""
    now = services.now()
    trial = "" if report.trial is None else f", trial {report.trial}"
    yield "Task", [f"{report.task} of project {report.project} ({report.kind}{trial})"]
    yield "Status", [f"{report.status}: {report.condition}" if report.condition else report.status]
    if report.status == "Failed":
        yield "Reason", [line for line in (report.reason or "").splitlines() if line.strip()]
        yield "Message", [report.message] if report.message else []
    yield "On", [_machines(report, services)]
    yield "Made", [f"{report.created:%Y-%m-%d %H:%M:%S} UTC, {age((now - report.created).total_seconds())} ago"]
    yield "Ran", [_ran(report)] if report.ran_s is not None else []
    yield "Starts", [_starts(report)] if report.starts > 1 else []
    yield "Phases", _phases(report)
    yield "Metrics", _metrics(report)
    yield "Inputs", _inputs(report)
    yield "Made from", _made_from(report)
    yield "Results", tables.pairs(report.results.items())
    yield "Cost", [_cost(report)] if report.cost_usd is not None else []
    yield "Next", _next(spec, report)


def _machines(report: JobReport, services: Services) -> str:
    count = f"{report.hosts} hosts" if report.hosts > 1 else "1 host"
    if services.jobs is not None:
        return f"this machine, {count}"
    kind = report.instance_type or "machines of several types"
    return f"{count}, {kind}{' spot' if report.is_spot and not is_local(kind) else ''} in {services.region}"


def _ran(report: JobReport) -> str:
    limit = f" of at most {duration(report.max_run_s)}" if report.max_run_s and report.ended is None else ""
    billed = f", {duration(report.billed_s)} billed" if report.billed_s and report.cost_usd is not None else ""
    return f"{duration(report.ran_s or 0)}{limit}{billed}"


def _starts(report: JobReport) -> str:
    taken = {0: "", 1: "; spot machines were taken back once"}.get(
        report.interruptions, f"; spot machines were taken back {report.interruptions} times"
    )
    return f"{report.starts}{taken}; {duration(report.waited_s)} waiting for machines"


def _phases(report: JobReport) -> list[str]:
    rows = [
        (
            one.name,
            f"{one.began:%H:%M:%S}" if one.began else "",
            duration(one.seconds) if one.began else "",
            one.message,
        )
        for one in report.phases
    ]
    return tables.aligned(rows)


def _metrics(report: JobReport) -> list[str]:
    if not report.metrics:
        return []
    rows = [("", "newest", "best", "values")]
    rows += [(one.name, number(one.newest), one.best, f"{one.count:,}") for one in report.metrics]
    return tables.aligned(rows)


def _inputs(report: JobReport) -> list[str]:
    return tables.aligned([(one.channel, one.origin, one.address) for one in report.made_from.inputs])


def _made_from(report: JobReport) -> list[str]:
    made = report.made_from
    pairs = [
        ("entry point", made.entry_point),
        ("command", made.command),
        ("arguments", made.arguments),
        ("hyperparameters", " ".join(f"{name}={value}" for name, value in made.hyperparameters.items())),
        ("code", file_count(len(made.files)) if made.files else ""),
        ("image", made.image or made.image_uri),
        ("distribution", made.distribution),
        ("variables", " ".join(made.environment)),
    ]
    return tables.pairs(pairs)


def _cost(report: JobReport) -> str:
    so_far = " so far" if report.ended is None else ""
    return f"{cost.shown(report.cost_usd or 0)}{so_far} (list price of the machines)"


def _next(spec: StatusSpec, report: JobReport) -> list[str]:
    """What one does next, ready to be pasted."""
    named = naming(spec.place, project=report.project, task=report.task)
    named += f" --job {report.short_name}"
    if report.ended is None:
        return [f"ssm attach {named}", f"ssm stop {named}"]
    return [f"ssm logs {named}", f"ssm data {named} -o FOLDER"]
