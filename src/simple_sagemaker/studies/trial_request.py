"""From what the requests of a study's trials have in common to the request of one trial: pure values in and out."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout, names
from ..core.layout import TaskPlace
from ..core.records import dataclass
from ..tasks.prepared import DryRun

if TYPE_CHECKING:
    from ..core.services import Services

_MOMENT_AND_TOKEN = len("YYYY-MM-DD-HH-MM-SS") + 1 + names.TOKEN_LENGTH


@dataclass(frozen=True, kw_only=True)
class Template:
    """The request of a job of the study's task as a whole, in the place of a task.

    ``is_plain`` is whether hyperparameters reach the job as plain texts, ``is_role_new`` whether SageMaker may not know
    the role yet.
    """

    request: Mapping[str, Any]
    place: TaskPlace
    is_plain: bool
    is_role_new: bool = False

    def trial(self, number: int, job: str, values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
        """The request of a trial's job: its own name, values, outputs and state; the code is the study's.

        ``environment`` are variables for where the person gave none of that name.
        """
        place = self.place.trial(number)
        base = layout.uri(place.bucket, place.folder.rstrip("/"))
        request: dict[str, Any] = copy.deepcopy(dict(self.request))
        request["TrainingJobName"] = job
        own = values if self.is_plain else {name: json.dumps(value) for name, value in values.items()}
        request["HyperParameters"] = {**request.get("HyperParameters", {}), **own}
        if not self.is_plain:
            request["HyperParameters"]["sagemaker_job_name"] = json.dumps(job)
        request["OutputDataConfig"]["S3OutputPath"] = base
        if "CheckpointConfig" in request:
            request["CheckpointConfig"]["S3Uri"] = layout.uri(place.bucket, place.state.rstrip("/"))
        if "TensorBoardOutputConfig" in request:
            request["TensorBoardOutputConfig"]["S3OutputPath"] = base
        if environment:
            request["Environment"] = {**environment, **request.get("Environment", {})}
        return request


def job_name(place: TaskPlace, services: Services) -> str:
    """A name for the job of a trial, at its place, that begins now."""
    return names.job_name(_job_task(place), started=services.now(), token=services.token())


def is_job_of(place: TaskPlace, name: str, services: Services) -> bool:
    """Whether a job of that name can be one of the trial at that place."""
    like_it = names.job_name(_job_task(place), started=services.now(), token="x" * names.TOKEN_LENGTH)
    return names.is_job_name(name) and name[:-_MOMENT_AND_TOKEN] == like_it[:-_MOMENT_AND_TOKEN]


def _job_task(place: TaskPlace) -> str:
    return place.task.replace("/trials/", "-")


def dry_run(template: Template, services: Services, *notes: str) -> DryRun:
    """What a dry run of a study shows: the request of a trial, without its values, and the notes that are not empty."""
    request = template.trial(1, job_name(template.place.trial(1), services), {}, {})
    return DryRun(request=request, notes=tuple(filter(None, notes)))  # type: ignore[arg-type]  # a whole request
