"""The two kinds of jobs: what SageMaker calls their members, resources and log groups.

A request's members show which kind of job it is about. A name can be that of a job of each kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.records import dataclass
from .home import ACCOUNT, REGION


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job: ``prefix`` starts its members' names (``TrainingJobName``), ``resource`` is part of its ARN."""

    prefix: str
    resource: str
    group: str

    @property
    def name(self) -> str:
        """The member with a job's name."""
        return f"{self.prefix}JobName"

    @property
    def status(self) -> str:
        """The member with a job's status."""
        return f"{self.prefix}JobStatus"

    @property
    def noun(self) -> str:
        """What the service calls such a job in a sentence."""
        return f"{self.prefix.lower()} job"

    def arn(self, name: str, region: str = REGION) -> str:
        """A job's ARN; the service writes the name in lower case there."""
        return f"arn:aws:sagemaker:{region}:{ACCOUNT}:{self.resource}/{name.lower()}"


# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html names the groups
TRAINING = Kind(prefix="Training", resource="training-job", group="/aws/sagemaker/TrainingJobs")
PROCESSING = Kind(prefix="Processing", resource="processing-job", group="/aws/sagemaker/ProcessingJobs")
KINDS = (TRAINING, PROCESSING)


def kind_of(request: Mapping[str, Any]) -> Kind:
    """The kind of job that a request creates or is about; training when it names no job."""
    return PROCESSING if PROCESSING.name in request else TRAINING


def resource_of(request: Mapping[str, Any]) -> str:
    """Kind and name of the job that a request is about, unique among all jobs: the end of its ARN, in its own case."""
    kind = kind_of(request)
    return f"{kind.resource}/{request[kind.name]}"


def name_of(request: Mapping[str, Any]) -> str:
    """The name of the job that a request is about."""
    name: str = request[kind_of(request).name]
    return name
