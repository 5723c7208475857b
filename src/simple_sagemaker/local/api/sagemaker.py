"""SageMaker on this machine: the service's operations under boto3's names, with its answers and errors.

Any number of processes may call them at once; each sees the others' jobs. All state is in files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ...core.records import asdict
from ...core.store import Store
from ..job.drafts import draft, remove_abandoned
from ..job.folder import FINAL, JobFolder, delete_job, find_job, make_job, place_of_new, publish_job
from ..job.home import Home, Settings
from ..job.kinds import PROCESSING, TRAINING, TUNING, Kind, kind_of
from ..supervisor.spawn import SupervisorGone
from . import model
from .describe import describe, summary
from .errors import ABSENT, client_error, damage_as_error, validation_error
from .operation_names import OPERATIONS, methods

if TYPE_CHECKING:
    from ..supervisor.start import Starter
    from ..supervisor.turns import Turns
    from .job_index import JobIndex
    from .tuning.operations import TuningOperations

Answer = Any  # a dictionary of the shape that boto3 returns for the operation


class LocalSageMaker:
    """The operations on jobs of all kinds. Each takes the request's members and returns boto3's answer.

    Raises botocore's ``ClientError`` with the service's codes: ValidationException, ResourceInUse, ResourceNotFound.
    ``settings`` are all jobs', or a function of the request. ``starter`` makes what starts jobs, once one starts.
    ``admit`` returns why a role cannot be used, or None. With ``turns`` jobs wait where many start. ``store_for`` opens
    the store of a request's inputs. Without ``index``, ``report`` gets a line about each damaged job.
    """

    def __init__(
        self,
        home: Home,
        *,
        settings: Settings | Callable[[Mapping[str, Any]], Settings],
        starter: Callable[[], Starter] | None = None,
        admit: Callable[[str], str | None] = lambda _: None,
        turns: Turns | None = None,
        index: JobIndex | None = None,
        store_for: Callable[[Mapping[str, Any]], Store] | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._home = home
        self._settings_for = (lambda _: settings) if isinstance(settings, Settings) else settings
        self._admit = admit
        self._make_starter = starter
        self._turns = turns
        self._index_or_none = index
        self._store_for = store_for
        self._report = report

    def create_training_job(self, **request: Any) -> Answer:
        """Check the request as the service does, make the job's folder and start its supervisor."""
        self.check("CreateTrainingJob", request)
        return self.launch(TRAINING, request)

    def update_training_job(self, **request: Any) -> Answer:
        """Switch remote debugging of a running job on or off."""
        from .update import update

        job = self._job(TRAINING, "Update", request)
        with damage_as_error(job.name, "UpdateTrainingJob"):
            return _make_answer(**update(job, request))

    def create_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        self.check("CreateProcessingJob", request)
        return self.launch(PROCESSING, request)

    def describe_training_job(self, **request: Any) -> Answer:
        """Describe a training job."""
        return self.describe_job(TRAINING, request)

    def describe_processing_job(self, **request: Any) -> Answer:
        """Describe a processing job."""
        return self.describe_job(PROCESSING, request)

    def stop_training_job(self, **request: Any) -> Answer:
        """Request a stop: the job's supervisor sends SIGTERM, waits, sends SIGKILL, and uploads what there is."""
        return self.stop_job(TRAINING, request)

    def stop_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self.stop_job(PROCESSING, request)

    def delete_training_job(self, **request: Any) -> Answer:
        """Delete a job that has ended, its folder included; what it wrote to buckets stays."""
        return self._delete(TRAINING, request)

    def delete_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self._delete(PROCESSING, request)

    def list_training_jobs(self, **request: Any) -> Answer:
        """One page of summaries; oldest first unless the request sorts otherwise."""
        return self.list_jobs(TRAINING, request)

    def list_processing_jobs(self, **request: Any) -> Answer:
        """The same for processing jobs."""
        return self.list_jobs(PROCESSING, request)

    def create_hyper_parameter_tuning_job(self, **request: Any) -> Answer:
        """Check the request as the service does, make the tuning job's folder and start its process."""
        return self._tune("CreateHyperParameterTuningJob", request)

    def describe_hyper_parameter_tuning_job(self, **request: Any) -> Answer:
        """Describe a tuning job."""
        return self._tune("DescribeHyperParameterTuningJob", request)

    def stop_hyper_parameter_tuning_job(self, **request: Any) -> Answer:
        """Request a stop: no training job begins any more, and those that run are stopped."""
        return self._tune("StopHyperParameterTuningJob", request)

    def delete_hyper_parameter_tuning_job(self, **request: Any) -> Answer:
        """Delete a tuning job that has ended; its training jobs stay."""
        return self._tune("DeleteHyperParameterTuningJob", request)

    def list_hyper_parameter_tuning_jobs(self, **request: Any) -> Answer:
        """One page of summaries, by name unless the request sorts otherwise."""
        self._tuning.take_over_orphans()
        return self.list_jobs(TUNING, request)

    def list_training_jobs_for_hyper_parameter_tuning_job(self, **request: Any) -> Answer:
        """One page of the training jobs of a tuning job, by name unless the request sorts otherwise."""
        return self._tune("ListTrainingJobsForHyperParameterTuningJob", request)

    def _tune(self, operation: str, request: dict[str, Any]) -> Answer:
        self.check(operation, request)
        return _make_answer(**self._tuning.answer(operation, request))

    @cached_property
    def _tuning(self) -> TuningOperations:
        from .tuning.operations import TuningOperations

        starting = self._home, self._starter, lambda: self.index
        return TuningOperations(*starting, self._settings_for, self._admit, store_for=self._open_store)

    def launch(self, kind: Kind, request: dict[str, Any]) -> Answer:
        """Create a job by a request of the service's shapes. Raises ClientError for what is wrong otherwise."""
        from . import validation  # which no other operation needs

        operation, name = f"Create{kind.prefix}Job", request[kind.name]
        if objection := self._admit(request["RoleArn"]):
            raise validation_error(objection, operation)
        settings = self._settings_for(request)
        if objection := validation.objection(
            request, self._open_store(request, settings), images=settings.isolation == "docker", python=settings.python
        ):
            raise validation_error(objection, operation)
        arn = kind.arn(name, settings.region)
        stored = asdict(settings) | {"home": str(self._home.root)}
        try:
            with draft(self._home.jobs) as place:
                self._start_or_queue(make_job(place, request, stored), name, settings.isolation)
        except SupervisorGone as why:
            raise client_error("SupervisorFailed", f"The job could not be started: {why}", operation) from why
        except FileExistsError:
            raise client_error(
                "ResourceInUse",
                f"{kind.noun.capitalize()} names must be unique within an AWS account and region, and a {kind.noun} "
                f"with this name already exists ({arn})",
                operation,
            ) from None
        remove_abandoned(self._home.jobs)
        return _make_answer(**{f"{kind.prefix}JobArn": arn})

    def _start_or_queue(self, job: JobFolder, name: str, isolation: str) -> None:
        """Start a drafted job, or publish it as one that waits for its turn. Raises SupervisorGone, FileExistsError."""
        if self._turns and not self._turns.take(JobFolder(place_of_new(self._home.jobs, kind_of(job.request()), name))):
            self._turns.mark(job)
            self._turns.wait(publish_job(job, self._home.jobs, name), lambda one: self._starter.start(one, isolation))
        else:
            self._starter.start(job, isolation, name)

    @cached_property
    def _starter(self) -> Starter:
        from ..supervisor.start import Starter

        return self._make_starter() if self._make_starter else Starter(self._home.jobs)

    def _open_store(self, request: Mapping[str, Any], settings: Settings) -> Store:
        from ..data import stores

        return self._store_for(request) if self._store_for else stores.open_store(self._home, settings)

    def describe_job(self, kind: Kind, request: dict[str, Any]) -> Answer:
        """Describe a job of a kind."""
        job = self._job(kind, "Describe", request)
        with damage_as_error(job.name, f"Describe{kind.prefix}Job"):
            return _make_answer(**describe(job))

    def _status(self, job: JobFolder, kind: Kind, operation: str) -> str:
        with damage_as_error(job.name, operation):
            return str(describe(job)[kind.status])

    def stop_job(self, kind: Kind, request: dict[str, Any]) -> Answer:
        """Request a stop of a job of a kind."""
        job = self._job(kind, "Stop", request)
        status = self._status(job, kind, f"Stop{kind.prefix}Job")
        if status != "InProgress":
            message = f"The request was rejected because the {kind.noun} is in status {status}."
            raise validation_error(message, f"Stop{kind.prefix}Job")
        job.stop_mark.touch()
        return _make_answer()

    def _delete(self, kind: Kind, request: dict[str, Any]) -> Answer:
        job = self._job(kind, "Delete", request)
        if (status := self._status(job, kind, f"Delete{kind.prefix}Job")) not in FINAL:
            message = f"The {kind.noun} is in status {status}; stop it first."
            raise client_error("ResourceInUse", message, f"Delete{kind.prefix}Job")
        delete_job(job)
        return _make_answer()

    def list_jobs(self, kind: Kind, request: dict[str, Any]) -> Answer:
        """One page of summaries of a kind."""
        operation = f"List{kind.prefix}Jobs"
        self.check(operation, request)
        from . import search

        choose = partial(search.list_page, kind=kind, request=request, operation=operation)
        page, following = self.index.choose(kind, choose, request.get("NameContains", ""))
        return _make_answer(**{f"{kind.prefix}JobSummaries": [summary(one) for _, one in page]}, **following)

    def search(self, **request: Any) -> Answer:
        """Jobs by status, tag and other properties: Equals, NotEquals, Contains, In, Exists and comparisons."""
        self.check("Search", request)
        kind = {"TrainingJob": TRAINING, "HyperParameterTuningJob": TUNING}.get(request["Resource"])
        if kind is None:
            return _make_answer(Results=[])
        from . import search

        known = model.load(self._home.cache).of_resource(request["Resource"])
        choose = partial(search.search_page, request=request, model=known, operation="Search")
        page, following = self.index.choose(kind, choose)
        records = [
            {name: value for name, value in one.items() if name in known.searched_members} | {"Tags": job.tag_members()}
            for job, one in page
        ]
        return _make_answer(Results=[{request["Resource"]: record} for record in records], **following)

    def list_tags(self, **request: Any) -> Answer:
        """One page of the tags of a job, by the job's ARN."""
        return self._tags("ListTags", request)

    def add_tags(self, **request: Any) -> Answer:
        """Add tags to a job, replacing the values of keys it has."""
        return self._tags("AddTags", request)

    def delete_tags(self, **request: Any) -> Answer:
        """Remove tags from a job; keys that it does not have are no error."""
        return self._tags("DeleteTags", request)

    def _tags(self, operation: str, request: dict[str, Any]) -> Answer:
        self.check(operation, request)
        from . import job_tags

        return _make_answer(**job_tags.answer(self._home.jobs, operation, request))

    def check(self, operation: str, request: Mapping[str, Any]) -> None:
        """Check a request by the service's model. Raises ClientError."""
        if message := model.load(self._home.cache, operation).validation_message(operation, request):
            raise validation_error(message, operation)

    def _job(self, kind: Kind, act: str, request: Mapping[str, Any]) -> JobFolder:
        """The job that an operation is about. Raises ClientError if it does not exist."""
        operation = f"{act}{kind.prefix}Job"
        self.check(operation, request)
        with damage_as_error(request[kind.name], operation):
            job = find_job(self._home.jobs, kind, request[kind.name])
        if job is None:
            raise validation_error(ABSENT[kind], operation)
        return job

    @cached_property
    def index(self) -> JobIndex:
        """The index of all jobs, which most processes do not need."""
        from .job_index import JobIndex

        return JobIndex(self._home, self._report) if self._index_or_none is None else self._index_or_none


def operations(sagemaker: LocalSageMaker) -> dict[str, Callable[..., Answer]]:
    """The operations by the API's names: the only ones that may be called by name."""
    return methods(sagemaker, OPERATIONS)


def _make_answer(**members: Any) -> Answer:
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}
