"""What the service refuses at submit, beyond the shapes of its model: each refusal is one text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..storage import Store
from .channels import Channel, ChannelFault

_MODES = frozenset({"File", "FastFile"})


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
            channel.items(store)
        except ChannelFault as fault:
            return str(fault)
    return None
