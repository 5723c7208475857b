"""Drives a study: starts trials, looks at them, stops and records them, until the search has ended.

In: a study that has been begun, and a view that shows it. What happened is in the study's journal before it is acted
on, so that another driver goes on from any moment: a job that was written down and never started is started, one that
ended meanwhile is recorded. A command that does not have the driver's lock watches, and takes over when it can.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core.json_form import json_form
from ..core.printable import clean
from ..core.records import replace
from ..errors import SsmError
from ..jobs.outages import Clock
from . import endings
from .begun import read_study
from .driver_lock import DriverLock
from .journal import Event
from .recorder import Recorder
from .records import SoFar
from .starter import Starter
from .trial_request import job_name
from .trial_watch import TrialWatch, objective_of
from .trust import check_job, check_trial

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.services import Services
    from .begin import OpenedStudy
    from .proposals import Proposals, Start
    from .sharing import Share
    from .spec import TuneSpec
    from .study import Limits, Trial
    from .view import View

_NEWS_EVERY_S = 1.0
_LONGEST_WAIT_S = 0.25  # between two looks, so that the view stays alive
_NO_VALUE_AFTER = 50  # lines of the first trial


class Driver:
    """Drives one study. Not for several threads at once.

    Interrupted at any time, by an exception or a kill, the next driver goes on; so does this one when called again.
    """

    def __init__(
        self,
        spec: TuneSpec,
        opened: OpenedStudy,
        services: Services,
        view: View,
        *,
        proposals: Proposals,
        share: Share,
        clock: Clock | None = None,
    ) -> None:
        self._recorder = Recorder(opened.place, spec.goal, services)
        self.study = self._recorder.study
        self._opened = opened
        self._spec = spec
        self._place = opened.place
        self._proposals = proposals
        self._share = share
        self._services = services
        self._view = view
        self._clock = clock or Clock()
        self._lock = DriverLock(opened.place, services)
        self._regex = next(one.regex for one in spec.task.metrics if one.name == spec.metric)
        self._watches: dict[str, TrialWatch] = {}  # by the jobs' names
        self._noted: set[str] = set()
        self._has_warned_of_regex = False
        self._news_due = 0.0
        self._other = ""  # who drives instead of this command
        self._starter = Starter(spec, opened, services, share=share, view=view)

    def load(self) -> None:
        """Read what has happened so far."""
        self._recorder.load()

    def set_limits(self, limits: Limits) -> None:
        """Make these the study's limits, unless they are already and the search has not been stopped."""
        while not self._has(limits):
            event = {"kind": "limits", "at": self._services.now().isoformat(), **json_form(limits)}
            if self._recorder.append(event):
                return

    def _has(self, limits: Limits) -> bool:
        """Whether these are the study's limits; one that has ended is not begun again for another ``at_once`` alone."""
        known, ended = self.study.limits, self.study.ended
        if ended is None or known is None:
            return known == limits
        return ended.status != "Stopped" and replace(known, at_once=limits.at_once) == limits

    def drive(self, until: Callable[[], bool] = lambda: False) -> None:
        """Drive the study, or watch it while another command does, until it has ended and no trial runs.

        Returns earlier, with the lock kept, once ``until`` returns True.
        """
        while not self.has_ended:
            if until():
                return
            was_ours = self._lock.is_ours
            if self._lock.take():
                if not was_ours:
                    self._take_over()
                self._step()
            else:
                self._other = self._lock.whose()
                self._note_once(
                    f"Watching: {self._other} drives this study. How many trials run at once is its own; what ends the "
                    "search counts as given here"
                )
                self._recorder.read_new()
            self._view.changed(self.study, self._curves())
            if not self.has_ended:
                self._clock.sleep(self._pause_s())
        self.leave()

    def _take_over(self) -> None:
        """Go on where another driver was. Raises SsmError where the study has been deleted."""
        known = read_study(self._place, self._services)
        if known is None or known["seed"] != self._opened.seed:
            raise SsmError("The study was deleted meanwhile (ssm rm): the same command begins a new one.")
        self._other = ""
        self._recorder.read_new()
        self._recorder.name_best()

    @property
    def whose(self) -> str | None:
        """Who drives the study; None once it has ended."""
        return None if self.has_ended else self._other or "this command"

    def so_far(self) -> dict[int, SoFar]:
        """What is known of the trials that run, by number."""
        found = {}
        for trial in self.study.running:
            watch = self._watches.get(trial.newest.name)
            seconds = round((self._services.now() - trial.newest.began).total_seconds())
            found[trial.number] = SoFar(watch is not None, watch.curve[:] if watch else (), seconds if watch else 0)
        return found

    @property
    def has_ended(self) -> bool:
        """Whether the search has ended and no trial runs any more."""
        return self.study.ended is not None and not self.study.running

    def leave(self) -> None:
        """Let another command drive."""
        self._lock.release()

    @property
    def goes_on(self) -> str:
        """What goes on when this command leaves."""
        running = len(self.study.running)
        return f"{'1 trial goes' if running == 1 else f'{running} trials go'} on to the end, and no other begins"

    def stop(self, why: str = "stopped by hand") -> None:
        """End the search: its trials are asked to stop. Driving goes on until they have."""
        self._recorder.end_search("Stopped", why)
        for trial in self.study.running:
            self._stop(trial, why)

    def _pause_s(self) -> float:
        now = self._clock.seconds()
        due = min((watch.due for watch in self._watches.values()), default=now + _LONGEST_WAIT_S)
        return min(max(due - now, 0.005), _LONGEST_WAIT_S)

    def _curves(self) -> dict[int, list[float]]:
        return {
            trial.number: self._watches[trial.newest.name].curve
            for trial in self.study.running
            if trial.newest.name in self._watches
        }

    def _step(self) -> None:
        """Look at every running trial, then decide what ends, stops and starts."""
        if self._clock.seconds() >= self._news_due:  # another command may have stopped the search, or a trial
            self._recorder.read_new()
            self._news_due = self._clock.seconds() + _NEWS_EVERY_S
        running = self.study.running
        self._watches = {
            trial.newest.name: self._watches[trial.newest.name]
            for trial in running
            if trial.newest.name in self._watches
        }
        for trial in running:
            self._look_at(trial)
        if self.study.ended is not None:
            for trial in self.study.running:
                self._stop(trial, "the search has ended")
            return
        if ended := endings.ending(self.study, self._services.now()):
            self._recorder.append({"kind": "done", "status": ended.status, "why": ended.why})
            return
        self._start_more()
        if self._proposals.is_complete(self.study):
            done = endings.all_trials_done(self.study)
            self._recorder.append({"kind": "done", "status": done.status, "why": done.why})

    def _look_at(self, trial: Trial) -> None:
        job = trial.newest
        watch = self._watches.get(job.name)
        if watch is None:
            if not self._confirm(trial):
                return
            watch = self._watches[job.name] = TrialWatch(
                job.name, self._spec.metric, self._regex, self._services, note=self._view.note, clock=self._clock
            )
            if job.why_stopped:  # a driver that was killed may not have come to it
                self._recorder.ask_to_stop(job.name)
        described = watch.poll()
        if watch.problem:
            self._note_once(f"Warning: {watch.problem}")
        self._warn_of_regex(trial, watch)
        if described is not None and described.has_ended:
            self._record_end(trial, described, watch)
        elif self._spec.stops_early and not job.why_stopped and endings.is_hopeless(trial, watch.curve, self.study):
            self._stop(trial, f"worse than the median at {len(watch.curve)}")

    def _confirm(self, trial: Trial) -> bool:
        """Whether SageMaker has a trial's job; one that was only written down, by us or another driver, is started."""
        job = trial.newest
        check_trial(trial, self._spec, self._place, self._services)
        found = jobs.find(job.name, "training", self._services.sagemaker)
        if found is not None:
            check_job(trial, found, self._place)
            self._starter.unconfirmed.discard(job.name)
            return True
        if self.study.ended is not None:
            self._recorder.append(self._recorder.never_began(trial))
            return False
        if self._starter.room is not None:
            return False  # until a trial has ended
        return self._starter.start(trial, others=len(self.study.running) - 1)

    def _record_end(self, trial: Trial, described: Job, watch: TrialWatch) -> None:
        objective = objective_of(described, self._spec.metric, watch.last)
        if self._recorder.append(self._recorder.end_event(trial, described, objective, watch.curve)):
            self._watches.pop(trial.newest.name, None)
            self._starter.room = None
            self._recorder.name_best()
            self._view.ended(trial, self.study)
            if described.status == "Completed":
                self._warn_of_regex(trial, watch, has_ended=True)

    def _stop(self, trial: Trial, why: str) -> None:
        """Stop a trial, if it has been looked at: before, its job may not be there, or not be its own."""
        if trial.newest.name in self._watches:
            self._recorder.stop_trial(trial, why)

    def _start_more(self) -> None:
        room = self._starter.room
        most = self._share.at_once if room is None else min(room, self._share.at_once)
        while len(self.study.running) < most:
            start = self._proposals.next(self.study)
            if start is None or not self._start(start):
                return

    def _start(self, start: Start) -> bool:
        """Write down a trial's next job, and start it."""
        taken = [trial.newest.gpu for trial in self.study.running]
        event: Event = {
            "kind": "start",
            "trial": start.trial,
            "job": job_name(self._place.trial(start.trial), self._services),
            "at": self._services.now().isoformat(),
            "values": start.values,
            "resource": start.resource,
            "gpu": self._share.free_gpu(taken),
        }
        if not self._recorder.append(event):
            return False
        trial = self.study.trials[start.trial]
        return self._starter.start(trial, others=len(self.study.running) - 1)

    def _warn_of_regex(self, trial: Trial, watch: TrialWatch, *, has_ended: bool = False) -> None:
        """Show once that lines of a trial have no value: of the first after some lines, of any at its end."""
        is_late = has_ended or (trial.number == 1 and watch.lines >= _NO_VALUE_AFTER)
        if watch.last is not None or not watch.lines or not is_late or self._has_warned_of_regex:
            return
        self._has_warned_of_regex = True
        lines = f"the {watch.lines:,} lines" if watch.lines > 1 else "the one line"
        newest = watch.newest_line[:200]
        newest = newest if newest == clean(newest) else repr(newest)  # what cannot be seen may be the cause
        which = f", of which the newest is: {newest}" if watch.lines > 1 else f": {newest}"
        self._view.note(
            f"Warning: '{self._regex}' has found no {self._spec.metric} in {lines} of trial {trial.number}"
            f"{'' if has_ended else ' so far'}{which}"
        )

    def _note_once(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self._view.note(text)
