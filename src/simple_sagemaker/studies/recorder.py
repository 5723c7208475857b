"""Writes what happens in a study, and takes in what others wrote: for whoever drives it, stops it or looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core.json_form import json_form
from .best_trial import BestTrial
from .journal import Event, Journal
from .study import EndStatus, Study

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from ..tuning.goal import Goal
    from .study import Trial


class Recorder:
    """The events of one study, and what they come to: ``study``. Not for several threads at once."""

    def __init__(self, place: TaskPlace, goal: Goal, services: Services) -> None:
        self.study = Study(goal)
        self.place = place
        self._services = services
        self._journal = Journal(place, services.store)
        self._best = BestTrial(place, services)

    def load(self) -> None:
        """Read what has happened so far."""
        self.study.take(self._journal.load())

    def read_new(self) -> None:
        """Take in what others have written."""
        self.study.take(self._journal.read_new())

    def append(self, event: Event) -> bool:
        """Write an event and take it in; return False, with the events of others taken in, if they were quicker."""
        if self._journal.append(event):
            self.study.take([event])
            return True
        self.read_new()
        return False

    def end_event(self, trial: Trial, described: Job, objective: float | None, curve: Sequence[float]) -> Event:
        """The event that a trial's newest job has ended, as SageMaker describes it."""
        return {
            **self._end(trial),
            "status": described.status,
            "objective": json_form(objective),
            "curve": json_form(curve),
            "seconds": described.seconds,
            "billed_s": described.billed_s,
            "reason": described.reason,
        }

    def never_began(self, trial: Trial) -> Event:
        """The event that a trial's newest job ended without having begun, as the search has ended."""
        return {**self._end(trial), "status": "Stopped", "reason": "The search ended before it began"}

    def _end(self, trial: Trial) -> Event:
        return {"kind": "end", "trial": trial.number, "job": trial.newest.name, "at": self._services.now().isoformat()}

    def name_best(self) -> None:
        """Let other commands know the best trial."""
        self._best.name(self.study)

    def end_search(self, status: EndStatus, why: str) -> None:
        """End the search, unless it has ended. Its trials go on, and whoever drives begins no more."""
        self.read_new()
        while self.study.ended is None and not self.append({"kind": "done", "status": status, "why": why}):
            pass

    def stop_trial(self, trial: Trial, why: str) -> None:
        """Ask a trial's newest job to stop, and write down why, unless it has ended or was stopped before."""
        job = trial.newest
        while job.status is None and not job.why_stopped:
            if self.append({"kind": "stop", "trial": trial.number, "job": job.name, "why": why}):
                self.ask_to_stop(job.name)

    def ask_to_stop(self, job: str) -> None:
        """Ask a job to stop, unless it has ended."""
        jobs.stop_unless_ended(job, "training", self._services.sagemaker)
