"""The tagging service's answer about jobs: by it processing jobs are found, which Search does not know.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import search
from .indexed_job import IndexedJob

_PAGE = 100


def page(jobs: Sequence[IndexedJob], request: Mapping[str, Any]) -> dict[str, Any]:
    """The page of jobs, by their ARNs, that a GetResources request asks for, and the token of the next one."""
    chosen = [job for job in jobs if _is_of_type(job, request) and _has_tags(job, request)]
    chosen.sort(key=lambda job: job.arn)
    wanted = {"NextToken": request.get("PaginationToken") or None, "MaxResults": request.get("ResourcesPerPage", _PAGE)}
    some, following = search.page(chosen, wanted, default=_PAGE, operation="GetResources")
    resources = [{"ResourceARN": job.arn, "Tags": job.tag_members()} for job in some]
    return {"ResourceTagMappingList": resources, "PaginationToken": following.get("NextToken", "")}


def _is_of_type(job: IndexedJob, request: Mapping[str, Any]) -> bool:
    types = request.get("ResourceTypeFilters") or ()
    return not types or bool({"sagemaker", f"sagemaker:{job.kind.resource}"} & {*types})


def _has_tags(job: IndexedJob, request: Mapping[str, Any]) -> bool:
    tags = dict(job.tags)
    return bool(tags) and all(
        one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"])
        for one in request.get("TagFilters") or ()
    )
