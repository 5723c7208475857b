"""The jobs of a project, a task, or all projects, newest first: found by the tags that every job of ours has.

Search answers for training jobs, with whole descriptions; of processing jobs, which it does not know, the tagging
service has the names. Nothing but the service's API is needed, so another machine finds the same jobs.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Search.html
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ..core import job as jobs
from ..core import layout, names
from ..core.aws_api import error_code
from ..core.aws_errors import is_denied
from ..core.job import Job
from ..core.job_specs import Chosen
from ..core.layout import PROJECT_TAG, TASK_TAG, TaskPlace
from ..core.records import dataclass
from ..core.unreadable import turn_page

if TYPE_CHECKING:
    from mypy_boto3_resourcegroupstaggingapi.type_defs import GetResourcesInputTypeDef
    from mypy_boto3_sagemaker.type_defs import (
        FilterTypeDef,
        ListProcessingJobsRequestTypeDef,
        SearchRequestTypeDef,
        TagTypeDef,
        TrainingJobSummaryTypeDef,
    )

    from ..core.services import Services
    from ..core.specs import Place

_PAGE = 100  # the most that these operations return at once
_RUNNING = ("InProgress", "Stopping")  # neither ended nor "Deleting"
_FRESH = timedelta(minutes=5)  # of jobs that Search may not know yet


class Listed(NamedTuple):
    """A job with the project and task that its tags name."""

    job: Job
    project: str
    task: str

    @property
    def trial(self) -> int | None:
        """The number of the trial whose job this is; None for a job that is of no search."""
        if "TuningJobArn" in self.job.answer:
            return layout.tuning_trial(self.job.name)
        place = self.place
        return None if place is None else place.trial_number

    @property
    def place(self) -> TaskPlace | None:
        """Where the task's data lie, from the addresses of the job's outputs; None for a job without any of ours.

        That of a trial is its own.

        A prefix may itself look like a project and a task, so the last such part of an address counts.
        """
        folder = f"{self.project}/{self.task}/"
        for kind, address in self.job.outputs.items():
            if not address.startswith("s3://"):  # the service takes https as well
                continue
            bucket, key = layout.split_uri(address)
            before, middle, rest = key.rpartition(folder if kind == "state" else f"{folder}{self.job.name}/")
            if middle:
                place = TaskPlace(bucket=bucket, project=self.project, task=self.task, prefix=before)
                number = layout.trial_number(rest)
                return place if number is None else place.trial(number)
            before, middle, rest = key.rpartition(f"{folder}trials/")
            number = layout.trial_number(f"trials/{rest}")
            if number is not None and rest.partition("/")[2].startswith(f"{self.job.name}/"):  # and it keeps no state
                return TaskPlace(bucket=bucket, project=self.project, task=self.task, prefix=before).trial(number)
            if middle and rest.startswith(f"{self.job.name}/"):  # a tuning job's
                return TaskPlace(bucket=bucket, project=self.project, task=f"{self.task}/trials", prefix=before)
        return None


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which jobs: where they belong, and optionally only those that run, or that failed, or that are not older."""

    place: Place
    chosen: Chosen = "all"
    since: datetime | None = None


def newest(query: Query, services: Services, limit: int | None = None) -> list[Listed]:
    """At most ``limit`` jobs, newest first."""
    return list(islice(newest_first(query, services, limit), limit))


def newest_first(query: Query, services: Services, limit: int | None = None) -> Iterator[Listed]:
    """Yield the jobs, newest first, each page when it is needed; ``limit`` is how many are likely to be."""
    merged = heapq.merge(_training(query, services, limit), _processing(query, services), key=_age)
    return (one for one in merged if belongs(one, query))


def _age(listed: Listed) -> float:
    return -listed.job.created.timestamp()


def belongs(listed: Listed, query: Query) -> bool:
    """Whether a job's data lie where the query says, if it does."""
    place = query.place
    if query.since is not None and listed.job.created < query.since:
        return False
    if not place.bucket and not place.prefix:
        return True
    where = listed.place
    return where is not None and where.bucket == (place.bucket or where.bucket) and where.prefix == place.prefix


def _training(query: Query, services: Services, limit: int | None) -> Iterator[Listed]:
    """Training jobs, newest first, also those that Search does not know yet."""
    request: SearchRequestTypeDef = {
        "Resource": "TrainingJob",
        "SearchExpression": {"Filters": _filters(query)},
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": min(limit or _PAGE, _PAGE),
    }
    recent: list[TrainingJobSummaryTypeDef] | None = None
    for page, is_last in _search(request, services):
        if recent is None:
            recent = _recent(query, services)
        indexed = {one.job.name for one in page}
        recent = [one for one in recent if one["TrainingJobName"] not in indexed]
        # Those as old as the page's last job, or older, can be on the next page.
        due = recent if is_last else [one for one in recent if page and one["CreationTime"] > page[-1].job.created]
        recent = recent[len(due) :]
        yield from heapq.merge(page, _described(due, query, services), key=_age)


def _search(request: SearchRequestTypeDef, services: Services) -> Iterator[tuple[list[Listed], bool]]:
    """The pages of a search, each with whether it is the last; at least one, which may be empty."""
    while True:
        answer = services.sagemaker.search(**request)
        records = (result["TrainingJob"] for result in answer.get("Results", []))
        is_last = not turn_page(request, answer)
        yield [_listed(jobs.of_training(record), record.get("Tags", ())) for record in records], is_last
        if is_last:
            return


def _recent(query: Query, services: Services) -> list[TrainingJobSummaryTypeDef]:
    """The jobs of the last minutes, newest first: Search may not know them yet, as it is an index."""
    if services.jobs is not None:  # this machine's search is no index that lags
        return []
    since = services.now() - _FRESH
    try:
        summaries = services.sagemaker.list_training_jobs(
            CreationTimeAfter=since, SortBy="CreationTime", SortOrder="Descending", MaxResults=_PAGE
        )
    except Exception as error:
        if not is_denied(error):
            raise
        return []
    return [
        one
        for one in summaries["TrainingJobSummaries"]
        if names.is_job_name(one["TrainingJobName"]) and _is_chosen(one["TrainingJobStatus"], query)
    ]


def _described(summaries: Iterable[TrainingJobSummaryTypeDef], query: Query, services: Services) -> Iterator[Listed]:
    """Those of the jobs that the query chooses.

    The account's other jobs are among them: those that the caller may not see, or that are gone by now, are left out.
    """
    for summary in summaries:
        listed = _look_at(summary, query.place, services)
        if listed is not None and fits(listed, query):
            yield listed


def _look_at(summary: TrainingJobSummaryTypeDef, place: Place, services: Services) -> Listed | None:
    """A training job of a place; None for another one, and for one that is gone, or that the caller may not see."""
    try:
        tags = services.sagemaker.list_tags(ResourceArn=summary["TrainingJobArn"], MaxResults=50)["Tags"]
        if not _is_of(place, *_owner(tags)):  # which costs one request, not two
            return None
        job = jobs.find(summary["TrainingJobName"], "training", services.sagemaker)
    except Exception as error:
        if is_denied(error) or error_code(error) in {"ResourceNotFound", "ValidationException"}:
            return None
        raise
    return _listed(job, tags) if job is not None else None


def fits(listed: Listed, query: Query) -> bool:
    """Whether a job is one that the query's filters choose."""
    return _is_of(query.place, listed.project, listed.task) and _is_chosen(listed.job.status, query)


def _is_of(place: Place, project: str, task: str) -> bool:
    if not project or (place.project and project != place.project):
        return False
    return not place.task or task == place.task


def _is_chosen(status: str, query: Query) -> bool:
    if query.chosen == "running":
        return status in _RUNNING
    return query.chosen == "all" or status == "Failed"


def _filters(query: Query) -> list[FilterTypeDef]:
    place = query.place
    filters: list[FilterTypeDef] = [
        {"Name": f"Tags.{PROJECT_TAG}", "Operator": "Equals", "Value": place.project}
        if place.project
        else {"Name": f"Tags.{PROJECT_TAG}", "Operator": "Exists"}
    ]
    if place.task:
        filters.append({"Name": f"Tags.{TASK_TAG}", "Operator": "Equals", "Value": place.task})
    if query.chosen == "running":
        filters.append({"Name": "TrainingJobStatus", "Operator": "In", "Value": ",".join(_RUNNING)})
    elif query.chosen == "failed":
        filters.append({"Name": "TrainingJobStatus", "Operator": "Equals", "Value": "Failed"})
    if query.since is not None:
        moment = query.since.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="seconds")
        filters.append({"Name": "CreationTime", "Operator": "GreaterThanOrEqualTo", "Value": moment})
    return filters


def _listed(job: Job, tags: Iterable[TagTypeDef]) -> Listed:
    return Listed(job, *_owner(tags))


def _owner(tags: Iterable[TagTypeDef]) -> tuple[str, str]:
    """The project and the task that tags name; empty where they name none."""
    values = {tag["Key"]: tag["Value"] for tag in tags}
    return values.get(PROJECT_TAG, ""), values.get(TASK_TAG, "")


def _processing(query: Query, services: Services) -> Iterator[Listed]:
    """Processing jobs, newest first; each is described when it is needed."""
    if not services.sagemaker.list_processing_jobs(MaxResults=1)["ProcessingJobSummaries"]:
        return
    tags = _tags_of_processing(query, services)
    request: ListProcessingJobsRequestTypeDef = {
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": _PAGE,
    }
    if query.since is not None:
        request["CreationTimeAfter"] = query.since
    while tags:
        answer = services.sagemaker.list_processing_jobs(**request)
        for summary in answer["ProcessingJobSummaries"]:
            mine = tags.pop(summary["ProcessingJobArn"], None)
            if mine is not None and _is_chosen(summary["ProcessingJobStatus"], query):
                job = jobs.find(summary["ProcessingJobName"], "processing", services.sagemaker)
                if job is not None:  # and not deleted meanwhile
                    yield _listed(job, mine)
        if not turn_page(request, answer):
            return


def _tags_of_processing(query: Query, services: Services) -> dict[str, Sequence[TagTypeDef]]:
    """The tags of the processing jobs of the project or task, by ARN, in which names are in lower case."""
    wanted = {PROJECT_TAG: query.place.project, TASK_TAG: query.place.task}
    request: GetResourcesInputTypeDef = {
        "ResourceTypeFilters": ["sagemaker:processing-job"],
        "TagFilters": [{"Key": key, "Values": [value] if value else []} for key, value in wanted.items()],
        "ResourcesPerPage": _PAGE,
    }
    tags: dict[str, Sequence[TagTypeDef]] = {}
    tagging = services.tagging()
    while True:
        answer = tagging.get_resources(**request)
        for one in answer["ResourceTagMappingList"]:
            tags[one["ResourceARN"]] = one["Tags"]
        if not answer.get("PaginationToken"):
            return tags
        request["PaginationToken"] = answer["PaginationToken"]


def with_tags(job: Job, services: Services) -> Listed:
    """A job with its tags, which its description does not have."""
    values = tags_of(job, services)
    return Listed(job, values.get(PROJECT_TAG, ""), values.get(TASK_TAG, ""))


def tags_of(job: Job, services: Services) -> dict[str, str]:
    """All tags of a job."""
    arn = job.answer["TrainingJobArn" if job.kind == "training" else "ProcessingJobArn"]
    answer = services.sagemaker.list_tags(ResourceArn=arn, MaxResults=50)  # a resource can have no more
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
