"""``ssm tune``: what a search asks at the terminal, and what it prints at its end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.durations import duration
from ..core.instance_types import is_local
from ..core.printable import coloured
from ..core.records import replace
from ..errors import Detached, JobFailed, JobStopped, SsmError
from ..jobs.metrics import number
from ..studies import results, search
from ..studies.records import StudyRecord
from ..studies.study_events import StudyEndedEvent
from ..tasks.prepared import DryRun
from . import tables
from .printing import print_json_line, print_result, to_stderr
from .run import Terminated, ask_what_to_do, naming, print_dry_run, raise_terminated
from .run_line import run_line
from .study_table import trials_table, values_line
from .study_view import StudyView, view_of

if TYPE_CHECKING:
    from ..core.services import Services
    from ..studies.search import Search
    from ..studies.spec import TuneSpec

_QUESTION = (
    "\nTrials are under way. Leave them to their ends and begin no more, stop them and the search, or go on? [l/s/g] "
)


def tune(spec: TuneSpec, services: Services, argv: Sequence[str]) -> int:
    """Search to the end; return 0. Raises JobFailed, JobStopped or Detached. ``argv`` is what was typed."""
    signal.signal(signal.SIGTERM, raise_terminated)
    with view_of(spec, services) as view:
        found = search.prepare(spec, services, view, view)
        if isinstance(found, DryRun):
            return print_dry_run(found, view)
        view.search = found
        if found.share.line and not found.driver.has_ended:
            view.note(found.share.line)
        if found.driver.has_ended:
            view.note("Nothing ran: the search has ended before; more --tune_jobs extends it")
        if not spec.task.wait:
            return _leave(found, view, _naming(spec))
        _drive(found, view, _naming(spec))
        failure = _bring(found, services, view)
    record = found.record
    _print_end(record, found, services, argv, view)
    if failure:
        raise failure
    _check(record, _naming(spec))
    return 0


def _leave(found: Search, view: StudyView, named: str) -> int:
    """Leave a search to the service; its tuning job's name is all that is printed on stdout."""
    with view.pause():
        print(found.opened.tuning_job, flush=True)
    view.note(f"The same command follows it; its trials: ssm ls {named}")
    return 0


def _naming(spec: TuneSpec) -> str:
    return naming(replace(spec.place, is_local=is_local(spec.task.instances.type)))


def _drive(found: Search, view: StudyView, named: str) -> None:
    """Drive to the end; Ctrl-C asks what to do, a second one while asking leaves."""
    try:
        while True:
            try:
                found.driver.drive()
                return
            except KeyboardInterrupt as interruption:
                _decide(found, view, named, ask=not isinstance(interruption, Terminated))
    finally:
        found.driver.leave()


def _decide(found: Search, view: StudyView, named: str, *, ask: bool) -> None:
    answer = ask_what_to_do(view, _QUESTION, "lsg") if ask and sys.stdin.isatty() else "l"
    if answer == "s":
        found.driver.stop()
        view.note("Stopping: the trials' code gets SIGTERM, and what it wrote is saved")
    if answer == "l":
        raise Detached(
            f"Left: {found.driver.goes_on}.\n"
            f"The same command goes on with the search; its trials: ssm ls {named}\n"
            f"To stop them: ssm stop {named}"
        )


def _bring(found: Search, services: Services, view: StudyView) -> SsmError | None:
    """Bring what was asked for; return the error that kept something back."""
    try:
        results.bring(found.record, found.spec, services, view)
    except SsmError as error:
        return error
    return None


def _print_end(record: StudyRecord, found: Search, services: Services, argv: Sequence[str], view: StudyView) -> None:
    """Print the table on stdout, and below it, on stderr, what it comes to."""
    shows = found.spec.task.shows
    if shows == "events":
        view.output.print(lambda: print_json_line(StudyEndedEvent(time=services.now(), study=record)))
        return
    names = [one.name for one in found.spec.space]
    if record.trials:
        best = record.best.number if record.best else None
        table = trials_table(
            record.trials,
            metric=record.metric,
            names=names,
            now=services.now(),
            best=best,
            width=tables.terminal_width(),
        )
        view.output.print(lambda: print_result(table))
    if shows == "everything":
        for line in _summary(record, found, argv):
            to_stderr(line)


def _summary(record: StudyRecord, found: Search, argv: Sequence[str]) -> list[str]:
    lines = []
    trained = f"trained {duration(record.seconds)} in all"
    saved = f", early stopping saved about {duration(record.saved_s)}" if record.saved_s else ""
    colour = {"Completed": "green", "Failed": "red"}.get(record.status, "yellow")
    lines.append(f"{coloured(f'{record.status}: {record.why}', colour, sys.stderr)}; {trained}{saved}")
    lines += [f"{name} made no difference that these trials show" for name in record.without_influence]
    if (best := record.best) is not None and (value := best.objective) is not None:
        lines.append(f"Best: trial {best.number}, {record.metric} {number(value)}  {values_line(best.hyperparameters)}")
        values = dict(best.hyperparameters)
        if best.resource is not None and found.spec.resource is not None:
            values[found.spec.resource.name] = str(best.resource)
        if again := run_line(argv, values):
            lines.append(f"To run it again: {again}")
    folder = found.spec.task.download.path
    named = _naming(found.spec)
    if folder:
        lines.append(f"Results: {folder}/ (trials.csv, study.json{', and what the best trial left' * bool(best)})")
    elif best is not None:
        lines.append(f"Its model: ssm data {named} -o FOLDER --download_model")
    return lines


def _check(record: StudyRecord, named: str) -> None:
    if record.status == "Failed":
        raise JobFailed(f"The search failed: {record.why}.\nThe lines of a trial: ssm logs {named} --trial NUMBER")
    if record.status == "Stopped":
        raise JobStopped(f"The search was stopped: {record.why}.\nThe same command goes on with it.")
