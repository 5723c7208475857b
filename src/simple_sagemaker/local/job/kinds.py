"""The two kinds of jobs, in the service's words: what their members, resources and logs are called.

A request says by its members which kind of job it makes. Names are unique among the jobs of both kinds: a job is a
folder, and all folders lie in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .home import ACCOUNT, REGION


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job: ``word`` begins its members (``TrainingJobName``), ``resource`` is its part of an ARN."""

    word: str
    resource: str
    group: str

    @property
    def name(self) -> str:
        """The member that names a job."""
        return f"{self.word}JobName"

    @property
    def status(self) -> str:
        """The member with a job's status."""
        return f"{self.word}JobStatus"

    @property
    def noun(self) -> str:
        """What the service calls such a job in a sentence."""
        return f"{self.word.lower()} job"

    def arn(self, name: str, region: str = REGION) -> str:
        """A job's ARN; the service writes the name in lower case there."""
        return f"arn:aws:sagemaker:{region}:{ACCOUNT}:{self.resource}/{name.lower()}"


# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html names the groups
TRAINING = Kind(word="Training", resource="training-job", group="/aws/sagemaker/TrainingJobs")
PROCESSING = Kind(word="Processing", resource="processing-job", group="/aws/sagemaker/ProcessingJobs")
KINDS = (TRAINING, PROCESSING)


def kind_of(request: Mapping[str, Any]) -> Kind:
    """The kind of job that a request makes or asks about; what names none is about training jobs."""
    return PROCESSING if PROCESSING.name in request else TRAINING


def name_of(request: Mapping[str, Any]) -> str:
    """The name that a request gives a job."""
    name: str = request[kind_of(request).name]
    return name
