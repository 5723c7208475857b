"""Batch transform on this machine: the operations on transform jobs, each of which serves its model to itself.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..job.kinds import TRANSFORM
from . import transform_validation
from .errors import validation_error
from .models import LocalModels
from .operation_names import TRANSFORM_OPERATIONS, methods
from .sagemaker import LocalSageMaker

Answer = Any  # a dictionary of the shape that boto3 returns for the operation


class LocalTransforms:
    """The operations on transform jobs, under boto3's names and with the service's errors.

    ``images`` is whether jobs run in containers of their images; ``python`` is the interpreter of those that do not.
    """

    def __init__(self, sagemaker: LocalSageMaker, models: LocalModels, *, images: bool, python: str) -> None:
        self._sagemaker = sagemaker
        self._models = models
        self._images = images
        self._python = python

    def create_transform_job(self, **request: Any) -> Answer:
        """Check the request and its model as the service does, make the job's folder and start its supervisor."""
        operation = "CreateTransformJob"
        self._sagemaker.check(operation, request)
        model = self._models.read(request["ModelName"], operation)
        role = model.get("ExecutionRoleArn")
        if role is None:
            raise validation_error(f"The model {request['ModelName']} has no ExecutionRoleArn.", operation)
        whole = {**request, "Model": model, "RoleArn": role}
        objection = transform_validation.objection(whole, images=self._images, python=self._python)
        if objection:
            raise validation_error(objection, operation)
        return self._sagemaker.launch(TRANSFORM, whole)

    def describe_transform_job(self, **request: Any) -> Answer:
        """Describe a transform job."""
        answer = self._sagemaker.describe_job(TRANSFORM, request)
        return {name: value for name, value in answer.items() if name != "LastModifiedTime"}

    def stop_transform_job(self, **request: Any) -> Answer:
        """Request a stop: the job's processes end, and none of its output is stored."""
        return self._sagemaker.stop_job(TRANSFORM, request)

    def list_transform_jobs(self, **request: Any) -> Answer:
        """One page of summaries; newest first unless the request sorts otherwise."""
        self._sagemaker.check("ListTransformJobs", request)
        return self._sagemaker.list_jobs(TRANSFORM, {"SortOrder": "Descending", **request})

    def operations(self) -> dict[str, Callable[..., Answer]]:
        """The operations by the API's names."""
        return methods(self, TRANSFORM_OPERATIONS)
