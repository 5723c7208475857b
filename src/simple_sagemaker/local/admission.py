"""What the service refuses at submit, beyond the shapes of its model: each refusal is one text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..storage import Store
from .channels import Channel, ChannelFault, Item

_MODES = frozenset({"File", "FastFile", "Pipe"})


def objection(request: Mapping[str, Any], store: Store) -> str | None:
    """Why this request cannot become a job; None when it can. Lists every channel's objects."""
    return _limits(request) or _machines(request) or _algorithm(request) or _channels(request, store)


def _limits(request: Mapping[str, Any]) -> str | None:
    limits = request.get("StoppingCondition", {})
    wait = limits.get("MaxWaitTimeInSeconds")
    if wait is None:
        return None
    if not request.get("EnableManagedSpotTraining"):
        return "MaxWaitTimeInSeconds cannot be set when EnableManagedSpotTraining is not enabled."
    if wait < limits.get("MaxRuntimeInSeconds", 24 * 60 * 60):
        return "MaxWaitTimeInSeconds must be equal to or greater than MaxRuntimeInSeconds."
    return None


def _machines(request: Mapping[str, Any]) -> str | None:
    resources = request.get("ResourceConfig", {})
    if resources.get("InstanceGroups"):
        return "InstanceGroups are not supported on this machine; give InstanceType and InstanceCount."
    if not resources.get("InstanceType") or not resources.get("InstanceCount"):
        return "ResourceConfig needs InstanceType and InstanceCount."
    path = request.get("CheckpointConfig", {}).get("LocalPath", "/opt/ml/checkpoints/")
    if not path.startswith("/") or ".." in path.split("/"):
        return f"CheckpointConfig.LocalPath must be an absolute path, not {path!r}."
    return None


def _algorithm(request: Mapping[str, Any]) -> str | None:
    algorithm = request.get("AlgorithmSpecification")
    if not algorithm:
        return "AlgorithmSpecification is required."
    for metric in algorithm.get("MetricDefinitions", ()):
        try:
            re.compile(metric["Regex"])
        except re.error as error:
            return f"Invalid regular expression {metric['Regex']!r} of metric {metric['Name']!r}: {error}"
    hyperparameters = request.get("HyperParameters", {})
    if not algorithm.get("ContainerEntrypoint") and "sagemaker_program" not in hyperparameters:
        return (
            "This machine runs processes and has no images: the request needs a ContainerEntrypoint, or script mode's "
            "hyperparameters sagemaker_program and sagemaker_submit_directory."
        )
    return None


def _channels(request: Mapping[str, Any], store: Store) -> str | None:
    configs = request.get("InputDataConfig", ())
    names = [config["ChannelName"] for config in configs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"Duplicate channel names: {', '.join(twice)}."
    mode = request["AlgorithmSpecification"]["TrainingInputMode"]
    for config in configs:
        try:
            channel = Channel.of(config, mode)
            if channel.mode not in _MODES:
                return f"Channel {channel.name}: input mode {channel.mode} is not supported on this machine."
            if channel.mode != "Pipe" and (channel.gzip or channel.recordio):
                return f"Channel {channel.name}: CompressionType and RecordWrapperType are for input mode Pipe only."
            if channel.data_type == "AugmentedManifestFile" and not channel.attributes:
                return f"Channel {channel.name}: AugmentedManifestFile needs AttributeNames."
            _refuse_absent(channel, store)
        except (ChannelFault, PermissionError) as fault:
            return str(fault)
    return None


def _refuse_absent(channel: Channel, store: Store) -> None:
    """List the channel's objects; those that a manifest names one by one are looked for one by one."""
    found = channel.items(store)
    if channel.data_type == "AugmentedManifestFile":
        for item in {(item.bucket, item.key): item for item in found}.values():
            if not _is_there(store, item):
                raise ChannelFault(f"Channel {channel.name}: s3://{item.bucket}/{item.key} is not there.")


def _is_there(store: Store, item: Item) -> bool:
    try:
        return any(found.key == item.key for found in store.list(item.bucket, item.key))
    except FileNotFoundError:
        return False
