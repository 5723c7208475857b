"""Which members of a request a person's file may not set, and which this machine cannot run: data of the merge.

A path has the names of members with dots between them; ``[]`` stands for any member of a list. Of what is said about
one, ``{name}`` is an option, which each door spells its own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..core import layout

_NETWORK: Final = "{vpc_subnets} and {vpc_security_groups} set it"
_ADDRESS: Final = "{input_s3} says what a channel reads"

_EXPERIMENT: Final = "{in_experiment} sets it"
_CHOSEN: Final = "SageMaker answers with it"

_TRAINING: Final[Mapping[str, str]] = {
    "TrainingJobName": "the name of a job says its task and when it began",
    "RoleArn": "{role_name} sets it",
    "HyperParameters": "hyperparameters are given by their names, or with {hp}",
    "Environment": "{job_env} sets variables",
    "AlgorithmSpecification.TrainingImage": "{image_uri} sets it",
    "AlgorithmSpecification.AlgorithmName": "{image_uri} says what runs",
    "AlgorithmSpecification.TrainingInputMode": "{input_mode} sets it",
    "AlgorithmSpecification.MetricDefinitions": "{metric_definitions} defines metrics",
    "AlgorithmSpecification.ContainerEntrypoint": "it starts the code",
    "AlgorithmSpecification.ContainerArguments": "{hp} and what follows -- reach the code",
    "OutputDataConfig.S3OutputPath": "results are found by it",
    "OutputDataConfig.KmsKeyId": "{kms_key_id} sets it",
    "OutputDataConfig.CompressionType": "results are brought back, and given to other tasks, as archives",
    "ResourceConfig.InstanceType": "{instance_type} sets it",
    "ResourceConfig.InstanceCount": "{instance_count} sets it",
    "ResourceConfig.VolumeSizeInGB": "{volume_size} sets it",
    "ResourceConfig.VolumeKmsKeyId": "{kms_key_id} sets it",
    "ResourceConfig.KeepAlivePeriodInSeconds": "{keep_alive_mins} sets it",
    "ResourceConfig.SelectedInstanceType": _CHOSEN,
    "ResourceConfig.SelectedInstanceCount": _CHOSEN,
    "ExperimentConfig.ExperimentName": _EXPERIMENT,
    "ExperimentConfig.TrialName": _EXPERIMENT,
    "StoppingCondition.MaxRuntimeInSeconds": "{max_run_mins} sets it",
    "StoppingCondition.MaxWaitTimeInSeconds": "{max_wait_mins} sets it",
    "EnableManagedSpotTraining": "{no_spot} sets it",
    "CheckpointConfig": "the state is kept by it",
    "TensorBoardOutputConfig": "what is written for TensorBoard is found by it",
    "RetryStrategy": "{retry_attempts} sets it",
    "VpcConfig": _NETWORK,
    "EnableNetworkIsolation": "{network_isolation} sets it",
    "EnableInterContainerTrafficEncryption": "{encrypt_traffic} sets it",
    "InputDataConfig[].DataSource.S3DataSource.S3Uri": _ADDRESS,
    "InputDataConfig[].DataSource.S3DataSource.S3DataDistributionType": "{input_s3} takes it after the address",
    f"InputDataConfig[{layout.SOURCE_CHANNEL}]": "the code is in this channel",
    f"Tags[{layout.PROJECT_TAG}]": "jobs are found by this tag",
    f"Tags[{layout.TASK_TAG}]": "jobs are found by this tag",
}
_PROCESSING: Final[Mapping[str, str]] = {
    "ProcessingJobName": _TRAINING["TrainingJobName"],
    "RoleArn": _TRAINING["RoleArn"],
    "Environment": "{env} sets variables",
    "AppSpecification.ImageUri": "{image_uri} sets it",
    "AppSpecification.ContainerEntrypoint": "it starts the code",
    "AppSpecification.ContainerArguments": "{arguments} reach the code",
    "ProcessingResources.ClusterConfig.InstanceType": "{instance_type} sets it",
    "ProcessingResources.ClusterConfig.InstanceCount": "{instance_count} sets it",
    "ProcessingResources.ClusterConfig.VolumeSizeInGB": "{volume_size} sets it",
    "ProcessingResources.ClusterConfig.VolumeKmsKeyId": "{kms_key_id} sets it",
    "ProcessingResources.ClusterConfig.SelectedInstanceType": _CHOSEN,
    "ProcessingResources.ClusterConfig.SelectedInstanceCount": _CHOSEN,
    "ExperimentConfig.ExperimentName": _EXPERIMENT,
    "ExperimentConfig.TrialName": _EXPERIMENT,
    "ProcessingOutputConfig.KmsKeyId": "{kms_key_id} sets it",
    "StoppingCondition": "{max_run_mins} sets it",
    "NetworkConfig.VpcConfig": _NETWORK,
    "NetworkConfig.EnableNetworkIsolation": "{network_isolation} sets it",
    "NetworkConfig.EnableInterContainerTrafficEncryption": "{encrypt_traffic} sets it",
    "ProcessingInputs[].S3Input.S3Uri": _ADDRESS,
    "ProcessingInputs[].S3Input.LocalPath": "{input_at} says where a channel is",
    "ProcessingInputs[].S3Input.S3DataDistributionType": "{input_s3} takes it after the address",
    f"ProcessingInputs[{layout.SOURCE_CHANNEL}]": "the code is in this input",
    f"ProcessingInputs[{layout.EARLIER_STATE}]": "the state is in this input",
    **{
        f"ProcessingOutputConfig.Outputs[{name}]": "results are kept by this output"
        for name in layout.PROCESSING_OUTPUTS
    },
    "ProcessingOutputConfig.Outputs[].S3Output": "{output_from} keeps a further folder",
    f"Tags[{layout.PROJECT_TAG}]": "jobs are found by this tag",
    f"Tags[{layout.TASK_TAG}]": "jobs are found by this tag",
}
# Of an image's own program nothing of ours depends on how it is started.
_OF_CODE: Final = frozenset({"AlgorithmSpecification.ContainerEntrypoint", "AlgorithmSpecification.ContainerArguments"})

# What the engine would take from an API's client and do nothing about.
NOT_HERE: Final = frozenset(
    """
    DebugHookConfig DebugRuleConfigurations ProfilerConfig ProfilerRuleConfigurations InfraCheckConfig MlflowConfig
    ModelPackageConfig ServerlessJobConfig SessionChainingConfig ResourceConfig.TrainingPlanArn
    ResourceConfig.InstancePlacementConfig ResourceConfig.InstancePreferences StoppingCondition.MaxPendingTimeInSeconds
    AlgorithmSpecification.TrainingImageConfig InputDataConfig[].DataSource.FileSystemDataSource
    InputDataConfig[].DataSource.DatasetSource InputDataConfig[].DataSource.S3DataSource.ModelAccessConfig
    InputDataConfig[].DataSource.S3DataSource.HubAccessConfig ProcessingInputs[].DatasetDefinition
    ProcessingResources.ClusterConfig.InstancePreferences ProcessingOutputConfig.Outputs[].FeatureStoreOutput
    """.split()  # noqa: SIM905 - a list to be read
)


def protected(kind: str) -> Mapping[str, str]:
    """Why members are not to be set, by their paths; ``kind`` is a spec's."""
    if kind == "process":
        return _PROCESSING
    if kind == "algorithm":
        return {path: why for path, why in _TRAINING.items() if path not in _OF_CODE}
    return _TRAINING
