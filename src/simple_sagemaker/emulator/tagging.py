"""The tagging service's view of SageMaker's jobs, which moto has not got; of everything else it has its own.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..local.job.kinds import KINDS

OPERATION = "tagging.GetResources"
_RESOURCES = {kind.resource for kind in KINDS}
_PAGE = 100

Tags = list[dict[str, str]]


def answer(body: bytes, jobs: Iterable[tuple[str, Tags]]) -> bytes | None:
    """The page that is asked for, of jobs by ARN and tags; None where jobs are not what is asked for."""
    asked: dict[str, Any] = json.loads(body or b"{}")
    types = {*asked.get("ResourceTypeFilters", ())}
    wanted = {one for one in _RESOURCES if types & {"sagemaker", f"sagemaker:{one}"}}
    if not wanted:
        return None
    of_type = ((arn, tags) for arn, tags in jobs if arn.split(":")[5].partition("/")[0] in wanted)
    found = sorted(((arn, tags) for arn, tags in of_type if _matches(tags, asked.get("TagFilters", ()))), key=_arn)
    start = int(asked.get("PaginationToken") or 0)
    end = start + int(asked.get("ResourcesPerPage") or _PAGE)
    page = [{"ResourceARN": arn, "Tags": tags} for arn, tags in found[start:end]]
    token = str(end) if end < len(found) else ""
    return json.dumps({"ResourceTagMappingList": page, "PaginationToken": token}).encode()


def _matches(tags: Tags, filters: Iterable[Mapping[str, Any]]) -> bool:
    """Every key is there, with one of its values where values are given."""
    there = {tag["Key"]: tag["Value"] for tag in tags}
    return all(one["Key"] in there and there[one["Key"]] in one.get("Values", [there[one["Key"]]]) for one in filters)


def _arn(found: tuple[str, Tags]) -> str:
    return found[0]
