"""The operations on tuning jobs. A tuning job is a folder beside those of its training jobs, with a process of its own.

That process (``local/tuning``) creates the training jobs and ends by itself. Was it killed, then whoever looks at the
tuning job next gives it another one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from ....core.records import asdict
from ....core.store import Store
from ...job.drafts import draft, remove_abandoned
from ...job.folder import FINAL, JobFolder, delete_job, find_job, make_job, name_of
from ...job.home import REGION, Home, Settings
from ...job.kinds import TUNING
from ...job.stored import DamagedJob
from ...requests.tuning import Definition, definition_members, read_definitions
from ...supervisor.spawn import SupervisorGone
from ...supervisor.start import Starter, take_over
from .. import model, search, validation
from ..describe import describe
from ..errors import client_error, damage_as_error, validation_error
from ..job_index import JobIndex
from . import validation as tuning_validation
from . import warm_start
from .plan import Plan, write_plan
from .trials import read_trials, reading, summary, with_facts

_SEEDS = 2**31
_FOR = {"Name": "TrainingJobName", "CreationTime": "CreationTime", "Status": "TrainingJobStatus"}
_OBJECTIVE = "FinalHyperParameterTuningJobObjectiveMetric"
Members = dict[str, Any]


class TuningOperations:
    """The operations; each takes the members of a valid request and returns the members of its answer.

    ``settings_for``, ``admit`` and ``store_for`` are as of :class:`..sagemaker.LocalSageMaker`.
    """

    def __init__(
        self,
        home: Home,
        starter: Starter,
        index: Callable[[], JobIndex],
        settings_for: Callable[[Mapping[str, Any]], Settings],
        admit: Callable[[str], str | None],
        *,
        store_for: Callable[[Mapping[str, Any], Settings], Store],
    ) -> None:
        self._home = home
        self._starter = starter
        self._index = index
        self._settings_for = settings_for
        self._admit = admit
        self._store_for = store_for

    def answer(self, operation: str, request: Members) -> Members:
        """Call an operation by its name. Raises ClientError."""
        acts = {"Create": self.create, "Describe": self.describe, "Stop": self.stop, "Delete": self.delete}
        act = acts.get(operation.removesuffix("HyperParameterTuningJob"), self.list_trials)
        with damage_as_error(request[TUNING.name], operation):
            return act(request)

    def create(self, request: Members) -> Members:
        """Check the request as the service does, make the tuning job's folder and start its process."""
        operation = "CreateHyperParameterTuningJob"
        name: str = request[TUNING.name]
        if problem := tuning_validation.objection(request):
            raise validation_error(problem, operation)
        parents = self._parents(request, operation)
        if problem := tuning_validation.limit_objection(request, warm_start.count_trials(parents)):
            raise client_error("ResourceLimitExceeded", problem, operation)
        settings = [
            self._settings_of(request, member, one)
            for member, one in zip(definition_members(request), read_definitions(request), strict=True)
        ]
        arn = TUNING.arn(name, settings[0].region)
        seed = request["HyperParameterTuningJobConfig"].get("RandomSeed")
        plan = Plan(
            seed=secrets.randbelow(_SEEDS) if seed is None else seed,
            settings=settings,
            parents=warm_start.parent_trials(parents),
        )
        try:
            self._check_is_free(name)
            with draft(self._home.jobs) as place:
                job = make_job(place, request, asdict(settings[0]) | {"home": str(self._home.root)})
                write_plan(place, plan)
                self._starter.start(job, settings[0].isolation, name)
        except SupervisorGone as why:
            raise client_error("SupervisorFailed", f"The tuning job could not be started: {why}", operation) from why
        except FileExistsError:
            raise client_error(
                "ResourceInUse",
                f"A {TUNING.noun} with the name, {name}, already exists. Choose a different name.",
                operation,
            ) from None
        remove_abandoned(self._home.jobs)
        return {"HyperParameterTuningJobArn": arn}

    def describe(self, request: Members) -> Members:
        """Describe a tuning job."""
        return describe(self._job("Describe", request))

    def stop(self, request: Members) -> Members:
        """Request a stop: no training job begins any more, and those that run are stopped."""
        job = self._job("Stop", request)
        if (status := describe(job)[TUNING.status]) != "InProgress":
            message = f"The request was rejected because the {TUNING.noun} is in status {status}."
            raise validation_error(message, "StopHyperParameterTuningJob")
        job.stop_mark.touch()
        return {}

    def delete(self, request: Members) -> Members:
        """Delete a tuning job that has ended; its training jobs stay."""
        job = self._job("Delete", request)
        if (status := describe(job)[TUNING.status]) not in FINAL:
            message = f"The {TUNING.noun} is in status {status}; stop it first."
            raise client_error("ResourceInUse", message, "DeleteHyperParameterTuningJob")
        delete_job(job)
        return {}

    def take_over_orphans(self) -> None:
        """Give every tuning job whose process was killed another one."""
        for one in self._index().jobs():
            if one.kind is TUNING and not one.has_ended:
                self._supervise(JobFolder(self._home.jobs / one.folder))

    def list_trials(self, request: Members) -> Members:
        """One page of the training jobs of a tuning job, by name unless the request sorts otherwise."""
        operation = "ListTrainingJobsForHyperParameterTuningJob"
        job = self._job("", request, operation)
        with reading():
            definitions = read_definitions(job.request())
            region = job.settings().get("region", REGION)
            known = with_facts(read_trials(job.entries()), definitions, self._home.jobs)
            members = [summary(one, facts, definitions[one.definition], region) for one, facts in known]
        if status := request.get("StatusEquals"):
            members = [one for one in members if one["TrainingJobStatus"] == status]
        order = request.get("SortBy", "Name")
        if order == "FinalObjectiveMetricValue":
            members = [one for one in members if _OBJECTIVE in one]
        members.sort(key=lambda one: one["TrainingJobName"])
        members.sort(
            key=lambda one: one[_OBJECTIVE]["Value"] if order == "FinalObjectiveMetricValue" else one[_FOR[order]],
            reverse=request.get("SortOrder") == "Descending",
        )
        page, following = search.page(members, request, default=10, operation=operation)
        return {"TrainingJobSummaries": page, **following}

    def _settings_of(self, request: Members, member: Mapping[str, Any], definition: Definition) -> Settings:
        """How the jobs of a definition run; the first one is checked as CreateTrainingJob would. Raises ClientError."""
        operation = "CreateHyperParameterTuningJob"
        if problem := self._admit(member["RoleArn"]):
            raise validation_error(problem, operation)
        values = {one.name: one.nth(0) if one.count is not None else one.value_at(0.5) for one in definition.space}
        first = definition.request(f"{request[TUNING.name]}-001-00000000", values, request.get("Tags", ()))
        settings = self._settings_for({**first, TUNING.name: request[TUNING.name]})
        problem = model.load(self._home.cache).validation_message("CreateTrainingJob", first) or validation.objection(
            first, self._store_for(first, settings), images=settings.isolation == "docker", python=settings.python
        )
        if problem:
            raise validation_error(problem, operation)
        return settings

    def _parents(self, request: Members, operation: str) -> list[JobFolder]:
        names = warm_start.parent_names(request)
        parents = [self._find(name) for name in names]
        if absent := [name for name, job in zip(names, parents, strict=True) if job is None]:
            raise _not_found(absent[0], operation)
        jobs = [job for job in parents if job is not None]
        with reading():
            problem = warm_start.objection(request, jobs)
        if problem:
            raise validation_error(problem, operation)
        return jobs

    def _job(self, act: str, request: Members, operation: str = "") -> JobFolder:
        """The tuning job that an operation is about, with a process that sees to it. Raises ClientError."""
        name = request[TUNING.name]
        job = self._find(name)
        if job is None:
            raise _not_found(name, operation or f"{act}HyperParameterTuningJob")
        self._supervise(job)
        return job

    def _supervise(self, job: JobFolder) -> None:
        try:
            take_over(self._starter, job)
        except (SupervisorGone, OSError, DamagedJob):  # the next one who looks tries again; or it was just deleted
            return

    def _check_is_free(self, name: str) -> None:
        if self._find(name) is not None:
            raise FileExistsError(name)

    def _find(self, name: str) -> JobFolder | None:
        """A tuning job by its name, in which case does not matter."""
        if job := find_job(self._home.jobs, TUNING, name):
            return job
        try:
            folders = os.listdir(self._home.jobs)
        except FileNotFoundError:
            return None
        alike = (name_of(folder) for folder in folders if name_of(folder).lower() == name.lower() and folder[0] != ".")
        return next((job for one in alike if (job := find_job(self._home.jobs, TUNING, one))), None)


def _not_found(name: str, operation: str) -> Exception:
    message = f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
    return client_error("ResourceNotFound", message, operation)
