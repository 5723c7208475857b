"""The content of a job's ``run.json``: what our launcher does in it, and what the job was made from."""

from __future__ import annotations

from typing import Any

from ...core.rules import written, written_metrics
from ...core.specs import Spec, TaskSpec

RUN_VERSION = 1


def run_file(spec: Spec, fingerprint: dict[str, str]) -> dict[str, Any]:
    """The content of ``run.json``: what the launcher starts, with which arguments, and what the job was made from."""
    return {
        **({} if spec.kind == "process" else _for_launcher(spec)),
        "version": RUN_VERSION,
        "kind": spec.kind,
        "entry_point": spec.code.entry_point,
        "command": (spec.command_line or list(spec.command)) if spec.kind == "process" else spec.code.command,
        "arguments": list(spec.arguments),
        "distribution": None if spec.kind == "process" else spec.launch_distribution,
        "fingerprint": fingerprint,
    }


def _for_launcher(spec: TaskSpec) -> dict[str, Any]:
    """What the launcher does beside the script: rules, a profile, and a run in MLflow."""
    rules = written(spec.rules, spec.metrics)
    if spec.profiled_with is not None:
        rules["profile"] = spec.profiled_with
    if spec.mlflow is None:
        return rules
    from ...core import experiments  # which few jobs need

    run = experiments.written(spec.mlflow, project=spec.place.project, task=spec.place.task)
    return {**rules, **written_metrics(spec.metrics), **run}
