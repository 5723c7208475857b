"""The commands for jobs that there are, each in a module of its own; one call finds the right one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..core import job_specs as specs

if TYPE_CHECKING:
    from ..core.job_specs import JobsSpec
    from ..core.services import Services

# The module of each command, and its function there, which takes the spec and the services.
_COMMANDS: dict[type[JobsSpec], tuple[str, str]] = {
    specs.ListSpec: ("ls", "ls"),
    specs.StatusSpec: ("status", "status"),
    specs.LogsSpec: ("logs", "logs"),
    specs.AttachSpec: ("attach", "attach"),
    specs.ExecSpec: ("exec", "execute"),
    specs.StopSpec: ("stop", "stop"),
    specs.MetricsSpec: ("metrics", "metrics"),
    specs.BoardSpec: ("board", "board"),
    specs.CompareSpec: ("compare", "compare"),
    specs.DiffSpec: ("diff", "diff"),
    specs.ReplaySpec: ("replay", "replay"),
    specs.CostSpec: ("cost", "cost"),
    specs.RemoveSpec: ("rm", "remove"),
}


def perform(spec: JobsSpec, services: Services) -> int:
    """Do what the command says; return its exit status."""
    module, function = _COMMANDS[type(spec)]
    act: Any = getattr(import_module(f".{module}", __package__), function)
    status: int = act(spec, services)
    return status
