"""From a task to the one request that makes its job: pure values in, boto3's dictionary out.

The shape and its limits: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from . import layout
from .layout import TaskPlace
from .specs import Distribution, Instances, TaskSpec

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import TrainingInstanceTypeType
    from mypy_boto3_sagemaker.type_defs import (
        ChannelTypeDef,
        CreateTrainingJobRequestTypeDef,
        MetricDefinitionTypeDef,
        ResourceConfigTypeDef,
        StoppingConditionTypeDef,
    )

PROJECT_TAG = "SimpleSagemakerProject"
TASK_TAG = "SimpleSagemakerTask"
LOG_LEVEL = "20"


@dataclass(frozen=True, kw_only=True)
class ChannelSource:
    """A channel as the request names it: where its objects are, and how hosts share them."""

    name: str
    uri: str
    distribution: Distribution = "FullyReplicated"
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the place where the job runs adds to what the person asked for."""

    job: str
    place: TaskPlace
    role_arn: str
    region: str
    image_uri: str


def training_request(
    spec: TaskSpec, setting: Setting, channels: Sequence[ChannelSource]
) -> CreateTrainingJobRequestTypeDef:
    """The whole request of a training job that our launcher starts. ``channels`` are the person's, in their order."""
    place, job = setting.place, setting.job
    base = layout.uri(place.bucket, place.folder.rstrip("/"))
    hidden = ChannelSource(name=layout.SOURCE_CHANNEL, uri=layout.uri(place.bucket, place.source(job)))
    request: CreateTrainingJobRequestTypeDef = {
        "TrainingJobName": job,
        "RoleArn": setting.role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": setting.image_uri,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/sh", layout.START],
        },
        "HyperParameters": hyperparameters(spec, setting),
        "InputDataConfig": [_channel(one) for one in (*channels, hidden)],
        "OutputDataConfig": {"S3OutputPath": base},
        "ResourceConfig": _resources(spec.instances),
        "StoppingCondition": stopping(spec.instances),
        "EnableManagedSpotTraining": spec.instances.spot,
        "CheckpointConfig": {
            "S3Uri": layout.uri(place.bucket, place.state.rstrip("/")),
            "LocalPath": layout.STATE,
        },
        "TensorBoardOutputConfig": {"S3OutputPath": base, "LocalPath": layout.TENSORBOARD},
        "Tags": [{"Key": key, "Value": value} for key, value in tags(spec).items()],
    }
    if spec.metrics:
        definitions: list[MetricDefinitionTypeDef] = [{"Name": one.name, "Regex": one.regex} for one in spec.metrics]
        request["AlgorithmSpecification"]["MetricDefinitions"] = definitions
    return request


def _resources(machines: Instances) -> ResourceConfigTypeDef:
    """The machines; their type is any that the person names, which the service may know and our stubs may not."""
    return {
        "InstanceType": cast("TrainingInstanceTypeType", machines.type),
        "InstanceCount": machines.count,
        "VolumeSizeInGB": machines.volume_gb,
    }


def stopping(machines: Instances) -> StoppingConditionTypeDef:
    """The limits in time; only spot jobs may wait."""
    limits: StoppingConditionTypeDef = {"MaxRuntimeInSeconds": machines.max_run_mins * 60}
    if machines.spot:
        limits["MaxWaitTimeInSeconds"] = machines.wait_mins * 60
    return limits


def hyperparameters(spec: TaskSpec, setting: Setting) -> dict[str, str]:
    """The person's values as JSON texts, and script mode's own, by which AWS's tools know such a job.

    https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md names them.
    """
    place, job = setting.place, setting.job
    own: dict[str, Any] = {
        "sagemaker_program": spec.code.entry_point or layout.LAUNCHER,
        "sagemaker_submit_directory": layout.uri(place.bucket, place.source(job) + layout.TARBALL),
        "sagemaker_job_name": job,
        "sagemaker_region": setting.region,
    }
    if distributed(spec.launch_distribution):
        own |= {"sagemaker_torch_distributed_enabled": True, "sagemaker_instance_type": spec.instances.type}
    encoded = {key: json.dumps(value) for key, value in {**spec.hyperparameters, **own}.items()}
    return encoded | {"sagemaker_container_log_level": LOG_LEVEL}


def distributed(distribution: Mapping[str, Any] | None) -> bool:
    """Whether torchrun is to start the code."""
    return bool((distribution or {}).get("torch_distributed", {}).get("enabled"))


def tags(spec: TaskSpec) -> dict[str, str]:
    """The person's tags, and ours that name project and task in full."""
    return {**spec.tags, PROJECT_TAG: spec.place.project, TASK_TAG: spec.place.task}


def _channel(channel: ChannelSource) -> ChannelTypeDef:
    found: ChannelTypeDef = {
        "ChannelName": channel.name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": channel.uri,
                "S3DataDistributionType": channel.distribution,
            }
        },
        "InputMode": "File",
    }
    if channel.content_type:
        found["ContentType"] = channel.content_type
    return found
