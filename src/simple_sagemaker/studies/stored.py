"""A study as it lies in its bucket, read from names alone: by commands that neither begin nor drive it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..core import job as jobs
from ..core.layout import TaskPlace
from ..errors import AccessDenied, SsmError
from ..jobs import metric_values, timeline
from . import service_driver
from .begun import read_study
from .driver_lock import DriverLock
from .recorder import Recorder
from .records import SoFar, StudyRecord, study_record
from .study import MOST_OF_CURVE, Study
from .trial_watch import objective_of
from .trust import check_job, check_name, check_tuning_job

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.services import Services
    from ..core.specs import Place
    from ..jobs.catalog import Listed
    from ..tuning.goal import Goal
    from .study import Trial


class StoredStudy:
    """A study that somebody began. Raises SsmError for one that is damaged, when it is made or used."""

    def __init__(self, place: TaskPlace, begun: Mapping[str, Any], services: Services) -> None:
        try:
            self.words: Mapping[str, Any] = begun["words"]
            self.seed = int(begun["seed"])
            self.metric = str(self.words["metric"]["name"])
            self.goal: Goal = "max" if self.words["goal"] == "max" else "min"
            self.names = [str(values["name"]) for _, values in self.words["space"]]
        except (KeyError, TypeError, ValueError) as error:
            raise SsmError(f"The study of task {place.task} is damaged: it lacks or has wrong: {error}") from error
        self.place = place
        self.tuning_job: str | None = begun.get("tuning_job")
        self.recorder = Recorder(place, self.goal, services)
        self._services = services
        if self.tuning_job is None:
            self.recorder.load()
        elif (described := service_driver.describe_tuning_job(self.tuning_job, services)) is not None:
            check_tuning_job(described, place)
            service_driver.take_tuning_job(described, self.study, services)

    @property
    def study(self) -> Study:
        """What is known of it."""
        return self.recorder.study

    def driver(self) -> str | None:
        """Which command drives it, for people; None where none does."""
        if self.tuning_job is not None:
            return None if self.study.ended or self.study.limits is None else f"the tuning job {self.tuning_job}"
        return DriverLock(self.place, self._services).holder()

    def stop(self, why: str) -> None:
        """End the search. Its trials go on, but for those of a tuning job."""
        if self.tuning_job is not None:
            service_driver.stop_tuning_job(self.tuning_job, self._services)
        else:
            self.recorder.end_search("Stopped", why)

    def record(self, note: Callable[[str], None]) -> StudyRecord:
        """The study as it is now: also what its trials came to since a command drove it."""
        so_far = self._look(note)
        return study_record(
            self.study,
            self.words,
            project=self.place.project,
            task=self.place.task,
            seed=self.seed,
            driver=self.driver(),
            so_far=so_far,
        )

    def _look(self, note: Callable[[str], None]) -> Mapping[int, SoFar]:
        """Look at the trials that run; those that have ended are taken in, and not written down: a driver does that."""
        so_far: dict[int, SoFar] = {}
        if self.tuning_job is not None:
            return so_far
        for trial in self.study.running:
            job = self._job(trial)
            if job is None:
                so_far[trial.number] = SoFar(has_begun=False)
            elif job.has_ended:
                self.study.take([self._end(trial, job, note)])
            else:
                seconds = timeline.ran_s(job, self._services.now()) or 0
                so_far[trial.number] = SoFar(has_begun=True, curve=self._curve(job, note)[0], seconds=seconds)
        return so_far

    def _job(self, trial: Trial) -> Job | None:
        """A trial's newest job; None where it has not begun. Raises SsmError for a job that is not the trial's own."""
        check_name(trial, self.place, self._services)
        job = jobs.find(trial.newest.name, "training", self._services.sagemaker)
        if job is not None:
            check_job(trial, job, self.place)
        return job

    def _end(self, trial: Trial, job: Job, note: Callable[[str], None]) -> dict[str, Any]:
        curve, last = self._curve(job, note)
        return self.recorder.end_event(trial, job, objective_of(job, self.metric, last), curve)

    def _curve(self, job: Job, note: Callable[[str], None]) -> tuple[list[float], float | None]:
        """The objective's values of the first host that printed any, as a driver sees them, and the last of any."""
        curve: list[float] = []
        host = last = None
        for point in metric_values.points(job, self._services, note):
            if point.metric != self.metric:
                continue
            host, last = host or point.host, point.value
            if point.host == host and len(curve) < MOST_OF_CURVE:
                curve.append(point.value)
        return curve, last

    def record_ends(self, note: Callable[[str], None]) -> None:
        """Write down which trials have ended, in place of a driver: does nothing where one lives."""
        lock = DriverLock(self.place, self._services)
        if self.tuning_job is not None or not self.study.running or not lock.take():
            return
        try:
            self.recorder.read_new()
            for trial in self.study.running:
                job = self._job(trial)
                if job is not None and job.has_ended:
                    self.recorder.append(self._end(trial, job, note))
                elif job is None and self.study.ended is not None:
                    self.recorder.append(self.recorder.never_began(trial))
            self.recorder.name_best()
        finally:
            lock.release()


def study_at(place: TaskPlace, services: Services) -> StoredStudy | None:
    """The study of a task at a place; None where it has none. The bucket has to be one that may be used."""
    begun = read_study(place, services)
    return None if begun is None else StoredStudy(place, begun, services)


def study_of(place: Place, newest: Listed | None, services: Services) -> StoredStudy | None:
    """The study of a task; None where it has none. ``newest`` is the task's newest job, which tells where it lies.

    Raises AccessDenied or UsageError for a bucket that must not be used, where that job says that it has a study.
    """
    where = newest.place if newest else None
    if newest is not None and (where is None or newest.trial is None):
        return None
    try:
        bucket = where.bucket if where else place.bucket or services.access.default_bucket()
        prefix = where.prefix if where else place.prefix
        if not services.access.has_bucket(bucket, owner=place.bucket_owner):
            return None
        return study_at(TaskPlace(bucket=bucket, project=place.project, task=place.task, prefix=prefix), services)
    except AccessDenied:
        if where is not None:
            raise
        return None
