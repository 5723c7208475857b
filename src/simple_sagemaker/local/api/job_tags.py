"""The tags of one job, by its ARN: listed, added and removed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..job.folder import JobFolder, name_of, open_job
from ..job.kinds import TRAINING
from ..job.stored import DamagedJob
from . import search
from .errors import ABSENT, damage_as_error, validation_error
from .job_description import arn_of

_PAGE = 50


def answer(jobs: Path, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of ListTags, AddTags or DeleteTags. Raises ClientError."""
    arn = request["ResourceArn"].lower()
    job = _find(jobs, arn, operation)
    if job is None:
        raise validation_error(ABSENT[TRAINING], operation)
    with damage_as_error(job.name, operation):
        return act(operation, request, job.tags(), job.write_tags)


def act(
    operation: str,
    request: Mapping[str, Any],
    tags: list[dict[str, str]],
    write: Callable[[list[dict[str, str]]], None],
) -> dict[str, Any]:
    """The answer of an operation on these tags; ``write`` replaces them. Raises ClientError."""
    if operation == "ListTags":
        page, following = search.page(tags, request, default=_PAGE, operation=operation)
        return {"Tags": page, **following}
    if operation == "DeleteTags":
        write([tag for tag in tags if tag["Key"] not in request["TagKeys"]])
        return {}
    merged = merge(tags, request["Tags"], operation)
    write(merged)
    return {"Tags": merged}


def merge(tags: list[dict[str, str]], more: list[dict[str, str]], operation: str) -> list[dict[str, str]]:
    """Tags with more of them added, which replace the values of keys that are there. Raises ClientError."""
    from .validation import check_tags  # the other two operations do not need it

    values = {tag["Key"]: tag["Value"] for tag in [*tags, *more]}
    merged = [{"Key": key, "Value": value} for key, value in values.items()]
    if objection := check_tags(more) or check_tags(merged):
        raise validation_error(objection, operation)
    return merged


def _find(jobs: Path, arn: str, operation: str) -> JobFolder | None:
    """The job of an ARN; None when there is none. Raises ClientError where it may be one that cannot be read."""
    damaged: list[JobFolder] = []
    for folder in os.listdir(jobs) if jobs.is_dir() else ():
        job = open_job(jobs, folder) if arn.endswith(f"/{name_of(folder).lower()}") else None
        try:
            if job and arn_of(job) == arn:
                return job
        except DamagedJob:
            damaged += [job] if job else []
    for job in damaged:
        with damage_as_error(job.name, operation):
            arn_of(job)
    return None
