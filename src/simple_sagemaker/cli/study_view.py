"""What a search shows while it runs: a table that is redrawn on a terminal, a line a trial in a pipe, JSON events."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from ..core.durations import duration
from ..core.printable import clean
from ..core.progress import Meter, WithoutStatusLine
from ..jobs import live_text
from ..jobs.metrics import number
from ..jobs.output import Output
from ..jobs.timeline import reason_in_short
from ..studies.records import best_first, time_left, trial_record
from ..studies.study_events import TrialEndedEvent, TrialStartedEvent
from . import tables
from .printing import print_json_line, to_stderr
from .study_table import trials_table, values_line

if TYPE_CHECKING:
    from ..core.services import Services
    from ..studies.search import Search
    from ..studies.spec import TuneSpec
    from ..studies.study import Study, Trial

_REDRAWN_EVERY_S = 0.25
_BESIDE_TABLE = 5  # lines of a terminal


class StudyView(WithoutStatusLine):
    """Lines about a search, on stderr: for pipes and files."""

    def __init__(self, spec: TuneSpec, services: Services) -> None:
        self.spec = spec
        self.services = services
        self.search: Search | None = None
        self.output = Output(self.note, work="the search")
        self._began = time.monotonic()

    def phase(self, name: str, message: str) -> None:
        """Do nothing: a study has no phases."""

    def lines(self, host: str, lines: list[str]) -> None:
        """Do nothing: trials' lines are in their logs."""

    def note(self, text: str) -> None:
        to_stderr(f"[{time.monotonic() - self._began:6.1f} s] {text}")

    def changed(self, study: Study, curves: dict[int, list[float]]) -> None:
        """Do nothing: each change has a line of its own."""

    def started(self, trial: Trial) -> None:
        job = trial.newest
        up_to = f"up to {job.resource}  " if job.resource is not None else ""
        self.note(f"Trial {trial.number} began: {up_to}{values_line(trial.values)}")

    def ended(self, trial: Trial, study: Study) -> None:
        self.note(_end_line(trial, study, self.spec.metric))

    def pause(self) -> AbstractContextManager[None]:
        """Let something else be printed."""
        return nullcontext()


class QuietStudyView(StudyView):
    """Nothing but notes that a person should see."""

    def started(self, trial: Trial) -> None:
        """Do nothing."""

    def ended(self, trial: Trial, study: Study) -> None:
        """Do nothing."""


class EventStudyView(StudyView):
    """JSON on stdout, a line for each trial that begins or ends."""

    def note(self, text: str) -> None:
        to_stderr(text)

    def started(self, trial: Trial) -> None:
        event = TrialStartedEvent(time=self.services.now(), trial=trial_record(trial))
        self.output.print(lambda: print_json_line(event))

    def ended(self, trial: Trial, study: Study) -> None:
        best = study.best
        number = best.number if best else None
        event = TrialEndedEvent(time=self.services.now(), trial=trial_record(trial), best=number)
        self.output.print(lambda: print_json_line(event))


class LiveStudyView(StudyView):
    """A table that is redrawn in place, above it the notes."""

    def __init__(self, spec: TuneSpec, services: Services, live: live_text.LiveText) -> None:
        super().__init__(spec, services)
        self._live = live
        self._drawn_at = 0.0
        self._names = [one.name for one in spec.space]

    def note(self, text: str) -> None:
        self._live.print_above(clean(text))

    def started(self, trial: Trial) -> None:
        """Do nothing: the table shows it."""

    def ended(self, trial: Trial, study: Study) -> None:
        if trial.failed:
            self.note(_end_line(trial, study, self.spec.metric))

    def changed(self, study: Study, curves: dict[int, list[float]]) -> None:
        now = time.monotonic()
        if now - self._drawn_at < _REDRAWN_EVERY_S and not (study.ended and not study.running):
            return
        self._drawn_at = now
        self._live.show(self._text(study, curves))

    def moving(self, meter: Meter) -> AbstractContextManager[None]:
        return self._live.moving(meter)

    def pause(self) -> AbstractContextManager[None]:
        return self._live.pause()

    def _text(self, study: Study, curves: dict[int, list[float]]) -> str:
        room = max(4, os.get_terminal_size(sys.stderr.fileno()).lines - _BESIDE_TABLE)
        running = {trial.number for trial in study.running}
        ordered = best_first(study)
        ended = [trial for trial in ordered if trial.number not in running]
        shown = [trial for trial in ordered if trial.number in running][:room] + ended
        best = study.best
        table = trials_table(
            [trial_record(trial) for trial in shown[:room]],
            metric=self.spec.metric,
            names=self._names,
            now=self.services.now(),
            best=best.number if best else None,
            newest=curves,
            width=tables.terminal_width(),
        )
        hidden = len(shown) - room
        more = f"\n… and {hidden} more" if hidden > 0 else ""
        return f"{table}{more}\n{self._progress(study)}"

    def _progress(self, study: Study) -> str:
        search = self.search
        if search is None:
            return ""
        wanted = search.proposals.jobs_wanted(study)
        ended = sum(job.status is not None for trial in study.in_order for job in trial.jobs)
        best = study.best
        left = time_left(study, wanted, search.share.at_once)
        parts = [
            f"{ended} of {wanted} ended",
            f"{len(study.running)} running",
            f"best: trial {best.number}, {self.spec.metric} {number(best.objective)}"
            if best and best.objective is not None
            else "",
            f"trained {duration(sum(trial.seconds for trial in study.in_order))}",
            f"about {duration(left.total_seconds())} left" if left is not None and study.ended is None else "",
        ]
        return "  ".join(part for part in parts if part)


def _end_line(trial: Trial, study: Study, metric: str) -> str:
    job = trial.newest
    name = f"Trial {trial.number}"
    if job.status == "Failed":
        return f"{name} failed: {reason_in_short(job.reason or '') or 'for an unknown reason'}"
    if trial.objective is None:
        return f"{name} ended ({job.status}) without any value of {metric}"
    best = study.best
    is_best = best is not None and best.number == trial.number
    how = (
        f" (stopped: {job.why_stopped})" if job.why_stopped else "" if job.status == "Completed" else f" ({job.status})"
    )
    return f"{name}: {metric} {number(trial.objective)}{' (the best so far)' if is_best else ''}{how}"


@contextmanager
def view_of(spec: TuneSpec, services: Services) -> Iterator[StudyView]:
    """The view for where the output goes."""
    kinds: dict[str, Callable[[TuneSpec, Services], StudyView]] = {"lines": QuietStudyView, "events": EventStudyView}
    shows: Any = spec.task.shows
    if shows in kinds:
        yield kinds[shows](spec, services)
    elif not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield StudyView(spec, services)
    else:
        with live_text.live_text() as live:
            yield LiveStudyView(spec, services, live)
