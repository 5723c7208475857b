"""SageMaker on this machine: the service's operations under boto3's names, with its answers and errors.

Any number of processes may call them at once; each sees the others' jobs. All state is in files.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ...core.records import asdict
from ...core.store import Store
from ..job.drafts import draft, remove_abandoned
from ..job.folder import FINAL, JobFolder, delete_job, find_job, make_job, open_job, place_of_new, publish_job
from ..job.home import Home, Settings
from ..job.kinds import PROCESSING, TRAINING, Kind, kind_of
from ..supervisor import spawn
from ..supervisor.spawn import SupervisorGone, WaitingSupervisor
from ..supervisor.turns import Turns
from . import model
from .describe import arn_of, describe, summary
from .errors import client_error, validation_error

if TYPE_CHECKING:
    from .job_index import JobIndex

_ABSENT = {TRAINING: "Requested resource not found.", PROCESSING: "Could not find requested job with that name."}
Answer = Any  # a dictionary of the shape that boto3 returns for the operation


class LocalSageMaker:
    """The operations on training and processing jobs. Each takes the request's members and returns boto3's answer.

    Raises botocore's ``ClientError`` with the service's codes: ValidationException, ResourceInUse, ResourceNotFound.
    ``waiting`` is a supervisor that was started ahead, for the first job. ``settings`` are those of all jobs, or a
    function of the request. ``admit`` returns why a role (by its ARN) cannot be used, or None. ``caller_variables`` let
    supervisors find the caller's credentials, where buckets are on the caller's S3. With ``turns`` jobs wait for theirs
    where too many start at once. ``store_for`` opens the store of a request's inputs. ``index`` is this process's own.
    """

    def __init__(
        self,
        home: Home,
        *,
        settings: Settings | Callable[[Mapping[str, Any]], Settings],
        waiting: WaitingSupervisor | None = None,
        admit: Callable[[str], str | None] = lambda _: None,
        caller_variables: Mapping[str, str] | None = None,
        turns: Turns | None = None,
        index: JobIndex | None = None,
        store_for: Callable[[Mapping[str, Any]], Store] | None = None,
    ) -> None:
        self._home = home
        self._settings_for = (lambda _: settings) if isinstance(settings, Settings) else settings
        self._admit = admit
        self._caller_variables = caller_variables
        self._turns = turns
        self._index_or_none = index
        self._store_for = store_for
        self._supervisors: list[int] = []
        self._reaping = threading.Lock()
        self._waiting = [waiting] if waiting else []

    def create_training_job(self, **request: Any) -> Answer:
        """Check the request as the service does, make the job's folder and start its supervisor."""
        return self._create(TRAINING, request)

    def update_training_job(self, **request: Any) -> Answer:
        """Switch remote debugging of a running job on or off."""
        from .update import update

        return _make_answer(**update(self._job(TRAINING, "Update", request), request))

    def create_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self._create(PROCESSING, request)

    def describe_training_job(self, **request: Any) -> Answer:
        """Describe a training job."""
        return _make_answer(**describe(self._job(TRAINING, "Describe", request)))

    def describe_processing_job(self, **request: Any) -> Answer:
        """Describe a processing job."""
        return _make_answer(**describe(self._job(PROCESSING, "Describe", request)))

    def stop_training_job(self, **request: Any) -> Answer:
        """Request a stop: the job's supervisor sends SIGTERM, waits, sends SIGKILL, and uploads what there is."""
        return self._stop(TRAINING, request)

    def stop_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self._stop(PROCESSING, request)

    def delete_training_job(self, **request: Any) -> Answer:
        """Delete a job that has ended, its folder included; what it wrote to buckets stays."""
        return self._delete(TRAINING, request)

    def delete_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self._delete(PROCESSING, request)

    def list_training_jobs(self, **request: Any) -> Answer:
        """One page of summaries; oldest first unless the request sorts otherwise."""
        return self._list(TRAINING, request)

    def list_processing_jobs(self, **request: Any) -> Answer:
        """The same for processing jobs."""
        return self._list(PROCESSING, request)

    def _create(self, kind: Kind, request: dict[str, Any]) -> Answer:
        from ..data import stores
        from . import validation  # which no other operation needs

        operation = f"Create{kind.prefix}Job"
        self._check(operation, request)
        name = request[kind.name]
        objection = self._admit(request["RoleArn"])
        if objection:
            raise validation_error(objection, operation)
        settings = self._settings_for(request)
        store = self._store_for(request) if self._store_for else stores.open_store(self._home, settings)
        objection = validation.objection(request, store, images=settings.isolation == "docker")
        if objection:
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
            self._turns.wait(publish_job(job, self._home.jobs, name), lambda queued: self._start(queued, isolation))
        else:
            self._start(job, isolation, name)

    def _start(self, job: JobFolder, isolation: str, name: str | None = None) -> None:
        """Give a job its supervisor; a draft gets its ``name`` in between. Raises SupervisorGone, FileExistsError."""
        supervisor = self._next_supervisor(isolation)
        try:
            supervisor.hand_over(job, self._caller_variables)
            if name is not None:
                publish_job(job, self._home.jobs, name)
            supervisor.begin()
        except (FileExistsError, SupervisorGone):
            supervisor.dismiss()
            raise

    def _stop(self, kind: Kind, request: dict[str, Any]) -> Answer:
        job = self._job(kind, "Stop", request)
        status = describe(job)[kind.status]
        if status != "InProgress":
            message = f"The request was rejected because the {kind.noun} is in status {status}."
            raise validation_error(message, f"Stop{kind.prefix}Job")
        job.stop_mark.touch()
        return _make_answer()

    def _delete(self, kind: Kind, request: dict[str, Any]) -> Answer:
        job = self._job(kind, "Delete", request)
        if (status := describe(job)[kind.status]) not in FINAL:
            message = f"The {kind.noun} is in status {status}; stop it first."
            raise client_error("ResourceInUse", message, f"Delete{kind.prefix}Job")
        delete_job(job)
        return _make_answer()

    def _list(self, kind: Kind, request: dict[str, Any]) -> Answer:
        operation = f"List{kind.prefix}Jobs"
        self._check(operation, request)
        from . import search

        choose = partial(search.list_page, kind=kind, request=request, operation=operation)
        page, following = self.index.choose(kind, choose, request.get("NameContains", ""))
        return _make_answer(**{f"{kind.prefix}JobSummaries": [summary(one) for _, one in page]}, **following)

    def search(self, **request: Any) -> Answer:
        """Jobs by status, tag and other properties: Equals, NotEquals, Contains, In, Exists and comparisons."""
        self._check("Search", request)
        if request["Resource"] != "TrainingJob":
            return _make_answer(Results=[])
        from . import search

        known = model.load(self._home.cache)
        choose = partial(search.search_page, request=request, model=known, operation="Search")
        page, following = self.index.choose(TRAINING, choose)
        records = [
            {name: value for name, value in one.items() if name in known.searched_members} | {"Tags": job.tag_members()}
            for job, one in page
        ]
        return _make_answer(Results=[{"TrainingJob": record} for record in records], **following)

    def list_tags(self, **request: Any) -> Answer:
        """One page of the tags of a job, by the job's ARN."""
        job = self._job_by_arn("ListTags", request)
        from . import search

        page, following = search.page(job.tags(), request, default=50, operation="ListTags")
        return _make_answer(Tags=page, **following)

    def add_tags(self, **request: Any) -> Answer:
        """Add tags to a job, replacing the values of keys it has."""
        operation = "AddTags"
        job = self._job_by_arn(operation, request)
        tags = {tag["Key"]: tag["Value"] for tag in job.tags()}
        tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        if len(tags) > 50:
            raise validation_error("A resource can have at most 50 tags.", operation)
        merged = [{"Key": key, "Value": value} for key, value in tags.items()]
        job.write_tags(merged)
        return _make_answer(Tags=merged)

    def delete_tags(self, **request: Any) -> Answer:
        """Remove tags from a job; keys that it does not have are no error."""
        job = self._job_by_arn("DeleteTags", request)
        job.write_tags([tag for tag in job.tags() if tag["Key"] not in request["TagKeys"]])
        return _make_answer()

    def _next_supervisor(self, isolation: str) -> WaitingSupervisor:
        """The supervisor that was started ahead, or a new one."""
        try:
            supervisor = self._waiting.pop()
        except IndexError:
            supervisor = spawn.start_supervisor(isolation)
        with self._reaping:
            self._supervisors = [*spawn.reap(self._supervisors), supervisor.pid]
        return supervisor

    def _check(self, operation: str, request: Mapping[str, Any]) -> None:
        validation_message = model.load(self._home.cache).validation_message(operation, request)
        if validation_message:
            raise validation_error(validation_message, operation)

    def _job(self, kind: Kind, act: str, request: Mapping[str, Any]) -> JobFolder:
        """The job that an operation is about. Raises ClientError if it does not exist."""
        operation = f"{act}{kind.prefix}Job"
        self._check(operation, request)
        job = find_job(self._home.jobs, kind, request[kind.name])
        if job is None:
            raise validation_error(_ABSENT[kind], operation)
        return job

    @property
    def index(self) -> JobIndex:
        """The index of all jobs, which most processes do not need."""
        if self._index_or_none is None:
            from .job_index import JobIndex

            self._index_or_none = JobIndex(self._home)
        return self._index_or_none

    def _job_by_arn(self, operation: str, request: Mapping[str, Any]) -> JobFolder:
        self._check(operation, request)
        arn = request["ResourceArn"].lower()
        folders = os.listdir(self._home.jobs) if self._home.jobs.is_dir() else []
        for folder in folders:
            if arn.endswith(f"/{folder.partition('.')[0].lower()}"):
                job = open_job(self._home.jobs, folder)
                if job and arn_of(job) == arn:
                    return job
        raise validation_error(_ABSENT[TRAINING], operation)


def operations(sagemaker: LocalSageMaker) -> dict[str, Callable[..., Answer]]:
    """The operations by the API's names: the only ones that may be called by name."""
    return {
        "CreateProcessingJob": sagemaker.create_processing_job,
        "DescribeProcessingJob": sagemaker.describe_processing_job,
        "StopProcessingJob": sagemaker.stop_processing_job,
        "DeleteProcessingJob": sagemaker.delete_processing_job,
        "ListProcessingJobs": sagemaker.list_processing_jobs,
        "CreateTrainingJob": sagemaker.create_training_job,
        "DescribeTrainingJob": sagemaker.describe_training_job,
        "StopTrainingJob": sagemaker.stop_training_job,
        "UpdateTrainingJob": sagemaker.update_training_job,
        "DeleteTrainingJob": sagemaker.delete_training_job,
        "ListTrainingJobs": sagemaker.list_training_jobs,
        "Search": sagemaker.search,
        "ListTags": sagemaker.list_tags,
        "AddTags": sagemaker.add_tags,
        "DeleteTags": sagemaker.delete_tags,
    }


def _make_answer(**members: Any) -> Answer:
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}
