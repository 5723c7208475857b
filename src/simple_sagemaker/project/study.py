"""A search over hyperparameters as Python holds it: waited for, stopped, and looked at."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.aws_errors import translate_all_errors
from ..core.progress import WithoutStatusLine
from ..errors import JobFailed, JobStopped, UsageError
from ..jobs.display import Lines
from ..studies import results, search
from ..studies.records import StudyRecord, TrialRecord
from ..tasks.prepared import DryRun
from .records import Records

if TYPE_CHECKING:
    from ..core.services import Services
    from ..studies.search import Search
    from ..studies.spec import TuneSpec
    from ..studies.study import Study as StudyState
    from ..studies.study import Trial
    from .job import Job
    from .progress import Progress

_log = logging.getLogger("simple_sagemaker.task")


class Study:
    """A search, driven by this process or another. Threads may share it.

    It goes on where it was when the same ``Project.tune`` is called again, whatever became of this process.
    """

    def __init__(self, found: Search, services: Services, view: _View, job_of: Callable[[str], Job]) -> None:
        self._search = found
        self._services = services
        self._view = view
        self._job_of = job_of
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._stops = threading.Event()

    def __repr__(self) -> str:
        return f"<Study of task {self.task_name}, {len(self._search.driver.study.trials)} trials>"

    @property
    def task_name(self) -> str:
        """The task that is searched."""
        return self._search.opened.place.task

    @property
    def record(self) -> StudyRecord:
        """Everything that is known of the study now."""
        return self._search.record

    @property
    def status(self) -> str:
        """Running, Completed, Failed or Stopped."""
        return self.record.status

    @property
    def best(self) -> TrialRecord | None:
        """The best trial so far; None while none has an objective."""
        return self.record.best

    @property
    def best_job(self) -> Job:
        """The job of the best trial so far. Raises UsageError while there is none."""
        best = self.best
        if best is None:
            raise UsageError("No trial has an objective yet.")
        return self._job_of(best.job)

    def trials(self) -> Records[TrialRecord]:
        """The trials, the best first. ``to_dataframe()`` of them is a table for pandas."""
        return Records(self.record.trials)

    def to_dataframe(self) -> Any:
        """The trials as a pandas DataFrame, a row a trial. Raises UsageError where pandas is not installed."""
        return self.trials().to_dataframe()

    def start(self) -> None:
        """Drive the search in a thread of its own, unless it is driven already or has ended."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._drive, name=f"study {self.task_name}", daemon=True)
            self._thread.start()

    def wait(self) -> StudyRecord:
        """Wait for the end, bring what was asked for, and give the whole record.

        Raises JobFailed when the search failed, JobStopped when it was stopped. After a KeyboardInterrupt the search
        goes on, and can be waited for again.
        """
        self.start()
        thread = self._thread
        while thread is not None and thread.is_alive():
            thread.join(timeout=0.2)  # so that Ctrl-C is noticed
        if self._error is not None:
            raise self._error
        record = self.record
        if record.status == "Failed":
            raise JobFailed(f"The search of task {self.task_name} failed: {record.why}.")
        if record.status == "Stopped":
            raise JobStopped(f"The search of task {self.task_name} was stopped: {record.why}.")
        return record

    def stop(self) -> None:
        """End the search and ask its trials to stop; returns at once."""
        self._stops.set()

    def _drive(self) -> None:
        driver = self._search.driver
        try:
            with translate_all_errors(region=self._services.region):
                driver.drive(until=self._stops.is_set)
                if not driver.has_ended:
                    driver.stop()
                    driver.drive()
                results.bring(self.record, self._search.spec, self._services, self._view)
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            self._error = error
        finally:
            driver.leave()


def begin_study(spec: TuneSpec, services: Services, progress: Progress, job_of: Callable[[str], Job]) -> Study:
    """Begin a study, or open the one that there is; nothing is driven yet. Raises what ``search.prepare`` does."""
    view = _View(prints=progress != "none", metric=spec.metric)
    with translate_all_errors(region=services.region):
        found = search.prepare(spec, services, view, view)
    if isinstance(found, DryRun):
        raise UsageError("A dry run starts nothing.")
    return Study(found, services, view, job_of)


class _View(WithoutStatusLine):
    """Lines about a search: to Python's logger, or printed."""

    def __init__(self, *, prints: bool, metric: str) -> None:
        self._prints = prints
        self._metric = metric

    def phase(self, name: str, message: str) -> None:
        """Do nothing: a study has no phases."""

    def lines(self, host: str, lines: list[str]) -> None:
        """Do nothing: trials' lines are in their logs."""

    def note(self, text: str) -> None:
        _log.info("%s", text)
        if self._prints:
            Lines(0).note(text)

    def changed(self, study: StudyState, curves: dict[int, list[float]]) -> None:
        """Do nothing: each change has a line of its own."""

    def started(self, trial: Trial) -> None:
        self.note(f"Trial {trial.number} began: {' '.join(f'{name}={value}' for name, value in trial.values.items())}")

    def ended(self, trial: Trial, study: StudyState) -> None:
        best = study.best
        is_best = best is not None and best.number == trial.number
        objective = "none" if trial.objective is None else f"{trial.objective:.6g}"
        self.note(
            f"Trial {trial.number} {str(trial.newest.status).lower()}: {self._metric} {objective}"
            f"{' (the best so far)' if is_best else ''}"
        )
