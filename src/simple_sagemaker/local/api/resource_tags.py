"""The tags of whatever an ARN names: of a job, or of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..job.home import Home
from . import job_tags, model
from .errors import validation_error
from .models import LocalModels


def answer(home: Home, models: LocalModels, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the answer of ListTags, AddTags or DeleteTags. Raises ClientError."""
    message = model.load(home.cache).validation_message(operation, request)
    if message:
        raise validation_error(message, operation)
    name = models.find_by_arn(request["ResourceArn"].lower()) if ":model/" in request["ResourceArn"] else None
    if name is None:
        return job_tags.answer(home.jobs, operation, request)
    return job_tags.act(
        operation, request, models.tags(name, operation), lambda tags: models.write_tags(name, tags, operation)
    )
