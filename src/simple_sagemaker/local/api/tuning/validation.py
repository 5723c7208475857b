"""What the service rejects of a CreateHyperParameterTuningJob request beyond the shapes of its model.

Texts that were seen in the service's answers are its own (docs/decisions/0030-tuning-jobs.md); the others are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....tuning import bayesian
from ....tuning.ranges import Categorical, combinations
from ...requests.tuning import (
    MOST_RESOURCE,
    BadRange,
    Definition,
    account_limit,
    definition_members,
    hyperband_resources,
    most_trials,
    read_definitions,
)

_MOST_RANGES = 30
_MOST_HYPERPARAMETERS = 100  # static and searched together, with the service's own
_MOST_VARIABLES = 48  # of all definitions together
_MOST_PARALLEL = 100  # to which the account's limit of 10 can be raised
_MACHINES = "HyperParameterTuningResourceConfig"
_SINGLE_MEMBERS = ("InstanceType", "InstanceCount", "VolumeSizeInGB")


def objection(request: Mapping[str, Any]) -> str | None:
    """Why a request cannot become a tuning job, as far as it shows without looking at buckets; None when it can."""
    if problem := _check_forms(request) or _check_machines(request):
        return problem
    try:
        definitions = read_definitions(request)
    except BadRange as error:
        return str(error)
    checks = (_check_hyperparameters, _check_objectives, _check_strategy, _check_combinations)
    return next((problem for check in checks if (problem := check(request, definitions))), None)


def limit_objection(request: Mapping[str, Any], parents: int) -> str | None:
    """Which of the account's limits a request exceeds; ``parents`` is how many trials its parents had."""
    limits = request["HyperParameterTuningJobConfig"]["ResourceLimits"]
    if limits["MaxParallelTrainingJobs"] > _MOST_PARALLEL:
        return _limit_text(
            "Maximum number of parallel training jobs", _MOST_PARALLEL, limits["MaxParallelTrainingJobs"]
        )
    wanted = most_trials(request) if "MaxNumberOfTrainingJobs" in limits or _is_grid(request) else 1
    if wanted + parents > account_limit(request):
        return _limit_text("Maximum number of training jobs", account_limit(request), wanted + parents)
    return None


def _limit_text(what: str, limit: int, wanted: int) -> str:
    return (
        f"The account-level service limit '{what} per hyperparameter tuning job' is {limit}, with a request of "
        f"{wanted}. Please use AWS Service Quotas to request an increase for this quota."
    )


def _is_grid(request: Mapping[str, Any]) -> bool:
    return bool(request["HyperParameterTuningJobConfig"]["Strategy"] == "Grid")


def _check_forms(request: Mapping[str, Any]) -> str | None:
    """Check that there is one of the two forms, and its members where it has them."""
    config = request["HyperParameterTuningJobConfig"]
    if ("TrainingJobDefinition" in request) == ("TrainingJobDefinitions" in request):
        return "Provide either TrainingJobDefinition or TrainingJobDefinitions, and not both."
    at_config = [name for name in ("HyperParameterTuningJobObjective", "ParameterRanges") if name in config]
    if "TrainingJobDefinition" in request:
        if "HyperParameterTuningJobObjective" not in config:
            return "HyperParameterTuningJobConfig needs a HyperParameterTuningJobObjective."
        inside = {"TuningObjective", "HyperParameterRanges"} & {*request["TrainingJobDefinition"]}
        return f"{', '.join(sorted(inside))} is for TrainingJobDefinitions only." if inside else None
    if at_config:
        return f"With TrainingJobDefinitions, {' and '.join(at_config)} belong into each definition."
    definitions = request["TrainingJobDefinitions"]
    for member in ("DefinitionName", "TuningObjective", "HyperParameterRanges"):
        if any(member not in one for one in definitions):
            return f"Each of TrainingJobDefinitions needs a {member}."
    if len({one["DefinitionName"] for one in definitions}) < len(definitions):
        return "The DefinitionName of each of TrainingJobDefinitions must be unique."
    if len({one["TuningObjective"]["Type"] for one in definitions}) > 1:
        return "The TuningObjective of all TrainingJobDefinitions must have the same Type."
    if "WarmStartConfig" in request and len(definitions) > 1:
        return "WarmStartConfig is for a single training job definition only."
    return None


def _check_machines(request: Mapping[str, Any]) -> str | None:
    members = definition_members(request)
    for one in members:
        if ("ResourceConfig" in one) == (_MACHINES in one):
            return f"Provide either ResourceConfig or {_MACHINES}, and not both."
        config = one.get(_MACHINES, {})
        if config and ("InstanceConfigs" in config) == any(name in config for name in _SINGLE_MEMBERS):
            return f"{_MACHINES} needs InstanceConfigs, or InstanceType, InstanceCount and VolumeSizeInGB, not both."
    variables = sum(len(one.get("Environment", {})) for one in members)
    if variables > _MOST_VARIABLES:
        return f"All definitions together can have {_MOST_VARIABLES} environment variables; there are {variables}."
    return None


def _check_hyperparameters(request: Mapping[str, Any], definitions: Sequence[Definition]) -> str | None:
    for one in definitions:
        names = [searched.name for searched in one.space]
        if not names:
            need = " or AutoParameters" if "Autotune" in request else ""
            return f"At least one hyperparameter range{need} is needed."
        if len(names) > _MOST_RANGES:
            return f"At most {_MOST_RANGES} hyperparameters can be searched; there are {len(names)}."
        if len({*names}) < len(names):
            return f"A hyperparameter has two ranges: {', '.join(sorted({n for n in names if names.count(n) > 1}))}."
        if both := sorted({*names} & {*one.constants}):
            return f"Hyperparameters cannot be both static and searched: {', '.join(both)}."
        if len(names) + len(one.constants) > _MOST_HYPERPARAMETERS:
            return (
                f"There can be {_MOST_HYPERPARAMETERS} hyperparameters, static and searched together with the "
                f"service's own; there are {len(names) + len(one.constants)}."
            )
    return None


def _check_objectives(_: Mapping[str, Any], definitions: Sequence[Definition]) -> str | None:
    for one in definitions:
        if one.objective not in {metric["Name"] for metric in one.metrics}:
            return (
                "A metric is required for this hyperparameter tuning job objective. "
                "Provide a metric in the metric definitions."
            )
    return None


def _check_strategy(request: Mapping[str, Any], definitions: Sequence[Definition]) -> str | None:
    config = request["HyperParameterTuningJobConfig"]
    strategy: str = config["Strategy"]
    if "StrategyConfig" in config and strategy != "Hyperband":
        return f"StrategyConfig is for the strategy Hyperband only, not for {strategy}."
    if config.get("TrainingJobEarlyStoppingType") == "Auto":
        if strategy == "Hyperband":
            return "TrainingJobEarlyStoppingType must be Off with the strategy Hyperband, which stops jobs itself."
        if len(definitions) > 1:
            return "TrainingJobEarlyStoppingType must be Off with several training job definitions."
    if strategy == "Hyperband":
        return next((problem for one in definitions if (problem := _check_resource(request, one))), None)
    if strategy == "Grid":
        return _check_grid(request, definitions)
    if strategy == "Bayesian" and not bayesian.is_installed():
        return (
            "The strategy Bayesian needs Optuna on this machine: pip install optuna (the extra 'tune'). "
            "Random, Grid and Hyperband need nothing more."
        )
    return None


def _check_resource(request: Mapping[str, Any], definition: Definition) -> str | None:
    resources = hyperband_resources(request, definition)
    if resources is None:
        return (
            "The strategy Hyperband needs MaxResource in HyperbandStrategyConfig, or a static hyperparameter epochs, "
            "numepochs, n-epochs, n_epochs or num_epochs."
        )
    least, most = resources
    if not 1 <= least <= most <= MOST_RESOURCE:
        return f"Hyperband needs 1 <= MinResource <= MaxResource <= {MOST_RESOURCE}, not {least} and {most}."
    return None


def _check_grid(request: Mapping[str, Any], definitions: Sequence[Definition]) -> str | None:
    if not all(isinstance(searched, Categorical) for one in definitions for searched in one.space):
        return "The strategy Grid supports categorical hyperparameter ranges only."
    wanted = request["HyperParameterTuningJobConfig"]["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    total = sum(combinations(one.space) or 0 for one in definitions)
    if wanted is not None and wanted != total:
        return (
            f"With the strategy Grid, MaxNumberOfTrainingJobs must be the number of combinations, {total}, or absent; "
            f"it is {wanted}."
        )
    return None


def _check_combinations(request: Mapping[str, Any], definitions: Sequence[Definition]) -> str | None:
    totals = [combinations(one.space) for one in definitions]
    wanted = request["HyperParameterTuningJobConfig"]["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    if wanted is None or None in totals:
        return None
    total = sum(one or 0 for one in totals)
    if total >= wanted:
        return None
    return (
        "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter combinations "
        f"for the provided ranges [{float(total)}] must be equal or greater than the value of MaxNumberOfJobs, "
        f"[{wanted}]. Provide additional ranges."
    )
