"""The commands for jobs that there are, each in a module of its own; one call finds the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core import job_specs as specs

if TYPE_CHECKING:
    from ..core.job_specs import JobsSpec
    from ..core.services import Services


def perform(spec: JobsSpec, services: Services) -> int:
    """Do what the command says; return its exit status."""
    if isinstance(spec, specs.ListSpec):
        from .ls import ls

        return ls(spec, services)
    if isinstance(spec, specs.StatusSpec):
        from .status import status

        return status(spec, services)
    if isinstance(spec, specs.LogsSpec):
        from .logs import logs

        return logs(spec, services)
    if isinstance(spec, specs.AttachSpec):
        from .attach import attach

        return attach(spec, services)
    if isinstance(spec, specs.ExecSpec):
        from .exec import execute

        return execute(spec, services)
    if isinstance(spec, specs.StopSpec):
        from .stop import stop

        return stop(spec, services)
    if isinstance(spec, specs.MetricsSpec):
        from .metrics import metrics

        return metrics(spec, services)
    if isinstance(spec, specs.CompareSpec):
        from .compare import compare

        return compare(spec, services)
    if isinstance(spec, specs.CostSpec):
        from .cost import cost

        return cost(spec, services)
    if isinstance(spec, specs.RemoveSpec):
        from .rm import remove

        return remove(spec, services)
    raise TypeError(spec)
