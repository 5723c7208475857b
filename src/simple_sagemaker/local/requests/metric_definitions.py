"""The metrics of a training job: those of its request, and those that the service defines for its own algorithms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Definitions = list[dict[str, str]]


def metric_definitions(request: Mapping[str, Any]) -> Definitions:
    """The MetricDefinitions of a training job, in the form of the request's.

    The image of a built-in algorithm has its own beside them, unless it runs somebody's code.
    """
    hyperparameters = request.get("HyperParameters") or request.get("StaticHyperParameters") or {}
    return of_algorithm(request.get("AlgorithmSpecification", {}), hyperparameters)


def of_algorithm(algorithm: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> Definitions:
    """The same from an AlgorithmSpecification and the hyperparameters, which tell whether somebody's code runs."""
    asked: Definitions = list(algorithm.get("MetricDefinitions") or ())
    runs_code = "sagemaker_program" in hyperparameters or "ContainerEntrypoint" in algorithm
    if runs_code:
        return asked
    from ...images.built_in import algorithm_of  # most jobs run somebody's code

    name = algorithm_of(algorithm.get("TrainingImage") or "")
    if name is None:
        return asked
    from ...built_ins.metric_definitions import as_request_members

    names = {one["Name"] for one in asked}
    return [*asked, *(one for one in as_request_members(name) if one["Name"] not in names)]
