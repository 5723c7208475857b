"""``ssm status`` of a study: the search whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..core.durations import age, duration
from ..jobs.metrics import number
from . import tables
from .printing import patiently, print_json, print_result, say
from .run import naming
from .study_table import trials_table, values_line

if TYPE_CHECKING:
    from ..core.job_specs import StatusSpec
    from ..core.services import Services
    from ..studies.records import StudyRecord
    from ..studies.stored import StoredStudy

_COLOURS = {"Completed": "green", "Failed": "red", "Stopped": "yellow", "Left": "yellow"}


def study_status(spec: StatusSpec, study: StoredStudy, services: Services) -> int:
    """Print everything about a study; return 0, however it is."""
    record: StudyRecord = patiently(spec, lambda: study.record(partial(say, spec)))
    if spec.json:
        print_json(record)
        return 0
    title = f"{record.task} of project {record.project} (study)"
    colours = {"Status": _COLOURS.get(record.status, "green")}
    page = tables.page(title, _parts(spec, record, services), colours=colours)
    print_result(f"{page}\n\n{_table(record, services)}" if record.trials else page)
    return 0


def _table(record: StudyRecord, services: Services) -> str:
    return trials_table(
        record.trials,
        metric=record.metric,
        names=list(record.space),
        now=services.now(),
        best=record.best.number if record.best else None,
        width=tables.terminal_width(),
    )


def _parts(spec: StatusSpec, record: StudyRecord, services: Services) -> Iterable[tuple[str, Sequence[str]]]:
    """The parts of the page, each with its lines; parts without any are left out."""
    yield "Status", [_status(record)]
    if record.began is not None:
        began = f"{record.began:%Y-%m-%d %H:%M:%S} UTC"
        yield "Began", [f"{began}, {age((services.now() - record.began).total_seconds())} ago"]
    yield "Searches", tables.pairs(record.space.items())
    yield "For", [f"the {'smallest' if record.goal == 'min' else 'largest'} {record.metric}"]
    yield "By", [_strategy(record)]
    yield "Limits", [_limits(record)] if record.limits else []
    yield "Progress", [_progress(record)]
    yield "Best", _best(record)
    yield "No matter", list(record.without_influence)
    yield "Next", _next(spec, record)


def _status(record: StudyRecord) -> str:
    match record.status:
        case "Running":
            return f"Running: driven by {record.driver}"
        case "Left":
            return "Left: nothing drives it, so no other trial begins"
        case _:
            return f"{record.status}: {record.why}"


def _strategy(record: StudyRecord) -> str:
    resource = record.resource
    parts = [
        record.strategy,
        f"{resource.name} {resource.least} to {resource.most}" if resource else "",
        "stops trials that are worse than the median" if record.stops_early else "",
        f"learns from task {record.learn_from}" if record.learn_from else "",
        f"seed {record.seed}",
    ]
    return ", ".join(part for part in parts if part)


def _limits(record: StudyRecord) -> str:
    limits = record.limits
    if limits is None:
        return ""
    parts = [
        f"{limits.max_trials} trials",
        f"{limits.at_once} at once",
        "" if limits.failures is None else f"{limits.failures} may fail",
        "" if limits.target is None else f"until {record.metric} is {number(limits.target)}",
        "" if limits.patience is None else f"until {limits.patience} in a row are no better",
        "" if limits.max_mins is None else f"{limits.max_mins} minutes",
    ]
    return ", ".join(part for part in parts if part)


def _progress(record: StudyRecord) -> str:
    statuses = [trial.status for trial in record.trials]
    under_way = {status: statuses.count(status) for status in ("Running", "Pending")}
    ended = sum(len(trial.jobs) - (trial.status in under_way) for trial in record.trials)
    parts = [
        f"{ended} of {record.jobs_wanted} {'jobs' if record.resource else 'trials'} ended",
        f"{under_way['Running']} running" if under_way["Running"] else "",
        f"{under_way['Pending']} not started yet" if under_way["Pending"] else "",
        f"{statuses.count('Failed')} failed" if "Failed" in statuses else "",
        f"trained {duration(record.seconds)}",
        f"early stopping saved about {duration(record.saved_s)}" if record.saved_s else "",
    ]
    return ", ".join(part for part in parts if part)


def _best(record: StudyRecord) -> list[str]:
    best = record.best
    if best is None or best.objective is None:
        return []
    return [f"trial {best.number}, {record.metric} {number(best.objective)}  {values_line(best.hyperparameters)}"]


def _next(spec: StatusSpec, record: StudyRecord) -> list[str]:
    """What one does next, ready to be pasted."""
    named = naming(spec.place)
    lines = [f"ssm data {named} -o FOLDER --download_model"] if record.best else []
    if any(trial.status == "Running" for trial in record.trials):
        lines.append(f"ssm logs -f {named}")
    if record.status in {"Running", "Left"}:
        lines.append(f"ssm stop {named}")
    if record.tuned_on == "aws":  # SageMaker extends no tuning job
        return lines
    if record.status in {"Left", "Stopped"}:
        lines.append("the same ssm tune, which goes on with it")
    elif record.status in {"Completed", "Failed"}:
        lines.append("the same ssm tune with more --tune_jobs or --tune_failures, which extends it")
    return lines
