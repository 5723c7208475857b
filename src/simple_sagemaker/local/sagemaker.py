"""SageMaker on this machine: the service's operations by boto3's names, their answers and their errors.

Calls may come from any number of processes at once; each sees the others' jobs. Nothing lives in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from . import admission, jobs, model, spawn, stores
from .describe import arn_of, describe, summary, training_arn
from .faults import fault, invalid
from .home import Home, Settings
from .jobs import JobFolder
from .spawn import Waiting

Answer = Any  # a dictionary of the shape that boto3 gives for the operation


class LocalSageMaker:
    """The operations on training jobs. Every method takes the request's members and gives boto3's answer.

    Raises botocore's ``ClientError`` with the service's codes: ValidationException, ResourceInUse, ResourceNotFound.
    ``waiting`` is a supervisor that was started ahead, for the first job. ``settings`` are every job's, or are asked
    for with each request. ``admit`` says what stands against a role, by its ARN.
    """

    def __init__(
        self,
        home: Home,
        *,
        settings: Settings | Callable[[Mapping[str, Any]], Settings],
        waiting: Waiting | None = None,
        admit: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._home = home
        self._terms = (lambda _: settings) if isinstance(settings, Settings) else settings
        self._admit = admit
        self._supervisors: list[int] = []
        self._waiting = [waiting] if waiting else []

    def create_training_job(self, **request: Any) -> Answer:
        """Check the request as the service does, make the job's folder and start its supervisor."""
        operation = "CreateTrainingJob"
        self._check(operation, request)
        name = request["TrainingJobName"]
        objection = self._admit(request["RoleArn"])
        if objection:
            raise invalid(objection, operation)
        settings = self._terms(request)
        objection = admission.objection(request, stores.store_of(self._home, settings))
        if objection:
            raise invalid(objection, operation)
        arn = training_arn(name, settings.region)
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
                "Training job names must be unique within an AWS account and region, and a training job with this "
                f"name already exists ({arn})",
                operation,
            ) from None
        return _answer(TrainingJobArn=arn)

    def describe_training_job(self, **request: Any) -> Answer:
        """Everything known of one job."""
        job = self._job("DescribeTrainingJob", request)
        return _answer(**describe(job))

    def stop_training_job(self, **request: Any) -> Answer:
        """Ask a job to stop; its supervisor sends SIGTERM, waits, sends SIGKILL, and saves what there is."""
        operation = "StopTrainingJob"
        job = self._job(operation, request)
        status = describe(job)["TrainingJobStatus"]
        if status != "InProgress":
            message = f"The request was rejected because the training job is in status {status}."
            raise invalid(message, operation)
        job.stop_mark.touch()
        return _answer()

    def delete_training_job(self, **request: Any) -> Answer:
        """Forget a job that has ended, its folder included; what it wrote to buckets stays."""
        operation = "DeleteTrainingJob"
        job = self._job(operation, request)
        status = describe(job)["TrainingJobStatus"]
        if status not in jobs.FINAL:
            raise fault("ResourceInUse", f"The training job is in status {status}; stop it first.", operation)
        jobs.delete(job)
        return _answer()

    def list_training_jobs(self, **request: Any) -> Answer:
        """One page of summaries; oldest first unless the request sorts otherwise."""
        self._check("ListTrainingJobs", request)
        found = [summary(described) for _, described in self._described()]
        from . import search

        page, following = search.listed(found, request, operation="ListTrainingJobs")
        return _answer(TrainingJobSummaries=page, **following)

    def search(self, **request: Any) -> Answer:
        """Jobs by status, tag and other properties: Equals, NotEquals, Contains, In, Exists and comparisons."""
        self._check("Search", request)
        if request["Resource"] != "TrainingJob":
            return _answer(Results=[])
        records = [{**described, "Tags": tags} for tags, described in self._described()]
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
            found = spawn.supervisor(isolation)
        self._supervisors = [*spawn.reap(self._supervisors), found.pid]
        return found

    def _check(self, operation: str, request: Mapping[str, Any]) -> None:
        complaint = model.load(self._home.cache).complaint(operation, request)
        if complaint:
            raise invalid(complaint, operation)

    def _job(self, operation: str, request: Mapping[str, Any]) -> JobFolder:
        self._check(operation, request)
        job = jobs.find(self._home.jobs, request["TrainingJobName"])
        if job is None:
            raise invalid("Requested resource not found.", operation)
        return job

    def _described(self) -> Iterator[tuple[list[dict[str, str]], dict[str, Any]]]:
        """The tags and the description of every job; one that is deleted meanwhile is passed over."""
        for job in jobs.every(self._home.jobs):
            try:
                yield job.tags(), describe(job)
            except FileNotFoundError:
                continue

    def _tagged(self, operation: str, request: Mapping[str, Any]) -> JobFolder:
        self._check(operation, request)
        arn = request["ResourceArn"].lower()
        for job in jobs.every(self._home.jobs):
            if arn_of(job) == arn:
                return job
        raise invalid("Requested resource not found.", operation)


def operations(sagemaker: LocalSageMaker) -> dict[str, Callable[..., Answer]]:
    """The operations by the API's names: what a door may call, and nothing else."""
    return {
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
