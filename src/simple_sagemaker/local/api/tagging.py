"""The tagging service on this machine: by it processing jobs are found, which Search does not know.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import search

if TYPE_CHECKING:
    from .indexed_job import IndexedJob

SERVICE = "sagemaker"
_PAGE = 100

Tags = list[dict[str, str]]


class LocalTagging:
    """The operation that finds jobs by their tags, under boto3's name. ``jobs`` reads all jobs."""

    def __init__(self, jobs: Callable[[], Iterable[IndexedJob]]) -> None:
        self._jobs = jobs

    def get_resources(self, **request: Any) -> Any:
        """One page of the jobs that have some tags, by their ARNs, each with all of its tags."""
        chosen = sorted(matching(((job.arn, job.tag_members()) for job in self._jobs()), request))
        wanted = {"MaxResults": request.get("ResourcesPerPage", _PAGE)}
        wanted |= {"NextToken": token} if (token := request.get("PaginationToken")) else {}
        page, following = search.page(chosen, wanted, default=_PAGE, operation="GetResources")
        resources = [{"ResourceARN": arn, "Tags": tags} for arn, tags in page]
        return {"ResourceTagMappingList": resources, "PaginationToken": following.get("NextToken", "")}


def matching(jobs: Iterable[tuple[str, Tags]], request: Mapping[str, Any]) -> list[tuple[str, Tags]]:
    """The jobs, by ARN with their tags, that a GetResources request chooses: by type, and by each of its filters.

    A filter's key must be among a job's tags, with one of the filter's values if it has any.
    """
    types, filters = request.get("ResourceTypeFilters") or (), request.get("TagFilters") or ()
    return [(arn, tags) for arn, tags in jobs if tags and _is_of_type(arn, types) and _has_tags(tags, filters)]


def _is_of_type(arn: str, types: Iterable[str]) -> bool:
    """Whether a job is of one of these types; no types are all types."""
    kind = arn.split(":")[5].partition("/")[0]
    return not types or bool({SERVICE, f"{SERVICE}:{kind}"} & {*types})


def _has_tags(tags: Tags, filters: Iterable[Mapping[str, Any]]) -> bool:
    values = {tag["Key"]: tag["Value"] for tag in tags}
    return all(
        one["Key"] in values and (not one.get("Values") or values[one["Key"]] in one["Values"]) for one in filters
    )
