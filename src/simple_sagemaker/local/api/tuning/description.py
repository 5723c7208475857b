"""Builds the answer of DescribeHyperParameterTuningJob from a tuning job's request and journal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ....tuning.goal import trials_without_gain
from ...job.folder import FINAL, JobFolder
from ...job.home import REGION
from ...job.kinds import TRAINING, TUNING
from ...job.stored import Entry
from ...requests.tuning import Definition, machines, read_definitions, with_hinted
from ..filled_in import fill_in
from ..job_description import as_time
from .plan import ParentTrial, read_plan
from .trials import Facts, Trial, best_trial, ends_in_order, objective_status, read_trials, reading, summary, with_facts

_NOT_DESCRIBED = {"Tags", "TrainingJobDefinition", "TrainingJobDefinitions"}
_INTERNAL = "InternalServerError"  # with which the reasons of failures begin that can be retried
_RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges")


def describe_tuning(job: JobFolder, request: Mapping[str, Any], entries: list[Entry]) -> dict[str, Any]:
    """The Describe answer of a tuning job; all times have time zones, as boto3's. Raises DamagedJob."""
    with reading():
        return _describe(job, request, entries)


def _describe(job: JobFolder, request: Mapping[str, Any], entries: list[Entry]) -> dict[str, Any]:
    definitions = read_definitions(request)
    trials = read_trials(entries)
    known = with_facts(trials, definitions, job.path.parent)
    region = job.settings().get("region", REGION)
    final = next((entry for entry in entries if entry.get("status") in FINAL), None)
    changes = [float(entries[-1]["at"]), *(facts["created"] for _, facts in known)]
    answer = {name: value for name, value in request.items() if name not in _NOT_DESCRIBED}
    answer |= _definitions(request, definitions)
    answer |= {
        "HyperParameterTuningJobArn": TUNING.arn(job.name, region),
        "HyperParameterTuningJobConfig": _config(request["HyperParameterTuningJobConfig"]),
        "HyperParameterTuningJobStatus": _status(job, final),
        "CreationTime": as_time(entries[0]["at"]),
        "LastModifiedTime": as_time(final["at"] if final else max(changes)),
        "TrainingJobStatusCounters": _job_counters([facts for _, facts in known]),
        "ObjectiveStatusCounters": _objective_counters([facts for _, facts in known]),
        "ConsumedResources": {"RuntimeInSeconds": _seconds(entries, final)},
    }
    if final:
        answer["HyperParameterTuningEndTime"] = as_time(final["at"])
        if final.get("reason"):
            answer["FailureReason"] = final["reason"][:1024]
    winner = best_trial(trials, definitions)
    if winner is not None and winner.facts is not None:
        answer["BestTrainingJob"] = summary(winner, winner.facts, definitions[winner.definition], region)
    answer |= _overall_best(job, request, winner, definitions, region)
    if "TuningJobCompletionCriteria" in request["HyperParameterTuningJobConfig"]:
        answer["TuningJobCompletionDetails"] = _details(entries, definitions)
    return answer


def tuning_summary(description: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a description that the list of tuning jobs shows."""
    config = description["HyperParameterTuningJobConfig"]
    names = (
        *(f"{TUNING.prefix}{name}" for name in ("JobName", "JobArn", "JobStatus", "EndTime")),
        "CreationTime",
        "LastModifiedTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
    )
    shown = {name: description[name] for name in names if name in description}
    return {**shown, "Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}


def _status(job: JobFolder, final: Entry | None) -> str:
    if final:
        return str(final["status"])
    return "Stopping" if job.stop_mark.exists() else "InProgress"


def _seconds(entries: list[Entry], final: Entry | None) -> int:
    end = float(final["at"]) if final else time.time()
    return max(0, round(end - float(entries[0]["at"])))


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    filled = {"TrainingJobEarlyStoppingType": "Off", **config}
    if "ParameterRanges" in config:
        filled["ParameterRanges"] = _ranges(config["ParameterRanges"])
    return filled


def _ranges(ranges: Mapping[str, Any]) -> dict[str, Any]:
    made = with_hinted(ranges)
    return made | {kind: [{"ScalingType": "Auto", **one} for one in made[kind]] for kind in _RANGES if kind in made}


def _definitions(request: Mapping[str, Any], definitions: Sequence[Definition]) -> dict[str, Any]:
    members = [_definition(one) for one in definitions]
    return (
        {"TrainingJobDefinitions": members}
        if "TrainingJobDefinitions" in request
        else {"TrainingJobDefinition": members[0]}
    )


def _definition(definition: Definition) -> dict[str, Any]:
    """A definition with what the service adds: as to the request of a training job, and for the objective."""
    described = fill_in({TRAINING.name: "", **definition.member})
    added = described["AlgorithmSpecification"].keys() - definition.member["AlgorithmSpecification"].keys()
    algorithm = {name: value for name, value in definition.algorithm.items() if name not in added}
    left_out = {TRAINING.name, "ProfilingStatus", "AlgorithmSpecification"}
    member = {name: value for name, value in described.items() if name not in left_out}
    if "ResourceConfig" not in member:  # SageMaker's SDK 2, which sends the other one, reads this one
        member["ResourceConfig"] = machines(definition.member)
    if "HyperParameterRanges" in member:
        member["HyperParameterRanges"] = _ranges(member["HyperParameterRanges"])
    return {**member, "AlgorithmSpecification": algorithm, "StaticHyperParameters": definition.constants}


def _job_counters(facts: Sequence[Facts]) -> dict[str, int]:
    counts = Counter(_counter(one) for one in facts)
    names = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
    return {name: counts[name] for name in names}


def _counter(facts: Facts) -> str:
    status: str = facts["status"]
    if status == "Failed":
        return "RetryableError" if facts.get("reason", "").startswith(_INTERNAL) else "NonRetryableError"
    return "InProgress" if status == "Stopping" else status


def _objective_counters(facts: Sequence[Facts]) -> dict[str, int]:
    counts = Counter(objective_status(one) for one in facts)
    return {name: counts[name] for name in ("Succeeded", "Pending", "Failed")}


def _overall_best(
    job: JobFolder, request: Mapping[str, Any], winner: Trial | None, definitions: Sequence[Definition], region: str
) -> dict[str, Any]:
    """The best of this job's trials and its parents', where these count alike."""
    if request.get("WarmStartConfig", {}).get("WarmStartType") != "IdenticalDataAndAlgorithm":
        return {}
    parents: Sequence[ParentTrial] = read_plan(job).parents
    candidates = [
        (Trial(number=number, name=one.name, definition=0, values=one.tuned, facts=one.facts), one.tuning_job)
        for number, one in enumerate(parents, 1)
    ]
    if winner is not None:
        candidates.append((Trial(**{**_members(winner), "number": len(candidates) + 1}), job.name))
    overall = best_trial([one for one, _ in candidates], definitions)
    if overall is None or overall.facts is None:
        return {}
    of_job = next(name for one, name in candidates if one is overall)
    members = summary(overall, overall.facts, definitions[overall.definition], region)
    return {"OverallBestTrainingJob": {**members, "TuningJobName": of_job}}


def _members(trial: Trial) -> dict[str, Any]:
    return {name: getattr(trial, name) for name in ("number", "name", "definition", "values", "facts")}


def _details(entries: list[Entry], definitions: Sequence[Definition]) -> dict[str, Any]:
    without_gain = trials_without_gain(ends_in_order(entries), definitions[0].goal)
    details: dict[str, Any] = {"NumberOfTrainingJobsObjectiveNotImproving": without_gain}
    converged = next((entry["converged"] for entry in entries if "converged" in entry), None)
    return details | ({"ConvergenceDetectedTime": as_time(converged)} if converged else {})
