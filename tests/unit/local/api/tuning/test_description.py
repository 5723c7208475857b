"""What Describe and lists answer about a tuning job, from a journal whose times are known."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.core.records import replace
from simple_sagemaker.local.api.tuning.description import tuning_summary
from simple_sagemaker.local.api.tuning.plan import ParentTrial, read_plan, write_plan
from simple_sagemaker.local.api.tuning.trials import Trial, end_entry, trial_entry
from tests.unit.local.api.tuning.machine import NAME, Machine, facts
from tests.unit.local.api.tuning.requests import MACHINE, OBJECTIVE, definition, integers, of_one, of_several
from tests.unit.local.made_jobs import keep_running, make

COUNTERS = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")


def trial(number: int, known: Mapping[str, Any] | None = None, name: str = "", index: int = 0) -> list[dict[str, Any]]:
    """The journal's entries of a trial, which has ended where its facts are known."""
    one = Trial(number=number, name=name or f"search-{number}", definition=index, values={"n": str(number)})
    return [trial_entry(one), *([] if known is None else [end_entry(one, known)])]


def described(
    machine: Machine, *entries: Mapping[str, Any], request: dict[str, Any] | None = None, began: float = 1000.0
) -> dict[str, Any]:
    """Describe a tuning job of that request with a journal of these entries; those without a time are at 1100."""
    if not (machine.home.jobs / "search").exists():
        machine.create(**(request or of_one()))
    lines = [{"at": began, "secondary": "Starting", "message": ""}, *({"at": 1100.0, **one} for one in entries)]
    machine.job().journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    answer = machine.operations.describe({NAME: "search"})
    return {name: value.timestamp() if name.endswith("Time") else value for name, value in answer.items()}


def end(status: str = "Completed", at: float = 1200.4, **more: Any) -> dict[str, Any]:
    return {"at": at, "status": status, "secondary": status, "message": "", **more}


def test_a_tuning_job_that_has_ended_has_its_times_and_its_request(machine: Machine) -> None:
    request = of_one(definition(StaticHyperParameters={"s": "1"}))
    answer = described(machine, end(), {"at": 1300.0, "note": "later"}, request={**request, "Tags": []})
    assert answer[NAME] == "search"
    assert answer["HyperParameterTuningJobArn"].endswith(":hyper-parameter-tuning-job/search")
    assert answer["HyperParameterTuningJobStatus"] == "Completed"
    times = {name: value for name, value in answer.items() if name.endswith("Time")}
    assert times == {"CreationTime": 1000.0, "LastModifiedTime": 1200.4, "HyperParameterTuningEndTime": 1200.4}
    assert answer["ConsumedResources"] == {"RuntimeInSeconds": 200}
    assert not {"Tags", "FailureReason", "TrainingJobDefinitions", "BestTrainingJob"} & {*answer}
    assert answer["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] == "Off"
    ranges = answer["HyperParameterTuningJobConfig"]["ParameterRanges"]["IntegerParameterRanges"]
    assert ranges == [{"Name": "n", "MinValue": "1", "MaxValue": "1000", "ScalingType": "Auto"}]
    member = answer["TrainingJobDefinition"]
    assert member["StaticHyperParameters"] == {"s": "1", "_tuning_objective_metric": "loss"}
    metrics = member["AlgorithmSpecification"]["MetricDefinitions"]
    assert [one["Name"] for one in metrics] == ["loss", "ObjectiveMetric"]
    assert member["ResourceConfig"] == MACHINE
    assert not {"TrainingJobName", "ProfilingStatus"} & {*member}


def test_what_the_request_says_is_not_overwritten(machine: Machine) -> None:
    ranges = integers("n")
    ranges["IntegerParameterRanges"][0]["ScalingType"] = "Logarithmic"
    answer = described(machine, request=of_one(ParameterRanges=ranges, TrainingJobEarlyStoppingType="Auto"))
    config = answer["HyperParameterTuningJobConfig"]
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    assert config["ParameterRanges"]["IntegerParameterRanges"][0]["ScalingType"] == "Logarithmic"


def test_a_hint_is_described_with_the_range_that_is_searched(machine: Machine) -> None:
    hint = {"Name": "n", "ValueHint": "6"}
    answer = described(machine, request=of_one(ParameterRanges={"AutoParameters": [hint]}))
    assert answer["HyperParameterTuningJobConfig"]["ParameterRanges"] == {
        "AutoParameters": [hint],
        "IntegerParameterRanges": [{"Name": "n", "MinValue": "0", "MaxValue": "60", "ScalingType": "Auto"}],
    }


def test_several_definitions_are_described_with_ranges_of_their_own_and_machines_of_either_member(
    machine: Machine,
) -> None:
    tuned = {"ResourceConfig": None, "HyperParameterTuningResourceConfig": {"InstanceConfigs": [MACHINE]}}
    members = described(machine, request=of_several({}, tuned))["TrainingJobDefinitions"]
    assert [one["DefinitionName"] for one in members] == ["d0", "d1"]
    assert [one["ResourceConfig"] for one in members] == [MACHINE, MACHINE]
    assert members[1]["HyperParameterTuningResourceConfig"] == {"InstanceConfigs": [MACHINE]}
    assert members[0]["HyperParameterRanges"]["IntegerParameterRanges"][0]["ScalingType"] == "Auto"


def test_one_that_runs_counts_its_seconds_until_now_and_was_changed_by_its_last_trial(machine: Machine) -> None:
    began = time.time() - 50.0
    answer = described(machine, *trial(1, facts(created=1150.0)), began=began)
    assert 50 <= answer["ConsumedResources"]["RuntimeInSeconds"] < 110
    assert answer["LastModifiedTime"] == 1150.0
    assert "HyperParameterTuningEndTime" not in answer
    assert described(machine, *trial(1, facts(created=1050.0)))["LastModifiedTime"] == 1100.0
    ahead = described(machine, began=time.time() + 1000.0)  # the clock was set back
    assert ahead["ConsumedResources"]["RuntimeInSeconds"] == 0


def test_a_status_is_that_of_its_end_or_of_a_request_to_stop(machine: Machine) -> None:
    assert described(machine)["HyperParameterTuningJobStatus"] == "InProgress"
    machine.job().stop_mark.touch()
    assert described(machine)["HyperParameterTuningJobStatus"] == "Stopping"
    assert described(machine, end("Stopped"))["HyperParameterTuningJobStatus"] == "Stopped"


def test_a_reason_is_cut_at_the_length_that_the_service_has(machine: Machine) -> None:
    assert described(machine, end("Failed", reason="x" * 1025))["FailureReason"] == "x" * 1024
    assert "FailureReason" not in described(machine, end("Failed", reason=""))


def test_trials_are_counted_by_how_they_ended_and_by_their_objectives(machine: Machine) -> None:
    answer = described(
        machine,
        *trial(1, facts("Completed", 1.0)),
        *trial(2, facts("Completed", None)),
        *trial(3, facts("Failed", None) | {"reason": "InternalServerError: x"}),
        *trial(4, facts("Failed", None) | {"reason": "AlgorithmError: InternalServerError"}),
        *trial(5, facts("Failed", None)),
        *trial(6, facts("Stopped", 0.0)),
        *trial(7, facts("Stopping", None)),
        *trial(8, facts("InProgress", None)),
        *trial(9),  # of which there is no job yet
    )
    assert answer["TrainingJobStatusCounters"] == dict(zip(COUNTERS, (2, 2, 1, 2, 1), strict=True))
    assert answer["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 2, "Failed": 4}


def test_a_trial_whose_job_runs_is_described_from_its_folder(machine: Machine) -> None:
    machine.create()
    running = make(machine.home, "search-1", status="InProgress")
    keep_running(running)
    failed = make(machine.home, "search-2", status="InProgress")
    failed.append(status="Failed", secondary="Failed", message="", reason="why", metrics=[])
    answer = described(machine, *trial(1), *trial(2), *trial(3))
    counts = {name: count for name, count in answer["TrainingJobStatusCounters"].items() if count}
    assert counts == {"InProgress": 1, "NonRetryableError": 1}
    summaries = machine.operations.list_trials({NAME: "search"})["TrainingJobSummaries"]
    assert [(one["TrainingJobName"], one["ObjectiveStatus"]) for one in summaries] == [
        ("search-1", "Pending"),
        ("search-2", "Failed"),
    ]
    assert summaries[1]["FailureReason"] == "why"


def test_a_job_that_was_damaged_meanwhile_is_no_trial(machine: Machine) -> None:
    machine.create()
    (make(machine.home, "search-1").path / "request.json").write_text("[]")
    assert sum(described(machine, *trial(1), *trial(2, facts()))["TrainingJobStatusCounters"].values()) == 1


@pytest.mark.parametrize(("goal", "best"), [("Minimize", 3), ("Maximize", 1)])
def test_the_best_trial_is_the_goals(machine: Machine, goal: str, best: int) -> None:
    request = of_one(HyperParameterTuningJobObjective={**OBJECTIVE, "Type": goal})
    values = [facts(objective=3.0), facts(objective=2.0), facts(objective=1.0), facts("Failed", None)]
    entries = [entry for number, one in enumerate(values, 1) for entry in trial(number, one)]
    answer = described(machine, *entries, *trial(5), request=request)["BestTrainingJob"]
    assert (answer["TrainingJobName"], answer["TunedHyperParameters"]) == (f"search-{best}", {"n": str(best)})
    objective = answer["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective == {"MetricName": "loss", "Value": 4.0 - best}
    assert "TrainingJobDefinitionName" not in answer


def test_of_several_definitions_the_best_trial_names_its_own(machine: Machine) -> None:
    answer = described(
        machine,
        *trial(1, facts(objective=2.0)),
        *trial(2, facts(objective=1.0), index=1),
        request=of_several({}, {}),
    )["BestTrainingJob"]
    assert answer["TrainingJobDefinitionName"] == "d1"
    assert answer["FinalHyperParameterTuningJobObjectiveMetric"] == {
        "Type": "Minimize",
        "MetricName": "loss",
        "Value": 1.0,
    }


def with_parents(machine: Machine, kind: str, **objectives: float) -> None:
    """Make the tuning job one that has parents, each with a trial of that objective."""
    machine.create("parent")
    machine.end("parent")
    warm = {"WarmStartType": kind, "ParentHyperParameterTuningJobs": [{NAME: "parent"}]}
    machine.create(**of_one(), WarmStartConfig=warm)
    parents = [
        ParentTrial(
            tuning_job=name, name=f"{name}-1", values={"n": "7"}, tuned={"n": "7"}, facts=facts(objective=value)
        )
        for name, value in objectives.items()
    ]
    made = read_plan(machine.job())
    (machine.job().path / "plan.json").unlink()
    write_plan(machine.job().path, replace(made, parents=parents))


@pytest.mark.parametrize(
    ("own", "overall"),
    [(0.5, ("search-1", "search")), (1.5, ("b-1", "b")), (None, ("b-1", "b"))],
)
def test_with_identical_data_the_best_of_parents_counts_too(
    machine: Machine, own: float | None, overall: tuple[str, str]
) -> None:
    with_parents(machine, "IdenticalDataAndAlgorithm", a=2.0, b=1.0)
    answer = described(machine, *trial(1, facts(objective=own)))
    best = answer["OverallBestTrainingJob"]
    assert (best["TrainingJobName"], best["TuningJobName"]) == overall
    assert ("BestTrainingJob" in answer) == (own is not None)


def test_with_other_data_and_without_parents_no_trial_is_the_best_of_all(machine: Machine) -> None:
    with_parents(machine, "TransferLearning", a=0.1)
    assert "OverallBestTrainingJob" not in described(machine, *trial(1, facts()))


def test_completion_is_told_where_there_are_criteria(machine: Machine) -> None:
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 9}}
    entries = [entry for number in range(1, 4) for entry in trial(number, facts(objective=1.0))]
    request = of_one(TuningJobCompletionCriteria=criteria)
    answer = described(machine, *entries, request=request)["TuningJobCompletionDetails"]
    assert answer == {"NumberOfTrainingJobsObjectiveNotImproving": 2}
    converged = described(machine, *entries, {"decided": {}, "converged": 1150.0})["TuningJobCompletionDetails"]
    assert converged["ConvergenceDetectedTime"].timestamp() == 1150.0


def test_without_criteria_no_completion_is_told(machine: Machine) -> None:
    assert "TuningJobCompletionDetails" not in described(machine, *trial(1, facts()))


def test_a_list_shows_what_the_service_shows(machine: Machine) -> None:
    described(machine, end("Stopped"))
    shown = tuning_summary(machine.operations.describe({NAME: "search"}))
    assert {*shown} == {
        NAME,
        "HyperParameterTuningJobArn",
        "HyperParameterTuningJobStatus",
        "HyperParameterTuningEndTime",
        "CreationTime",
        "LastModifiedTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
        "Strategy",
        "ResourceLimits",
    }
    assert shown["Strategy"] == "Random"
    assert shown["ResourceLimits"] == {"MaxParallelTrainingJobs": 1, "MaxNumberOfTrainingJobs": 2}
