"""``ssm status``: one job whole."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..core.durations import age, duration
from ..core.instance_types import is_local
from ..core.printable import cells, clean, coloured, cut
from ..core.progress import file_count
from ..jobs import cost, find_job
from ..jobs.metrics import number
from ..tasks import job_report
from ..tasks.job_report import JobReport
from . import tables
from .printing import patiently, print_json, print_result, say
from .run import naming

if TYPE_CHECKING:
    from ..core.job_specs import StatusSpec
    from ..core.services import Services

_COLOURS = {"Completed": "green", "Failed": "red", "Stopped": "yellow"}
_WIDTH = 12  # of the names of the parts


def status(spec: StatusSpec, services: Services) -> int:
    """Print everything about a job; return 0, however it is."""
    listed = patiently(spec, lambda: find_job.resolve(spec.place, spec.job, services))
    note = partial(say, spec)
    place = find_job.readable_place(listed, spec.place.bucket_owner, services, note)
    report = job_report.report(listed, place, services, note)
    if spec.json:
        print_json(report)
        return 0
    print_result("\n".join(_lines(spec, report, services)))
    return 0


def _lines(spec: StatusSpec, report: JobReport, services: Services) -> list[str]:
    width = tables.terminal_width()
    lines = [coloured(report.job, "bold", sys.stdout)]
    for name, texts in _parts(spec, report, services):
        for index, text in enumerate(texts):
            shown = clean(text).replace("\n", " ")
            shown = cut(shown, width - _WIDTH) if width is not None and name == "Phases" else shown
            if name == "Status":
                shown = coloured(shown, _COLOURS.get(report.status, "green"), sys.stdout)
            lines.append(f"{'' if index else name:<{_WIDTH}}{shown}")
    return lines


def _parts(spec: StatusSpec, report: JobReport, services: Services) -> Iterable[tuple[str, Sequence[str]]]:
    """The parts of the page, each with its lines; parts without any are left out."""
    now = services.now()
    yield "Task", [f"{report.task} of project {report.project} ({report.kind})"]
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
    yield "Results", _pairs(report.results.items())
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
    return _aligned(rows)


def _metrics(report: JobReport) -> list[str]:
    if not report.metrics:
        return []
    rows = [("", "newest", "best", "values")]
    rows += [(one.name, number(one.newest), one.best, f"{one.count:,}") for one in report.metrics]
    return _aligned(rows)


def _inputs(report: JobReport) -> list[str]:
    return _aligned([(one.channel, one.origin, one.address) for one in report.made_from.inputs])


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
    return _pairs(pairs)


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


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return _aligned([pair for pair in pairs if pair[1]])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows with their columns aligned; the last one, and columns without anything, take no room."""
    cleaned = [[" ".join(clean(text).split()) for text in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*cleaned, strict=True)]
    return [
        "  ".join(text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True) if width).rstrip()
        for row in cleaned
    ]
