"""The tagging service's view of SageMaker's jobs, which moto lacks; other resources are left to moto.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..local.job.kinds import KINDS
from .protocol import ServiceError

OPERATION = "tagging.GetResources"
_RESOURCES = {kind.resource for kind in KINDS}
_PAGE = 100

Tags = list[dict[str, str]]


def answer(body: bytes, jobs: Iterable[tuple[str, Tags]]) -> bytes | None:
    """Return the requested page of ``jobs`` (ARN and tags); None when the request asks for other resources."""
    request: dict[str, Any] = json.loads(body or b"{}")
    types = {*request.get("ResourceTypeFilters", ())}
    resources = {one for one in _RESOURCES if types & {"sagemaker", f"sagemaker:{one}"}}
    if not resources:
        return None
    of_type = ((arn, tags) for arn, tags in jobs if arn.split(":")[5].partition("/")[0] in resources)
    matching = sorted(((arn, tags) for arn, tags in of_type if _matches(tags, request.get("TagFilters", ()))), key=_arn)
    start = _number(request, "PaginationToken", 0)
    end = start + _number(request, "ResourcesPerPage", _PAGE)
    page = [{"ResourceARN": arn, "Tags": tags} for arn, tags in matching[start:end]]
    token = str(end) if end < len(matching) else ""
    return json.dumps({"ResourceTagMappingList": page, "PaginationToken": token}).encode()


def _number(request: Mapping[str, Any], name: str, default: int) -> int:
    value = str(request.get(name) or default)
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ServiceError("InvalidParameterException", f"{name} is not valid.")
    return int(value)


def _matches(tags: Tags, filters: Iterable[Mapping[str, Any]]) -> bool:
    """Whether each filter's key is among the tags, with one of the filter's values if it has any."""
    values = {tag["Key"]: tag["Value"] for tag in tags}
    return all(
        condition["Key"] in values and values[condition["Key"]] in condition.get("Values", [values[condition["Key"]]])
        for condition in filters
    )


def _arn(tagged_job: tuple[str, Tags]) -> str:
    return tagged_job[0]
