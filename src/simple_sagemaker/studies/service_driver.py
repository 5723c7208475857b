"""A study that SageMaker drives: a tuning job created once and followed to its end. It goes on without us.

It has the interface of :class:`.driver.Driver`, so both doors and all views are the same for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..core.aws_api import error_code
from ..core.records import replace
from ..core.unreadable import turn_page
from ..errors import UsageError
from ..jobs.outages import Clock, RateLimitedNotes, RetryState
from ..tasks import send
from . import begun
from .best_trial import BestTrial
from .records import SoFar
from .study import Ended, Limits, Study, Trial, TrialJob
from .trust import check_tuning_job
from .tuning_request import check_unchanged, tuning_request

if TYPE_CHECKING:
    from ..core.services import Services
    from .begin import OpenedStudy
    from .spec import TuneSpec
    from .view import View

_FINAL = {"Completed": "Completed", "Failed": "Failed", "Stopped": "Stopped", "DeleteFailed": "Failed"}
_ENDED = frozenset({"Completed", "Failed", "Stopped"})
_PAGE = 100


class ServiceDriver:
    """Follows one tuning job. Not for several threads at once."""

    def __init__(
        self, spec: TuneSpec, opened: OpenedStudy, services: Services, view: View, clock: Clock | None = None
    ) -> None:
        if opened.tuning_job is None:
            raise TypeError("no tuning job drives this study")
        self.study = Study(spec.goal)
        self.name = opened.tuning_job
        self._spec = spec
        self._opened = opened
        self._services = services
        self._view = view
        self._clock = clock or Clock()
        self._best = BestTrial(opened.place, services)
        self._config: Mapping[str, Any] = {}

    def load(self) -> None:
        """Read what the service knows of the tuning job; do nothing if it has none yet."""
        if (described := self._describe()) is not None:
            self._config = described["HyperParameterTuningJobConfig"]
            self._take(described, shows=False)

    def set_limits(self, limits: Limits) -> None:
        """Create the tuning job with these limits, unless it exists. Raises UsageError where it has others."""
        if self.study.limits is None:
            self._create(limits)
            self.load()
        elif limits.max_trials != self.study.limits.max_trials:
            raise UsageError.naming(
                "{tune_jobs}: SageMaker cannot extend the tuning job {name}, which has {trials} trials.\n"
                "Search under another task name; with {tune_by} bayesian, {tune_from} {task} learns from this one.",
                name=self.name,
                trials=self.study.limits.max_trials,
                task=self._opened.place.task,
            )
        else:
            check_unchanged(self._spec, self._config, self.name)

    @property
    def has_ended(self) -> bool:
        """Whether the tuning job has ended, and all of its trials with it."""
        return self.study.ended is not None

    def drive(self, until: Callable[[], bool] = lambda: False) -> None:
        """Follow the tuning job to its end, or until ``until`` returns True."""
        retry = RetryState(RateLimitedNotes(self._view.note, self._clock), self._clock)
        began = self._clock.seconds()
        while not self.has_ended and not until():
            described = retry.call(self._describe)
            if described is not None:
                retry.call(partial(self._take, described))
            self._view.changed(self.study, {})
            if not self.has_ended:
                pause_s = self._services.pace(self._clock.seconds() - began)
                self._clock.sleep(max(pause_s, retry.pause_s, 0.1))

    def leave(self) -> None:
        """Do nothing: nobody else waits to drive."""

    @property
    def goes_on(self) -> str:
        """What goes on when this command leaves."""
        return f"the tuning job {self.name} goes on by itself"

    @property
    def whose(self) -> str | None:
        """Who drives the study; None once it has ended."""
        return None if self.has_ended else f"the tuning job {self.name}"

    def so_far(self) -> dict[int, SoFar]:
        """Nothing: the service tells of a trial's values at its end."""
        return {}

    def stop(self, why: str = "stopped by hand") -> None:  # noqa: ARG002 - as a driver is called
        """Ask the tuning job to stop, and its trials with it."""
        stop_tuning_job(self.name, self._services)

    def _create(self, limits: Limits) -> None:
        opened, place = self._opened, self._opened.place
        try:
            request = tuning_request(
                self._spec,
                opened.template.request,
                name=self.name,
                place=place,
                seed=opened.seed,
                trials=limits.max_trials,
                at_once=limits.at_once,
                parent=self._parent(),
            )
            send.create(
                lambda: self._services.sagemaker.create_hyper_parameter_tuning_job(**request),
                is_role_new=opened.template.is_role_new,
            )
        except Exception:
            if opened.is_new:  # so that the same words can begin again, when what is wrong has been mended
                self._services.store.delete(place.bucket, [begun.study_file(place)])
            raise
        self._view.note(f"Tuning job {self.name}")

    def _parent(self) -> str | None:
        task = self._spec.learn_from
        if task is None:
            return None
        known = begun.read_study(replace(self._opened.place, task=task), self._services)
        name = known.get("tuning_job") if known else None
        if name is None:
            raise UsageError.naming(
                "{tune_from} {task}: SageMaker learns from tuning jobs alone, and none has searched that task.",
                task=task,
            )
        return str(name)

    def _describe(self) -> Mapping[str, Any] | None:
        described = describe_tuning_job(self.name, self._services)
        if described is not None:
            check_tuning_job(described, self._opened.place)
        return described

    def _take(self, described: Mapping[str, Any], *, shows: bool = True) -> None:
        """Take in a description, and the trials that the service lists; those that are new are shown."""
        take_tuning_job(described, self.study, self._services, self._view if shows else None)
        self._best.name(self.study)


def describe_tuning_job(name: str, services: Services) -> Mapping[str, Any] | None:
    """A tuning job as the service describes it; None where there is none."""
    try:
        return services.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    except Exception as error:
        if error_code(error) == "ResourceNotFound":
            return None
        raise


def stop_tuning_job(name: str, services: Services) -> None:
    """Ask a tuning job to stop, and its trials with it, unless it has ended."""
    try:
        services.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    except Exception as error:
        if error_code(error) != "ValidationException":  # it has ended meanwhile
            raise


def forget_tuning_job(name: str, services: Services) -> None:
    """Delete the service's record of a tuning job that has ended, if there is one."""
    try:
        services.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    except Exception as error:
        if error_code(error) not in {"ResourceNotFound", "ValidationException"}:
            raise


def take_tuning_job(described: Mapping[str, Any], study: Study, services: Services, view: View | None = None) -> None:
    """Take in a description, and the trials that the service lists; a view is shown what is new."""
    name, limits = (
        described["HyperParameterTuningJobName"],
        described["HyperParameterTuningJobConfig"]["ResourceLimits"],
    )
    study.limits = Limits(
        max_trials=limits.get("MaxNumberOfTrainingJobs", 0), at_once=limits["MaxParallelTrainingJobs"], failures=None
    )
    study.began = study.first_began = described["CreationTime"]
    trials_of(name, study, services, view)
    status = _FINAL.get(described["HyperParameterTuningJobStatus"])
    if status is not None:
        why = described.get("FailureReason") or _why(name, status, study)
        study.ended = Ended(status=status, why=why)  # type: ignore[arg-type]  # one of the three


def _why(name: str, status: str, study: Study) -> str:
    count = len(study.trials)
    if status == "Stopped":
        return f"the tuning job {name} was stopped"
    if study.limits and count < study.limits.max_trials:
        return f"the tuning job {name} has met a criterion after {count} trials"
    return f"all {count} trials have ended"


def trials_of(name: str, study: Study, services: Services, view: View | None = None) -> None:
    """Take in the trials of a tuning job; a view is shown what is new."""
    request: dict[str, Any] = {"HyperParameterTuningJobName": name, "MaxResults": _PAGE}
    while True:
        page = services.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(**request)
        for summary in page["TrainingJobSummaries"]:
            _take_trial(summary, study, view)
        if not turn_page(request, page):
            return


def _take_trial(summary: Mapping[str, Any], study: Study, view: View | None) -> None:
    number = layout.tuning_trial(summary["TrainingJobName"])
    if number is None:
        return
    trial = study.trials.get(number)
    if trial is None:
        values = {key: _decoded(value) for key, value in summary["TunedHyperParameters"].items()}
        job = TrialJob(name=summary["TrainingJobName"], began=summary["CreationTime"])
        trial = study.trials[number] = Trial(number=number, values=values, jobs=[job])
        if view:
            view.started(trial)
    job, status = trial.newest, summary["TrainingJobStatus"]
    objective = (summary.get("FinalHyperParameterTuningJobObjectiveMetric") or {}).get("Value")
    if status not in _ENDED or job.status is not None:
        return
    job.objective = None if objective is None else float(objective)
    begun, ended = summary.get("TrainingStartTime"), summary.get("TrainingEndTime")
    job.seconds = round((ended - begun).total_seconds()) if begun and ended else 0
    job.ended, job.reason, job.status = ended or summary["CreationTime"], summary.get("FailureReason"), status
    if view:
        view.ended(trial, study)


def _decoded(value: str) -> str:
    """A value as it was typed: texts come back as JSON."""
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value
