"""SageMaker on this machine: the service's operations by boto3's names, their answers and their errors.

Calls may come from any number of processes at once; each sees the others' jobs. Nothing lives in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ..data import stores
from ..job import folder as jobs
from ..job.folder import JobFolder
from ..job.home import Home, Settings
from ..job.kinds import PROCESSING, TRAINING, Kind, kind_of
from ..supervisor import spawn
from ..supervisor.spawn import Waiting
from . import model
from . import validation as admission
from .describe import arn_of, describe, summary
from .errors import fault, invalid

_ABSENT = {TRAINING: "Requested resource not found.", PROCESSING: "Could not find requested job with that name."}
Answer = Any  # a dictionary of the shape that boto3 gives for the operation


class LocalSageMaker:
    """The operations on training and processing jobs. Each takes the request's members and gives boto3's answer.

    Raises botocore's ``ClientError`` with the service's codes: ValidationException, ResourceInUse, ResourceNotFound.
    ``waiting`` is a supervisor that was started ahead, for the first job. ``settings`` are every job's, or are asked
    for with each request. ``admit`` says what stands against a role, by its ARN. ``callers`` are the variables by which
    supervisors find the caller's credentials, where buckets are on the caller's S3.
    """

    def __init__(
        self,
        home: Home,
        *,
        settings: Settings | Callable[[Mapping[str, Any]], Settings],
        waiting: Waiting | None = None,
        admit: Callable[[str], str | None] = lambda _: None,
        callers: Mapping[str, str] | None = None,
    ) -> None:
        self._home = home
        self._terms = (lambda _: settings) if isinstance(settings, Settings) else settings
        self._admit = admit
        self._callers = callers
        self._supervisors: list[int] = []
        self._waiting = [waiting] if waiting else []

    def create_training_job(self, **request: Any) -> Answer:
        """Check the request as the service does, make the job's folder and start its supervisor."""
        return self._create(TRAINING, request)

    def create_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self._create(PROCESSING, request)

    def describe_training_job(self, **request: Any) -> Answer:
        """Everything known of one job."""
        return _answer(**describe(self._job(TRAINING, "Describe", request)))

    def describe_processing_job(self, **request: Any) -> Answer:
        """Everything known of one processing job."""
        return _answer(**describe(self._job(PROCESSING, "Describe", request)))

    def stop_training_job(self, **request: Any) -> Answer:
        """Ask a job to stop; its supervisor sends SIGTERM, waits, sends SIGKILL, and saves what there is."""
        return self._stop(TRAINING, request)

    def stop_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self._stop(PROCESSING, request)

    def delete_training_job(self, **request: Any) -> Answer:
        """Forget a job that has ended, its folder included; what it wrote to buckets stays."""
        return self._delete(TRAINING, request)

    def delete_processing_job(self, **request: Any) -> Answer:
        """The same for a processing job."""
        return self._delete(PROCESSING, request)

    def list_training_jobs(self, **request: Any) -> Answer:
        """One page of summaries; oldest first unless the request sorts otherwise."""
        return self._list(TRAINING, request)

    def list_processing_jobs(self, **request: Any) -> Answer:
        """The same of processing jobs."""
        return self._list(PROCESSING, request)

    def _create(self, kind: Kind, request: dict[str, Any]) -> Answer:
        operation = f"Create{kind.word}Job"
        self._check(operation, request)
        name = request[kind.name]
        objection = self._admit(request["RoleArn"])
        if objection:
            raise invalid(objection, operation)
        settings = self._terms(request)
        objection = admission.objection(
            request, stores.store_of(self._home, settings), images=settings.isolation == "docker"
        )
        if objection:
            raise invalid(objection, operation)
        arn = kind.arn(name, settings.region)
        draft = jobs.draft(self._home.jobs, name, request, asdict(settings) | {"home": str(self._home.root)})
        supervisor = self._next_supervisor(settings.isolation)
        try:
            supervisor.take(draft)
            jobs.publish(draft, name)
            supervisor.go()
        except FileExistsError:
            supervisor.leave()
            jobs.remove(draft.path)
            raise fault(
                "ResourceInUse",
                f"{kind.noun.capitalize()} names must be unique within an AWS account and region, and a {kind.noun} "
                f"with this name already exists ({arn})",
                operation,
            ) from None
        return _answer(**{f"{kind.word}JobArn": arn})

    def _stop(self, kind: Kind, request: dict[str, Any]) -> Answer:
        job = self._job(kind, "Stop", request)
        status = describe(job)[kind.status]
        if status != "InProgress":
            message = f"The request was rejected because the {kind.noun} is in status {status}."
            raise invalid(message, f"Stop{kind.word}Job")
        job.stop_mark.touch()
        return _answer()

    def _delete(self, kind: Kind, request: dict[str, Any]) -> Answer:
        job = self._job(kind, "Delete", request)
        status = describe(job)[kind.status]
        if status not in jobs.FINAL:
            message = f"The {kind.noun} is in status {status}; stop it first."
            raise fault("ResourceInUse", message, f"Delete{kind.word}Job")
        jobs.delete(job)
        return _answer()

    def _list(self, kind: Kind, request: dict[str, Any]) -> Answer:
        operation = f"List{kind.word}Jobs"
        self._check(operation, request)
        found = [summary(described) for _, described in self._described(kind)]
        from . import search

        page, following = search.listed(found, kind, request, operation=operation)
        return _answer(**{f"{kind.word}JobSummaries": page}, **following)

    def search(self, **request: Any) -> Answer:
        """Jobs by status, tag and other properties: Equals, NotEquals, Contains, In, Exists and comparisons."""
        self._check("Search", request)
        if request["Resource"] != "TrainingJob":
            return _answer(Results=[])
        records = [{**described, "Tags": tags} for tags, described in self._described(TRAINING)]
        from . import search

        page, following = search.searched(records, request, operation="Search")
        return _answer(Results=[{"TrainingJob": record} for record in page], **following)

    def list_tags(self, **request: Any) -> Answer:
        """One page of the tags of a job, by its ARN."""
        job = self._tagged("ListTags", request)
        from . import search

        page, following = search.page(job.tags(), request, default=50, operation="ListTags")
        return _answer(Tags=page, **following)

    def add_tags(self, **request: Any) -> Answer:
        """Add tags to a job, replacing the values of keys it has."""
        operation = "AddTags"
        job = self._tagged(operation, request)
        tags = {tag["Key"]: tag["Value"] for tag in job.tags()}
        tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        if len(tags) > 50:
            raise invalid("A resource can have at most 50 tags.", operation)
        merged = [{"Key": key, "Value": value} for key, value in tags.items()]
        job.write_tags(merged)
        return _answer(Tags=merged)

    def delete_tags(self, **request: Any) -> Answer:
        """Take tags off a job; keys it has not are no error."""
        job = self._tagged("DeleteTags", request)
        job.write_tags([tag for tag in job.tags() if tag["Key"] not in request["TagKeys"]])
        return _answer()

    def _next_supervisor(self, isolation: str) -> Waiting:
        """The supervisor that was started ahead, or a new one."""
        try:
            found = self._waiting.pop()
        except IndexError:
            found = spawn.supervisor(isolation, self._callers)
        self._supervisors = [*spawn.reap(self._supervisors), found.pid]
        return found

    def _check(self, operation: str, request: Mapping[str, Any]) -> None:
        complaint = model.load(self._home.cache).complaint(operation, request)
        if complaint:
            raise invalid(complaint, operation)

    def _job(self, kind: Kind, act: str, request: Mapping[str, Any]) -> JobFolder:
        """The job that an operation is about. Raises for one that there is not, or that is of another kind."""
        operation = f"{act}{kind.word}Job"
        self._check(operation, request)
        job = jobs.find(self._home.jobs, request[kind.name])
        if job is None or kind_of(job.request()) != kind:
            raise invalid(_ABSENT[kind], operation)
        return job

    def _described(self, kind: Kind) -> Iterator[tuple[list[dict[str, str]], dict[str, Any]]]:
        """The tags and the description of every job of a kind; one that is deleted meanwhile is passed over."""
        for job in jobs.every(self._home.jobs):
            try:
                if kind_of(job.request()) == kind:
                    yield job.tags(), describe(job)
            except FileNotFoundError:
                continue

    def _tagged(self, operation: str, request: Mapping[str, Any]) -> JobFolder:
        self._check(operation, request)
        arn = request["ResourceArn"].lower()
        for job in jobs.every(self._home.jobs):
            if arn_of(job) == arn:
                return job
        raise invalid(_ABSENT[TRAINING], operation)


def operations(sagemaker: LocalSageMaker) -> dict[str, Callable[..., Answer]]:
    """The operations by the API's names: what a door may call, and nothing else."""
    return {
        "CreateProcessingJob": sagemaker.create_processing_job,
        "DescribeProcessingJob": sagemaker.describe_processing_job,
        "StopProcessingJob": sagemaker.stop_processing_job,
        "DeleteProcessingJob": sagemaker.delete_processing_job,
        "ListProcessingJobs": sagemaker.list_processing_jobs,
        "CreateTrainingJob": sagemaker.create_training_job,
        "DescribeTrainingJob": sagemaker.describe_training_job,
        "StopTrainingJob": sagemaker.stop_training_job,
        "DeleteTrainingJob": sagemaker.delete_training_job,
        "ListTrainingJobs": sagemaker.list_training_jobs,
        "Search": sagemaker.search,
        "ListTags": sagemaker.list_tags,
        "AddTags": sagemaker.add_tags,
        "DeleteTags": sagemaker.delete_tags,
    }


def _answer(**members: Any) -> Answer:
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}
