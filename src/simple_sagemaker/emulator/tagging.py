"""The tagging service, with SageMaker's jobs among the resources, which moto lacks; all others are moto's.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..local.api.tagging import SERVICE, Tags, matching
from ..local.job.home import ACCOUNT
from ..local.job.kinds import KINDS
from . import http, protocol
from .http import Answer, Environ
from .mock_aws import MockAws
from .platform import Platform
from .protocol import ServiceError

_FAILED = "InvalidParameterException"
_JOB = re.compile(rf"arn:[a-z-]+:{SERVICE}:[^:]*:[^:]*:({'|'.join(kind.resource for kind in KINDS)})/[^/]+")
_PAGE = 100

Request = dict[str, Any]
Jobs = Callable[[], Iterable[tuple[str, Tags]]]  # ARN and tags


class Tagging:
    """The operations that are about resources of every service. ``jobs`` reads all jobs."""

    def __init__(self, aws: MockAws, platform: Platform, region: str, jobs: Jobs) -> None:
        self._others = _Others(aws, region)
        self._platform = platform
        self._jobs = jobs

    def answer(self, operation: str, environ: Environ, body: bytes, sagemaker: protocol.Operations) -> Answer | None:
        """Answer an operation; None for those that are moto's alone. Raises ServiceError."""
        request = protocol.decode(body)
        if operation == "GetResources":
            answer = self._resources(request)
        elif operation == "GetTagKeys":
            answer = _page_of_texts(
                "TagKeys", self._others.keys().union(tag["Key"] for tag in self._all_tags()), request
            )
        elif operation == "GetTagValues":
            key = str(request.get("Key"))
            values = (tag["Value"] for tag in self._all_tags() if tag["Key"] == key)
            answer = _page_of_texts("TagValues", self._others.values(key).union(values), request)
        elif operation in {"TagResources", "UntagResources"}:
            answer = self._change(operation, environ, request, sagemaker)
        else:
            return None
        return http.json_answer(200, json.dumps(answer).encode())

    def _all_tags(self) -> Iterator[dict[str, str]]:
        for _, tags in self._jobs():
            yield from tags

    def _resources(self, request: Request) -> dict[str, Any]:
        """The page of tagged resources that a GetResources request asks for."""
        arns, types = request.get("ResourceARNList"), request.get("ResourceTypeFilters") or []
        if arns and (types or request.get("TagFilters")):
            message = "You can't specify ResourceARNList with ResourceTypeFilters or TagFilters in the same request."
            raise ServiceError("InvalidParameterException", message)
        found = [(arn, tags) for arn, tags in matching(self._jobs(), request) if not arns or arn in arns]
        other_types = [one for one in types if one.partition(":")[0] != SERVICE]
        if other_types or not types:
            found += self._others.resources(request, other_types)
        return _page_of_resources(sorted(found, key=lambda resource: resource[0]), request)

    def _change(
        self, operation: str, environ: Environ, request: Request, sagemaker: protocol.Operations
    ) -> dict[str, Any]:
        """Tag or untag resources; those that cannot be are answered with the reasons."""
        arns = request.get("ResourceARNList") or []
        jobs = [arn for arn in arns if _JOB.fullmatch(arn)]
        failed: dict[str, Any] = {}
        for arn in jobs:
            try:
                self._change_job(operation, arn, environ, request, sagemaker)
            except ServiceError as error:
                failed[arn] = {"StatusCode": error.status, "ErrorCode": _FAILED, "ErrorMessage": str(error)}
        others = [arn for arn in arns if arn not in jobs]
        return {"FailedResourcesMap": failed | self._others.change(operation, request, others)}

    def _change_job(
        self, operation: str, arn: str, environ: Environ, request: Request, sagemaker: protocol.Operations
    ) -> None:
        """Tag or untag one job, which takes the permission of its own service too. Raises ServiceError."""
        if operation == "TagResources":
            tags = [{"Key": key, "Value": value} for key, value in request.get("Tags", {}).items()]
            name, change = "AddTags", {"ResourceArn": arn, "Tags": tags}
        else:
            name, change = "DeleteTags", {"ResourceArn": arn, "TagKeys": request.get("TagKeys", [])}
        self._platform.require(f"sagemaker:{name}", arn, environ)
        protocol.call(sagemaker, name, change)


class _Others:
    """The resources of all other services: moto's, in its memory, because it would check another action than AWS."""

    def __init__(self, aws: MockAws, region: str) -> None:
        self._aws = aws
        self._region = region

    def _backend(self) -> Any:
        from moto.resourcegroupstaggingapi.models import resourcegroupstaggingapi_backends

        return resourcegroupstaggingapi_backends[ACCOUNT][self._region]

    def _all_pages(self, read: Callable[[str | None], tuple[str | None, list[Any]]]) -> Iterator[Any]:
        token: str | None = None
        while True:
            with self._aws.lock():
                token, page = read(token)
            yield from page
            if not token:
                return

    def resources(self, request: Request, types: list[str]) -> list[tuple[str, Tags]]:
        def read(token: str | None) -> tuple[str | None, list[Any]]:
            page: tuple[str | None, list[Any]] = self._backend().get_resources(
                pagination_token=token,
                tag_filters=request.get("TagFilters"),
                resource_type_filters=types,
                resource_arn_list=request.get("ResourceARNList"),
            )
            return page

        return [(one.arn, [*map(_tag, one.tags.items())]) for one in self._all_pages(read)]

    def keys(self) -> set[str]:
        return {*self._all_pages(lambda token: self._backend().get_tag_keys(pagination_token=token))}

    def values(self, key: str) -> set[str]:
        return {*self._all_pages(lambda token: self._backend().get_tag_values(token, key))}

    def change(self, operation: str, request: Request, arns: list[str]) -> dict[str, Any]:
        """Tag or untag resources. Returns what failed, by ARN."""
        with self._aws.lock():
            if operation == "TagResources":
                failed: dict[str, Any] = self._backend().tag_resources(arns, request.get("Tags", {}))
            else:
                failed = self._backend().untag_resources(arns, request.get("TagKeys", []))
        return failed


def _tag(item: tuple[str, str]) -> dict[str, str]:
    return {"Key": item[0], "Value": item[1]}


def _page_of_resources(resources: list[tuple[str, Tags]], request: Request) -> dict[str, Any]:
    start = _number(request, "PaginationToken", 0)
    end = start + _number(request, "ResourcesPerPage", _PAGE)
    page = resources[start:end]
    if "TagsPerPage" in request:
        page = _cut(page, _number(request, "TagsPerPage", _PAGE))
    end = start + len(page)
    mappings = [{"ResourceARN": arn, "Tags": tags} for arn, tags in page]
    return {"ResourceTagMappingList": mappings, "PaginationToken": str(end) if end < len(resources) else ""}


def _cut(page: list[tuple[str, Tags]], most: int) -> list[tuple[str, Tags]]:
    """As many resources as have ``most`` tags together, but one at least."""
    count = 0
    for number, (_, tags) in enumerate(page):
        count += len(tags)
        if count > most and number:
            return page[:number]
    return page


def _page_of_texts(member: str, texts: Iterable[str], request: Request) -> dict[str, Any]:
    every, start = sorted(texts), _number(request, "PaginationToken", 0)
    end = start + _PAGE
    return {member: every[start:end], "PaginationToken": str(end) if end < len(every) else ""}


def _number(request: Mapping[str, Any], name: str, default: int) -> int:
    value = str(request.get(name) or default)
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ServiceError("InvalidParameterException", f"{name} is not valid.")
    return int(value)
