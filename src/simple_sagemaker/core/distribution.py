"""Distributed training: which ways of it need AWS's toolkit, and the hyperparameters that start them.

A distribution has the form of the SageMaker SDK's ``distribution``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .specs import TaskSpec

# Ways of distributed training that AWS's toolkit must start inside its images; torch_distributed does not need it.
# The keys are those of SageMaker SDK 2: estimator._distribution_configuration.
AWS_RUNNERS = (
    "mpi",
    "multi_worker_mirrored_strategy",
    "parameter_server",
    "pytorchddp",
    "pytorchxla",
    "smdistributed",
)

# The hyperparameters that switch on the toolkit's runners.
_SWITCHES = {
    "mpi": "sagemaker_mpi_enabled",
    "multi_worker_mirrored_strategy": "sagemaker_multi_worker_mirrored_strategy_enabled",
    "parameter_server": "sagemaker_parameter_server_enabled",
    "pytorchddp": "sagemaker_pytorch_ddp_enabled",
    "pytorchxla": "sagemaker_pytorch_xla_multi_worker_enabled",
    "torch_distributed": "sagemaker_torch_distributed_enabled",
}


def is_enabled(distribution: Mapping[str, Any] | None, way: str) -> bool:
    """Whether ``--distribution`` enables one way of distributed training, itself or one of its parts."""
    chosen = (distribution or {}).get(way, {})
    parts = [part for part in chosen.values() if isinstance(part, Mapping)]
    return any(part.get("enabled") is True for part in [chosen, *parts])


def runners_needed(distribution: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The enabled ways of distributed training that only AWS's toolkit can start."""
    return tuple(way for way in AWS_RUNNERS if is_enabled(distribution, way))


def starts_by_toolkit(spec: TaskSpec) -> bool:
    """Whether AWS's toolkit starts the code: because it was chosen, or because nothing else can."""
    return spec.launched_by == "toolkit" or bool(runners_needed(spec.launch_distribution))


def runner_hyperparameters(distribution: Mapping[str, Any] | None, instance_type: str) -> dict[str, Any]:
    """The hyperparameters for AWS's toolkit about distributed training, with SageMaker SDK 2's names and values.

    estimator.Framework._distribution_configuration and pytorch.PyTorch._pytorch_distribution_configuration have them.
    """
    ways = distribution or {}
    parameters: dict[str, Any] = {name: True for way, name in _SWITCHES.items() if is_enabled(ways, way)}
    if is_enabled(ways, "mpi"):
        if ways["mpi"].get("processes_per_host"):
            parameters["sagemaker_mpi_num_of_processes_per_host"] = ways["mpi"]["processes_per_host"]
        parameters["sagemaker_mpi_custom_mpi_options"] = ways["mpi"].get("custom_mpi_options", "")
    if is_enabled(ways, "smdistributed"):
        parameters |= _smdistributed(ways["smdistributed"])
    if any(is_enabled(ways, way) for way in ("torch_distributed", "pytorchddp", "smdistributed")):
        parameters["sagemaker_instance_type"] = instance_type
    return parameters


def _smdistributed(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of AWS's two libraries; those of the second are passed to the script as a hyperparameter."""
    data, model = parts.get("dataparallel", {}), parts.get("modelparallel", {})
    parameters: dict[str, Any] = {"sagemaker_distributed_dataparallel_enabled": data.get("enabled", False)}
    if data.get("enabled"):
        parameters["sagemaker_distributed_dataparallel_custom_mpi_options"] = data.get("custom_mpi_options", "")
    if model.get("enabled"):
        parameters["mp_parameters"] = model.get("parameters", {})
    return parameters
