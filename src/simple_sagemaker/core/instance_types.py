"""Our own instance types: this machine, without and with its GPUs. Imports nothing: a command loads it first."""

from __future__ import annotations

LOCAL_TYPES = ("local", "local_gpu")


def is_local(instance_type: str) -> bool:
    """Whether an instance type stands for this machine."""
    return instance_type in LOCAL_TYPES
