"""From a processing task to the one request that makes its job: pure values in, boto3's dictionary out.

Our launcher starts the code, from an input of its own, so that the limit of 256 characters for each of
ContainerArguments does not apply. The state of earlier jobs comes by another input: outputs only upload.
The shape and its limits: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ..core import layout
from ..core.specs import ProcessSpec
from .training_request import ChannelSource, Setting, can_encrypt_disks, experiment_config, tags

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import ProcessingInstanceTypeType, ProcessingS3UploadModeType
    from mypy_boto3_sagemaker.type_defs import (
        CreateProcessingJobRequestTypeDef,
        NetworkConfigTypeDef,
        ProcessingClusterConfigTypeDef,
        ProcessingInputTypeDef,
        ProcessingOutputTypeDef,
    )


def processing_request(
    spec: ProcessSpec, setting: Setting, channels: Sequence[ChannelSource], *, earlier_state: bool
) -> CreateProcessingJobRequestTypeDef:
    """The whole request of a processing job. ``channels`` are the person's, in their order.

    ``earlier_state`` is whether the task has a state to start from: SageMaker refuses an input without objects.
    """
    request: CreateProcessingJobRequestTypeDef = {
        "ProcessingJobName": setting.job,
        "RoleArn": setting.role_arn,
        "AppSpecification": {
            "ImageUri": setting.image_uri,
            "ContainerEntrypoint": ["/bin/sh", layout.PROCESSING_START],
        },
        "ProcessingResources": {"ClusterConfig": _cluster(spec)},
        "ProcessingInputs": [
            *(_input(one, spec.input_paths.get(one.name) or layout.processing_input(one.name)) for one in channels),
            *_internal_inputs(setting, earlier_state=earlier_state),
        ],
        "ProcessingOutputConfig": {"Outputs": _outputs(setting, spec.output_paths)},
        "StoppingCondition": {"MaxRuntimeInSeconds": spec.instances.max_run_mins * 60},
        "Tags": [{"Key": key, "Value": value} for key, value in tags(spec).items()],
    }
    if spec.security.kms_key_id:
        request["ProcessingOutputConfig"]["KmsKeyId"] = spec.security.kms_key_id
    if spec.environment:
        request["Environment"] = dict(spec.environment)
    if spec.experiment is not None:
        request["ExperimentConfig"] = experiment_config(spec.experiment)
    if network := _network(spec):
        request["NetworkConfig"] = network
    return request


def _cluster(spec: ProcessSpec) -> ProcessingClusterConfigTypeDef:
    """The machines; the cast is for instance types that the service knows and our stubs do not."""
    cluster: ProcessingClusterConfigTypeDef = {
        "InstanceType": cast("ProcessingInstanceTypeType", spec.instances.type),
        "InstanceCount": spec.instances.count,
        "VolumeSizeInGB": spec.instances.volume_gb,
    }
    key = spec.security.kms_key_id
    if key and can_encrypt_disks(key, spec.instances.type):
        cluster["VolumeKmsKeyId"] = key
    return cluster


def _internal_inputs(setting: Setting, *, earlier_state: bool) -> list[ProcessingInputTypeDef]:
    """The inputs with the code and the state; the script does not see them among its channels."""
    place = setting.place
    source = ChannelSource(name=layout.SOURCE_CHANNEL, uri=layout.uri(place.bucket, place.source(setting.job)))
    state = ChannelSource(name=layout.EARLIER_STATE, uri=layout.uri(place.bucket, place.state))
    ours = [source, state] if earlier_state else [source]
    return [_input(one, f"{layout.PROCESSING}/input/{one.name}") for one in ours]


def _input(channel: ChannelSource, path: str) -> ProcessingInputTypeDef:
    return {
        "InputName": channel.name,
        "S3Input": {
            "S3Uri": channel.uri,
            "LocalPath": path,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": channel.distribution,
        },
    }


def _outputs(setting: Setting, chosen: Mapping[str, str]) -> list[ProcessingOutputTypeDef]:
    """Where the job's results are uploaded: its state while it runs, the rest at its end.

    A further output is a folder of the output data, so that it is downloaded and chained with that.
    """
    place, paths = setting.place, {**layout.PROCESSING_OUTPUTS, **chosen}
    results = layout.uri(place.bucket, place.output(setting.job))
    further = [name for name in chosen if name not in layout.PROCESSING_OUTPUTS]
    return [
        _output("state", layout.uri(place.bucket, place.state.rstrip("/")), paths["state"], "Continuous"),
        _output("output", f"{results}output", paths["output"], "EndOfJob"),
        _output("model", f"{results}model", paths["model"], "EndOfJob"),
        *(_output(name, f"{results}output/{name}", paths[name], "EndOfJob") for name in further),
    ]


def _output(name: str, uri: str, path: str, mode: ProcessingS3UploadModeType) -> ProcessingOutputTypeDef:
    return {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": mode}}


def _network(spec: ProcessSpec) -> NetworkConfigTypeDef:
    """The job's network, its isolation, and the encryption of its traffic; empty without such options."""
    security, network = spec.security, cast("NetworkConfigTypeDef", {})
    if security.vpc_subnets:
        network["VpcConfig"] = {
            "SecurityGroupIds": list(security.vpc_security_groups),
            "Subnets": list(security.vpc_subnets),
        }
    if security.network_isolation:
        network["EnableNetworkIsolation"] = True
    if security.encrypt_traffic:
        network["EnableInterContainerTrafficEncryption"] = True
    return network
