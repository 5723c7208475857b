"""What earlier jobs of a task there were, found by the task's folder and each job's own description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import layout, names
from .api import error_code
from .layout import TaskPlace
from .specs import TaskOutput

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

    from .api import SageMaker
    from .storage import Store

FINAL = frozenset({"Completed", "Failed", "Stopped"})
_LOOKED_AT = 20  # of the newest jobs; older ones are not asked for


def jobs(place: TaskPlace, store: Store) -> list[str]:
    """The names of a task's jobs, newest first, by the time in the name."""
    found = [name for name in store.folders(place.bucket, place.folder) if names.is_job_name(name)]
    return sorted(found, key=names.started_at, reverse=True)


def describe(job: str, sagemaker: SageMaker) -> DescribeTrainingJobResponseTypeDef | None:
    """A job's description; None when there is no such job."""
    try:
        return sagemaker.describe_training_job(TrainingJobName=job)
    except Exception as error:
        if error_code(error) == "ValidationException" and "not found" in str(error):
            return None
        raise


def described(place: TaskPlace, store: Store, sagemaker: SageMaker) -> Iterator[DescribeTrainingJobResponseTypeDef]:
    """The descriptions of a task's newest jobs, newest first.

    A folder without a job is passed over: a command that ended before its job began leaves one. Names carry seconds;
    jobs of one second are put in order by their descriptions.
    """
    waiting: list[DescribeTrainingJobResponseTypeDef] = []
    for name in jobs(place, store)[:_LOOKED_AT]:
        if waiting and names.started_at(name) != names.started_at(waiting[0]["TrainingJobName"]):
            yield from sorted(waiting, key=lambda one: one["CreationTime"], reverse=True)
            waiting = []
        one = describe(name, sagemaker)
        if one is not None:
            waiting.append(one)
    yield from sorted(waiting, key=lambda one: one["CreationTime"], reverse=True)


def newest(place: TaskPlace, store: Store, sagemaker: SageMaker) -> DescribeTrainingJobResponseTypeDef | None:
    """The description of the newest job of a task, however it ended or whether it runs; None when there is none."""
    return next(described(place, store, sagemaker), None)


def newest_completed(place: TaskPlace, store: Store, sagemaker: SageMaker) -> DescribeTrainingJobResponseTypeDef | None:
    """The description of the newest completed job of a task; None when there is none."""
    found = described(place, store, sagemaker)
    return next((one for one in found if one["TrainingJobStatus"] == "Completed"), None)


def output_uri(job: DescribeTrainingJobResponseTypeDef, kind: TaskOutput) -> str:
    """Where one kind of output of a job lies, from the job's own description."""
    model = job["ModelArtifacts"]["S3ModelArtifacts"]
    if kind == "model":
        return model
    if kind == "output":
        return model.removesuffix("model.tar.gz") + "output.tar.gz"
    if kind == "source":
        return model.removesuffix("output/model.tar.gz") + f"source/{layout.TARBALL}"
    return job["CheckpointConfig"]["S3Uri"].rstrip("/") + "/"


def run_file(place: TaskPlace, job: str, store: Store) -> dict[str, Any]:
    """What a job's ``run.json`` says; empty when it has none."""
    try:
        found: dict[str, Any] = json.loads(store.read(place.bucket, place.source(job) + layout.RUN_FILE))
    except FileNotFoundError:
        return {}
    return found
