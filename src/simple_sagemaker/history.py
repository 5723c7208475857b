"""What earlier jobs of a task there were, found by the task's folder and each job's own description."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from . import layout, names
from .api import error_code
from .errors import InputNotFound
from .layout import TaskPlace
from .specs import TaskOutput

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

    from .api import SageMaker
    from .storage import Store

_LOOKED_AT = 20  # of the newest jobs; older ones are not asked for


def jobs(place: TaskPlace, store: Store) -> list[str]:
    """The names of a task's jobs, newest first, by the time in the name."""
    found = [name for name in store.folders(place.bucket, place.folder) if names.is_job_name(name)]
    return sorted(found, key=names.started_at, reverse=True)


def newest_completed(place: TaskPlace, store: Store, sagemaker: SageMaker) -> DescribeTrainingJobResponseTypeDef | None:
    """The description of the newest completed job of a task; None when there is none."""
    for name in jobs(place, store)[:_LOOKED_AT]:
        try:
            described = sagemaker.describe_training_job(TrainingJobName=name)
        except Exception as error:
            if error_code(error) == "ValidationException" and "not found" in str(
                error
            ):  # a folder left by a command that ended before its job began
                continue
            raise
        if described["TrainingJobStatus"] == "Completed":
            return described
    return None


def output_uri(described: DescribeTrainingJobResponseTypeDef, kind: TaskOutput) -> str:
    """Where one kind of output of a job lies, from the job's own description."""
    model = described["ModelArtifacts"]["S3ModelArtifacts"]
    if kind == "model":
        return model
    if kind == "output":
        return model.removesuffix("model.tar.gz") + "output.tar.gz"
    if kind == "source":
        address: str = json.loads(described["HyperParameters"]["sagemaker_submit_directory"])
        return address
    return described["CheckpointConfig"]["S3Uri"].rstrip("/") + "/"


def output_of(place: TaskPlace, kind: TaskOutput, *, channel: str, store: Store, sagemaker: SageMaker) -> str:
    """The address of an output of a task's newest completed job. Raises InputNotFound, saying where was looked."""
    described = newest_completed(place, store, sagemaker)
    if described is None:
        where = layout.uri(place.bucket, place.folder)
        raise InputNotFound(
            f"--input_task {channel}: no completed job of task {place.task!r} was found under {where}.\n"
            "Run that task first, or check its name, --prefix and --bucket_name."
        )
    return output_uri(described, kind)
