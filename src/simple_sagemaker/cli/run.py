"""``ssm run``, ``shell`` and ``process``: what a run of a task asks at the terminal, and what it prints."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from typing import TYPE_CHECKING

from ..core import aws_console
from ..core.instance_types import is_local
from ..core.printable import coloured
from ..errors import Detached, SsmError
from ..jobs import display, outcome
from ..jobs.display import Screen
from ..tasks import run as tasks
from ..tasks.prepared import DryRun
from ..tasks.run import Run

if TYPE_CHECKING:
    from ..core.services import Services
    from ..core.specs import Spec
    from ..jobs.follow import JobResult

_QUESTION = "\nThe job goes on. Stop it, detach and leave it running, or continue watching? [s/d/c] "


class Terminated(KeyboardInterrupt):
    """SIGTERM came: like Ctrl-C, but there is nobody to ask."""


def _raise_terminated(*_: object) -> None:
    raise Terminated


def run(spec: Spec, services: Services) -> int:
    """Run the task to its end; return 0, or what a skip is to return. Raises JobFailed, JobStopped or Detached.

    A dry run prints the request; without waiting, the name of the job is printed once it is started.
    """
    signal.signal(signal.SIGTERM, _raise_terminated)
    with display.screen(spec.instances.count) as screen:
        task_run = tasks.prepare(spec, services, screen)
        if isinstance(task_run, DryRun) or spec.dry_run:
            return _print_dry_run(task_run, screen)
        if not spec.wait:
            _leave(task_run, screen)
            return _skip_status(spec, task_run)
        result = _follow(task_run, screen)
        where, failure = _bring(spec, task_run, result, screen)
        cost_line = task_run.cost_line(result)
    advice = outcome.advise(result, services.engine)
    if task_run.is_skipped:
        _print_skip(task_run, result, where)
    else:
        _print_outcome(result, [line for line in (*advice, *outcome.metrics_lines(result), cost_line, where) if line])
    if failure:
        raise failure
    return _skip_status(spec, task_run)


def _skip_status(spec: Spec, task_run: Run) -> int:
    return spec.rerun.skip_status if task_run.is_skipped and task_run.differences else 0


def _print_dry_run(plan: Run | DryRun, screen: Screen) -> int:
    """Print what a dry run found out; nothing was changed."""
    if isinstance(plan, DryRun):
        for note in plan.notes:
            screen.note(note)
        with screen.pause():  # what is printed beside a status line is broken into lines of the terminal's width
            print(json.dumps(plan.request, indent=2))
    screen.note("Dry run: nothing was made, sent or started")
    return 0


def _leave(task_run: Run, screen: Screen) -> None:
    """Start the job if it is new, and leave it to itself; its name is all that is printed on stdout."""
    task_run.launch(screen)
    with screen.pause():
        print(task_run.name, flush=True)
    if task_run.is_running:
        screen.note(_how_to_see(task_run))
    elif task_run.differences:
        _warn_of_differences(task_run)


def _follow(task_run: Run, screen: Screen) -> JobResult:
    """Follow the job to its end; Ctrl-C asks what to do with it, a second one while asking detaches."""
    while True:
        try:
            return task_run.follow(screen)
        except KeyboardInterrupt as interruption:
            if not task_run.has_job:
                raise
            _decide(task_run, screen, ask=not isinstance(interruption, Terminated))


def _decide(task_run: Run, screen: Screen, *, ask: bool) -> None:
    """Do with a running job what the person wants; without a person at the keyboard, leave it running and say so."""
    answer = _ask(screen) if ask and sys.stdin.isatty() else "d"
    if answer == "d":
        raise Detached(f"Detached: the job {task_run.name} goes on.\n{_how_to_see(task_run)}")
    if answer == "s":
        task_run.stop()
        screen.note("Stopping: the code gets SIGTERM, and what it wrote is saved")


def _ask(screen: Screen) -> str:
    """What the person wants: s, d or c. A second Ctrl-C, or the end of input, is d."""
    with screen.pause():
        while True:
            print(_QUESTION, end="", file=sys.stderr, flush=True)
            try:
                line = sys.stdin.readline()
            except KeyboardInterrupt:
                return "d"
            answer = line.strip().lower()[:1] if line else "d"
            if answer in {"s", "d", "c"}:
                return answer


def _bring(spec: Spec, task_run: Run, result: JobResult, screen: Screen) -> tuple[str, SsmError | None]:
    """Bring the results that the spec asks for: where they are, or why they are not there."""
    folder = spec.download.path
    if folder is None:
        return _how_to_bring(spec, result), None
    try:
        parts = task_run.bring(result, screen)
    except SsmError as error:
        return "" if result.status == "Completed" else str(error), error
    return f"Results: {folder}/ ({', '.join(parts)})\nNext: cat {folder / 'logs' / 'logs0'}", None


def _how_to_see(task_run: Run) -> str:
    services = task_run.services
    if services.jobs:
        folder = services.jobs / task_run.name
        return f"The same command joins it.\nIts log: tail -f {folder}/logs/*\nTo stop it: touch {folder}/stop"
    page = aws_console.training_job if task_run.kind == "training" else aws_console.processing_job
    return f"The same command joins it.\nIn the console: {page(task_run.name, region=services.region)}"


def _print_outcome(result: JobResult, more: list[str]) -> None:
    """Print how it ended, and ``more``: what it took, where the results are. Raises JobFailed and JobStopped."""
    outcome.check(result, *more)
    completed = coloured(f"Completed{outcome.duration(result)}", "green", sys.stderr)
    print(f"{completed}: {result.job}", *more, sep="\n", file=sys.stderr, flush=True)


def _print_skip(task_run: Run, result: JobResult, where: str) -> None:
    """Print that nothing ran, what differs from the job that completed the task, and where its results are."""
    print(f"Nothing ran: {result.job} completed the task before", file=sys.stderr)
    _warn_of_differences(task_run)
    print(where, file=sys.stderr, flush=True)


def _warn_of_differences(task_run: Run) -> None:
    if task_run.differences:
        lines = ["What this run asks for differs from what that job had:"]
        lines += [f"  {difference}" for difference in task_run.differences]
        lines.append("To run it: --if_changed (whenever something differs), or --force_running")
        print(coloured("\n".join(lines), "yellow", sys.stderr), file=sys.stderr, flush=True)


def _how_to_bring(spec: Spec, result: JobResult) -> str:
    """The command that brings the results, ready to be pasted."""
    place = spec.place
    command = ["ssm", "data", "-p", place.project, "-t", place.task]
    command += ["--bucket_name", place.bucket] if place.bucket else []
    command += ["--bucket_owner", place.bucket_owner] if place.bucket_owner else []
    command += ["--prefix", place.prefix] if place.prefix else []
    command += ["--data_store", place.data_store] if place.data_store else []
    command += ["--aws_region", place.aws_region] if place.aws_region else []
    command += ["--aws_profile", place.aws_profile] if place.aws_profile else []
    command += ["--job", result.job] if result.status != "Completed" else []
    variables = "SSM_ENGINE=local " if is_local(spec.instances.type) else ""
    return f"Its logs and results: {variables}{shlex.join(command)} -o FOLDER"
