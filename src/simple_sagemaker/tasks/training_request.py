"""From a task to the one request that makes its job: pure values in, boto3's dictionary out.

The shape and its limits: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from ..core import layout
from ..core.distribution import runner_hyperparameters, starts_by_toolkit
from ..core.experiments import LOCAL, Experiment
from ..core.layout import TaskPlace
from ..core.records import dataclass
from ..core.specs import Distribution, InputMode, Instances, Spec, TaskSpec

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import TrainingInstanceTypeType
    from mypy_boto3_sagemaker.type_defs import (
        AlgorithmSpecificationTypeDef,
        ChannelTypeDef,
        CheckpointConfigTypeDef,
        CreateTrainingJobRequestTypeDef,
        ExperimentConfigTypeDef,
        OutputDataConfigTypeDef,
        ResourceConfigTypeDef,
        StoppingConditionTypeDef,
    )

LOG_LEVEL = "20"

# Machines whose disks are built in and encrypt themselves: a key for them is refused. The families are those of
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html; a "d" in the name says it of most.
_BUILT_IN_DISKS = re.compile(r"ml\.([^.]*d|g5|g6|gr6|g7|p5|p6|trn1|trn2|i3|i4|i7)[^.]*\..*")


@dataclass(frozen=True, kw_only=True)
class ChannelSource:
    """A channel as the request names it: where its objects are, how hosts share them, how they reach the job.

    ``input_mode`` other than File is for folders alone.
    """

    name: str
    uri: str
    distribution: Distribution = "FullyReplicated"
    content_type: str | None = None
    input_mode: InputMode = "File"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the request needs besides the spec: the job's name, its place, role, region and image."""

    job: str
    place: TaskPlace
    role_arn: str
    region: str
    image_uri: str


def training_request(
    spec: TaskSpec, setting: Setting, channels: Sequence[ChannelSource]
) -> CreateTrainingJobRequestTypeDef:
    """The whole request of a training job. ``channels`` are the person's, in their order.

    Our launcher starts the code, or AWS's toolkit our launcher; an algorithm is started by its image alone.
    """
    base = layout.uri(setting.place.bucket, setting.place.folder.rstrip("/"))
    request: CreateTrainingJobRequestTypeDef = {
        "TrainingJobName": setting.job,
        "RoleArn": setting.role_arn,
        "AlgorithmSpecification": _algorithm(spec, setting),
        "HyperParameters": hyperparameters(spec, setting),
        "OutputDataConfig": _output(spec, base),
        "ResourceConfig": _resources(spec),
        "StoppingCondition": stopping(spec.instances),
        "EnableManagedSpotTraining": spec.instances.spot,
        "Tags": [{"Key": key, "Value": value} for key, value in tags(spec).items()],
    }
    if spec.keeps_state:
        request["CheckpointConfig"] = _checkpoints(spec, setting.place)
    if not spec.image.built_in:
        request["TensorBoardOutputConfig"] = {"S3OutputPath": base, "LocalPath": layout.TENSORBOARD}
    if inputs := [_channel(one) for one in (*channels, *_code_channel(spec, setting))]:
        request["InputDataConfig"] = inputs
    variables = dict(spec.environment)
    if spec.mlflow is not None and spec.mlflow.uri == LOCAL:
        variables[layout.MLFLOW_VARIABLE] = LOCAL
    if variables:
        request["Environment"] = variables
    if spec.experiment is not None:
        request["ExperimentConfig"] = experiment_config(spec.experiment)
    if spec.instances.retry_attempts:
        request["RetryStrategy"] = {"MaximumRetryAttempts": spec.instances.retry_attempts}
    _add_security(request, spec)
    return request


def experiment_config(experiment: Experiment) -> ExperimentConfigTypeDef:
    """The experiment and the trial that a job is part of."""
    config: ExperimentConfigTypeDef = {"ExperimentName": experiment.name}
    if experiment.trial is not None:
        config["TrialName"] = experiment.trial
    return config


def _algorithm(spec: TaskSpec, setting: Setting) -> AlgorithmSpecificationTypeDef:
    """The image and its entry point: the image's own program, unless our launcher starts the code."""
    algorithm: AlgorithmSpecificationTypeDef = {
        "TrainingImage": setting.image_uri,
        "TrainingInputMode": spec.input_mode,
    }
    if spec.kind != "algorithm" and not starts_by_toolkit(spec):
        algorithm["ContainerEntrypoint"] = ["/bin/sh", layout.START]
    if spec.metrics and not spec.image.built_in:  # whose metrics the service defines itself
        algorithm["MetricDefinitions"] = [{"Name": one.name, "Regex": one.regex} for one in spec.metrics]
    return algorithm


def _code_channel(spec: TaskSpec, setting: Setting) -> list[ChannelSource]:
    """The channel with the code; none where the toolkit downloads it, which it cannot with network isolation."""
    toolkit_downloads = starts_by_toolkit(spec) and not spec.security.network_isolation
    if spec.kind == "algorithm" or toolkit_downloads:
        return []
    place = setting.place
    return [ChannelSource(name=layout.SOURCE_CHANNEL, uri=layout.uri(place.bucket, place.source(setting.job)))]


def _output(spec: TaskSpec, base: str) -> OutputDataConfigTypeDef:
    output: OutputDataConfigTypeDef = {"S3OutputPath": base}
    if spec.security.kms_key_id:
        output["KmsKeyId"] = spec.security.kms_key_id
    return output


def _resources(spec: TaskSpec) -> ResourceConfigTypeDef:
    """The machines; the cast is for instance types that the service knows and our stubs do not."""
    machines, key = spec.instances, spec.security.kms_key_id
    resources: ResourceConfigTypeDef = {
        "InstanceType": cast("TrainingInstanceTypeType", machines.type),
        "InstanceCount": machines.count,
        "VolumeSizeInGB": machines.volume_gb,
    }
    if key and can_encrypt_disks(key, machines.type):
        resources["VolumeKmsKeyId"] = key
    if machines.keep_alive_mins:
        resources["KeepAlivePeriodInSeconds"] = machines.keep_alive_mins * 60
    return resources


def can_encrypt_disks(key: str, instance_type: str) -> bool:
    """Whether the request may name this key for the disks of such machines."""
    return "alias/" not in key and not _BUILT_IN_DISKS.fullmatch(instance_type)


def _checkpoints(spec: TaskSpec, place: TaskPlace) -> CheckpointConfigTypeDef:
    """Where the state is in the job: for an image's own program SageMaker's default path, else ours."""
    checkpoints: CheckpointConfigTypeDef = {"S3Uri": layout.uri(place.bucket, place.state.rstrip("/"))}
    if spec.kind != "algorithm":
        checkpoints["LocalPath"] = layout.STATE
    return checkpoints


def _add_security(request: CreateTrainingJobRequestTypeDef, spec: TaskSpec) -> None:
    """Add the job's network, its isolation, and the encryption of its traffic."""
    security = spec.security
    if security.vpc_subnets:
        request["VpcConfig"] = {
            "SecurityGroupIds": list(security.vpc_security_groups),
            "Subnets": list(security.vpc_subnets),
        }
    if security.network_isolation:
        request["EnableNetworkIsolation"] = True
    if security.encrypt_traffic:
        request["EnableInterContainerTrafficEncryption"] = True


def stopping(machines: Instances) -> StoppingConditionTypeDef:
    """The time limits; only spot jobs have one for waiting."""
    limits: StoppingConditionTypeDef = {"MaxRuntimeInSeconds": machines.max_run_mins * 60}
    if machines.spot:
        limits["MaxWaitTimeInSeconds"] = machines.wait_mins * 60
    return limits


def hyperparameters(spec: TaskSpec, setting: Setting) -> dict[str, str]:
    """The person's hyperparameters as JSON texts, and those of script mode, which AWS's tools look for.

    An algorithm gets the person's only, as plain text.
    https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md names the others.
    """
    if spec.kind == "algorithm":
        return {key: str(value) for key, value in spec.hyperparameters.items()}
    place, job = setting.place, setting.job
    program = layout.LAUNCHER if starts_by_toolkit(spec) else spec.code.entry_point or layout.LAUNCHER
    script_mode: dict[str, Any] = {
        "sagemaker_program": program,
        "sagemaker_submit_directory": _submit_directory(
            spec, layout.uri(place.bucket, place.source(job) + layout.TARBALL)
        ),
        "sagemaker_job_name": job,
        "sagemaker_region": setting.region,
        **runner_hyperparameters(spec.launch_distribution, spec.instances.type),
    }
    encoded = {key: json.dumps(value) for key, value in {**spec.hyperparameters, **script_mode}.items()}
    return encoded | {"sagemaker_container_log_level": LOG_LEVEL}


def _submit_directory(spec: TaskSpec, uri: str) -> str:
    """Where the toolkit finds the packed code: on S3, or in the code channel when it cannot reach S3."""
    return layout.SUBMITTED if starts_by_toolkit(spec) and spec.security.network_isolation else uri


def tags(spec: Spec) -> dict[str, str]:
    """The person's tags, and our two with the full names of project and task."""
    return {**spec.tags, layout.PROJECT_TAG: spec.place.project, layout.TASK_TAG: spec.place.task}


def _channel(channel: ChannelSource) -> ChannelTypeDef:
    request: ChannelTypeDef = {
        "ChannelName": channel.name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": channel.uri,
                "S3DataDistributionType": channel.distribution,
            }
        },
        "InputMode": channel.input_mode,
    }
    if channel.content_type:
        request["ContentType"] = channel.content_type
    return request
