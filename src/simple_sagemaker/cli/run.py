"""``ssm run``, ``shell`` and ``process``: what a run of a task asks at the terminal, and what it prints."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ..core import aws_console
from ..core.instance_types import is_local
from ..core.printable import coloured
from ..core.records import replace
from ..errors import Detached, SsmError
from ..jobs import display, outcome
from ..jobs.display import Screen
from ..tasks import run as tasks
from ..tasks.differences import unseen_line
from ..tasks.prepared import DryRun
from ..tasks.run import Run

if TYPE_CHECKING:
    from ..core.services import Services
    from ..core.specs import Place, Spec
    from ..jobs.follow import JobResult
    from .screens import QuietScreen

_QUESTION = "\nThe job is still running: [s]top it, [d]etach from it, or [c]ontinue watching? "


class Terminated(KeyboardInterrupt):
    """SIGTERM came: like Ctrl-C, but there is nobody to ask."""


def raise_terminated(*_: object) -> None:
    """Answer SIGTERM."""
    raise Terminated


def run(spec: Spec, services: Services) -> int:
    """Run the task to its end; return 0, or what a skip is to return. Raises JobFailed, JobStopped or Detached.

    A dry run prints the request; without waiting, the name of the job is printed once it is started.
    """
    signal.signal(signal.SIGTERM, raise_terminated)
    with _screen_of(spec, services) as screen:
        task_run = tasks.prepare(spec, services, screen)
        if isinstance(task_run, DryRun) or spec.dry_run:
            return print_dry_run(task_run, screen)
        if not spec.wait:
            leave(task_run, screen, _naming(spec))
            return _skip_status(spec, task_run)
        end_as_it_does(task_run, screen, _naming(spec))
    return _skip_status(spec, task_run)


def _screen_of(spec: Spec, services: Services) -> AbstractContextManager[Screen]:
    """The screen of a run; what quiet ones need is loaded for them alone."""
    if spec.shows == "everything":
        return display.screen(spec.instances.count)
    from .screens import screen_of

    return screen_of(spec.shows, spec.instances.count, services)


def quiet_of(screen: Screen) -> QuietScreen | None:
    """The screen, if it is a quiet one."""
    if isinstance(screen, (display.Pipe, display.Terminal)):
        return None
    from .screens import QuietScreen

    return screen if isinstance(screen, QuietScreen) else None


def end_as_it_does(task_run: Run, screen: Screen, named: str) -> None:
    """Follow a job to its end, bring what is to be brought, and print how it ended.

    ``named`` are the words that name the task to other commands. Raises JobFailed, JobStopped or Detached.
    """
    if quiet := quiet_of(screen):
        _end_quietly(task_run, quiet, named)
        return
    result = _follow(task_run, screen, named)
    where, failure = _bring(task_run, result, screen, named)
    cost_line = task_run.cost_line(result)
    with screen.pause():
        if task_run.is_skipped:
            _print_skip(task_run, result, where)
        else:
            advice = outcome.advise(result, task_run.services.engine)
            print_outcome(result, [*advice, *outcome.metrics_lines(result), cost_line, where])
    if failure:
        raise failure


def _end_quietly(task_run: Run, screen: QuietScreen, named: str) -> None:
    """The same for programs: the lines or events are all that is printed, but for errors and for a stale result."""
    if not task_run.is_skipped:
        task_run.launch(screen)
        screen.started(task_run.name)
    result = _follow(task_run, screen, named)
    _, failure = _bring(task_run, result, screen, named)
    screen.ended(result, skipped=task_run.is_skipped)
    if task_run.is_skipped:
        _warn_if_stale(task_run)
    else:
        outcome.check(result)
    if failure:
        raise failure


def _skip_status(spec: Spec, task_run: Run) -> int:
    return spec.rerun.skip_status if task_run.is_skipped and task_run.differences else 0


def print_dry_run(plan: Run | DryRun, screen: Screen) -> int:
    """Print what a dry run found out; nothing was changed."""
    if isinstance(plan, DryRun):
        for note in plan.notes:
            screen.note(note)
        with screen.pause():  # what is printed beside a status line is broken into lines of the terminal's width
            print(json.dumps(plan.request, indent=2))
    screen.note("Dry run: nothing was made, sent or started")
    return 0


def leave(task_run: Run, screen: Screen, named: str) -> None:
    """Start the job if it is new, and leave it to itself; its name is all that is printed on stdout."""
    task_run.launch(screen)
    if (quiet := quiet_of(screen)) and quiet.prints_events:
        quiet.started(task_run.name)
    else:
        with screen.pause():
            print(task_run.name, flush=True)
    if task_run.is_running:
        screen.note(_how_to_see(task_run, named))
    elif task_run.is_skipped:
        _warn_if_stale(task_run)


def _follow(task_run: Run, screen: Screen, named: str) -> JobResult:
    """Follow the job to its end; Ctrl-C asks what to do with it, a second one while asking detaches."""
    while True:
        try:
            return task_run.follow(screen, quiet.host_events if (quiet := quiet_of(screen)) else None)
        except KeyboardInterrupt as interruption:
            if not task_run.has_job:
                raise
            _decide(task_run, screen, named, ask=not isinstance(interruption, Terminated))


def _decide(task_run: Run, screen: Screen, named: str, *, ask: bool) -> None:
    """Do with a running job what the person wants; without a person at the keyboard, leave it running and say so."""
    answer = ask_what_to_do(screen, _QUESTION, "dsc") if ask and sys.stdin.isatty() else "d"
    if answer == "d":
        raise Detached(f"Detached: the job {task_run.name} goes on.\n{_how_to_see(task_run, named)}")
    if answer == "s":
        task_run.stop()
        screen.note("Stopping: the code gets SIGTERM, and what it wrote is saved")


def ask_what_to_do(screen: Screen, question: str, answers: str) -> str:
    """What the person wants, by one of the letters; a second Ctrl-C, or the end of input, is the first of them."""
    with screen.pause():
        while True:
            print(question, end="", file=sys.stderr, flush=True)
            try:
                line = sys.stdin.readline()
            except KeyboardInterrupt:
                return answers[0]
            answer = line.strip().lower()[:1] if line else answers[0]
            if answer and answer in answers:
                return answer


def _bring(task_run: Run, result: JobResult, screen: Screen, named: str) -> tuple[str, SsmError | None]:
    """Bring the results that were asked for: where they are, or why they are not there."""
    folder = task_run.download.path
    if folder is None:
        job = f" --job {result.job}" if result.status != "Completed" else ""
        return f"Its logs and results: ssm data {named}{job} -o FOLDER", None
    try:
        parts = task_run.bring(result, screen)
    except SsmError as error:
        return "" if result.status == "Completed" else str(error), error
    log = folder / "logs" / "logs0"
    following = f"\nNext: cat {shlex.quote(str(log))}" if log.exists() else ""  # a job that never ran has none
    return f"Results: {folder}/ ({', '.join(parts)}){following}", None


def _how_to_see(task_run: Run, named: str) -> str:
    """The commands for a job that goes on."""
    services = task_run.services
    lines = [
        f"Join it again: ssm attach {named}",
        f"Its log: ssm logs -f {named}",
        f"To stop it: ssm stop {named}",
    ]
    if not services.jobs:
        page = aws_console.training_job if task_run.kind == "training" else aws_console.processing_job
        lines.append(f"In the console: {page(task_run.name, region=services.region)}")
    return "\n".join(lines)


def print_outcome(result: JobResult, more: list[str]) -> None:
    """Print how it ended, and ``more``: what it took, where the results are. Raises JobFailed and JobStopped."""
    more = [line for line in more if line]
    outcome.check(result, *more)
    completed = coloured(f"Completed{outcome.duration(result)}", "green", sys.stderr)
    print(f"{completed}: {result.job}", *more, sep="\n", file=sys.stderr, flush=True)


def _print_skip(task_run: Run, result: JobResult, where: str) -> None:
    """Print that nothing ran, what differs from the job that completed the task, and where its results are."""
    print(f"Nothing ran: {result.job} completed the task before", file=sys.stderr)
    _warn_if_stale(task_run)
    print(where, file=sys.stderr, flush=True)


def _warn_if_stale(task_run: Run) -> None:
    """Print what differs from the job that completed the task, and which inputs were not looked at."""
    if task_run.differences:
        lines = ["What this run asks for differs from what that job had:"]
        lines += [f"  {difference}" for difference in task_run.differences]
        lines.append("To run it: --if_changed (whenever something differs), or --force_running")
        print(coloured("\n".join(lines), "yellow", sys.stderr), file=sys.stderr, flush=True)
    if task_run.unseen:
        print(unseen_line(task_run.unseen), file=sys.stderr, flush=True)


def _naming(spec: Spec) -> str:
    return naming(replace(spec.place, is_local=is_local(spec.instances.type)))


def naming(place: Place, *, project: str = "", task: str = "") -> str:
    """The words that name a task to any command, as they were typed; the names where the place has none."""
    words = ["-p", place.project or project, "-t", place.task or task]
    words += ["--it", "local"] if place.is_local else []
    words += ["--bucket_name", place.bucket] if place.bucket else []
    words += ["--bucket_owner", place.bucket_owner] if place.bucket_owner else []
    words += ["--prefix", place.prefix] if place.prefix else []
    words += ["--data_store", place.data_store] if place.data_store else []
    words += ["--aws_region", place.aws_region] if place.aws_region else []
    words += ["--aws_profile", place.aws_profile] if place.aws_profile else []
    return shlex.join(words)
