"""Jobs that nobody ran: folders as the engine makes them, with a journal's end written at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simple_sagemaker.local.api.describe import describe, summary
from simple_sagemaker.local.job.drafts import draft
from simple_sagemaker.local.job.folder import JobFolder, all_jobs, make_job, publish_job
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.local.job.kinds import PROCESSING, TRAINING, Kind, kind_of

MACHINES = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
MEMBERS: Mapping[Kind, Mapping[str, Any]] = {
    TRAINING: {
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "ResourceConfig": MACHINES,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        "HyperParameters": {"lr": "0.1"},
    },
    PROCESSING: {
        "AppSpecification": {"ImageUri": "image"},
        "ProcessingResources": {"ClusterConfig": MACHINES},
    },
}
SETTINGS = {"python": sys.executable, "region": "us-east-1"}


def make(home: Home, name: str, *, kind: Kind = TRAINING, status: str = "Completed", **tags: str) -> JobFolder:
    """Make a job that has ended, or goes on. Raises FileExistsError."""
    request = {
        kind.name: name,
        "RoleArn": "arn:aws:iam::000000000000:role/role",
        **MEMBERS[kind],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    with draft(home.jobs) as place:
        job = make_job(place, request, SETTINGS)
        job.append(secondary="Training", message="Training")
        if status != "InProgress":
            job.append(status=status, secondary=status, message=status, metrics=[])
        return publish_job(job, home.jobs, name)


def keep_running(job: JobFolder) -> int:
    """Hold a job's lock, as its supervisor does; gives the descriptor."""
    if sys.platform == "win32":
        raise NotImplementedError
    import fcntl

    descriptor = os.open(job.lock, os.O_RDWR | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def read_all(home: Home, kind: Kind = TRAINING) -> list[tuple[Mapping[str, Any], Mapping[str, str]]]:
    """The summaries and tags of all jobs of a kind that can be read, oldest first, each read from its folder."""
    jobs = []
    for job in all_jobs(home.jobs):
        try:
            if kind_of(job.request()) == kind:
                jobs.append((summary(describe(job)), {tag["Key"]: tag["Value"] for tag in job.tags()}))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError):
            continue
    return sorted(jobs, key=lambda job: (job[0]["CreationTime"], job[0][kind.name]))


def left_over(home: Home) -> list[Path]:
    """What lies in the folder of jobs and is none."""
    drafts = home.jobs / ".drafts"
    hidden = [path for path in home.jobs.iterdir() if path.name.startswith(".") and path != drafts]
    return [*hidden, *(drafts.iterdir() if drafts.exists() else ())]
