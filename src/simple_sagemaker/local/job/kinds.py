"""The kinds of jobs: what SageMaker calls their members, resources and log groups.

A request's members show which kind of job it is about. A name can be that of a job of each kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.records import dataclass
from .home import ACCOUNT, REGION


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job: ``prefix`` starts its members' names (``TrainingJobName``), ``resource`` is part of its ARN.

    ``noun`` is what the service calls such a job in a sentence. Without a log ``group`` jobs print nothing themselves.
    """

    prefix: str
    resource: str
    noun: str
    group: str = ""

    @property
    def name(self) -> str:
        """The member with a job's name."""
        return f"{self.prefix}JobName"

    @property
    def status(self) -> str:
        """The member with a job's status."""
        return f"{self.prefix}JobStatus"

    def arn(self, name: str, region: str = REGION) -> str:
        """A job's ARN; the service writes the name in lower case there."""
        return f"arn:aws:sagemaker:{region}:{ACCOUNT}:{self.resource}/{name.lower()}"


# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html names the groups
TRAINING = Kind(prefix="Training", resource="training-job", noun="training job", group="/aws/sagemaker/TrainingJobs")
PROCESSING = Kind(
    prefix="Processing", resource="processing-job", noun="processing job", group="/aws/sagemaker/ProcessingJobs"
)
TUNING = Kind(prefix="HyperParameterTuning", resource="hyper-parameter-tuning-job", noun="hyperparameter tuning job")
TRANSFORM = Kind(
    prefix="Transform", resource="transform-job", noun="transform job", group="/aws/sagemaker/TransformJobs"
)
KINDS = (TRAINING, PROCESSING, TUNING, TRANSFORM)
ADDED = frozenset({"Model", "RoleArn"})  # to a request for a transform job: its model's request, and its model's role


def kind_of(request: Mapping[str, Any]) -> Kind:
    """The kind of job that a request creates or is about; training when it names no job."""
    return next((kind for kind in (TUNING, PROCESSING, TRANSFORM) if kind.name in request), TRAINING)


def resource_of(request: Mapping[str, Any]) -> str:
    """Kind and name of the job that a request is about, unique among all jobs: the end of its ARN, in its own case."""
    kind = kind_of(request)
    return f"{kind.resource}/{request[kind.name]}"


def name_of(request: Mapping[str, Any]) -> str:
    """The name of the job that a request is about."""
    name: str = request[kind_of(request).name]
    return name
