"""How tuning jobs choose values and come to their ends; behind one door, for the doors are the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.counts import examples
from tests.local import searches
from tests.local.conftest import Engine, processes_only
from tests.local.searches import objective

pytestmark = [pytest.mark.parametrize("engine", ["direct"], indirect=True), processes_only]
COUNTING = 'i=0; while [ $i -lt {epochs} ]; do i=$((i+1)); echo "loss=$SM_HP_LR"; sleep 0.3; done'


def test_a_stop_ends_the_trials_first(engine: Engine) -> None:
    name = searches.start(engine, 'echo "loss=1"; exec sleep 60', trials=5)
    _until_two_print(engine, name)
    engine.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    stopping = searches.describe(engine, name)
    assert stopping["HyperParameterTuningJobStatus"] in {"Stopping", "Stopped"}
    described = searches.end(engine, name)
    assert described["HyperParameterTuningJobStatus"] == "Stopped"
    assert described["TrainingJobStatusCounters"]["Stopped"] == 2
    assert {one["TrainingJobStatus"] for one in searches.trials(engine, name)} == {"Stopped"}
    with pytest.raises(ClientError) as caught:
        engine.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_grid_has_each_combination_once(engine: Engine) -> None:
    ranges = [{"Name": "a", "Values": ["1", '"x y"']}, {"Name": "b", "Values": ["p", "q"]}]
    config = {"Strategy": "Grid", "ParameterRanges": {"CategoricalParameterRanges": ranges}}
    searches.run(engine, 'echo "loss=1"', config=config, trials=None, parallel=3)
    tried = [tuple(one["TunedHyperParameters"].values()) for one in searches.trials(engine, "search")]
    assert sorted(tried) == sorted([("1", "p"), ("1", "q"), ('"x y"', "p"), ('"x y"', "q")])


def test_bayesian_search_learns_after_ten_trials(engine: Engine) -> None:
    described = searches.run(engine, config={"Strategy": "Bayesian"}, trials=11, parallel=3)
    assert described["HyperParameterTuningJobStatus"] == "Completed", described
    values = [objective(one) or 9.0 for one in searches.trials(engine, "search")]
    assert len(values) == 11
    assert values[10] < sorted(values[:10])[4]


def test_hyperband_stops_the_weak_and_lets_none_go_on_beyond_its_most(engine: Engine) -> None:
    config = {
        "Strategy": "Hyperband",
        "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}},
    }
    described = searches.run(engine, COUNTING.format(epochs=20), config=config, trials=5, parallel=3)
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["TrainingJobStatusCounters"]["Stopped"] == 5  # 20 epochs are more than any may have
    summaries = searches.trials(engine, "search")
    assert {one["ObjectiveStatus"] for one in summaries} == {"Succeeded"}
    epochs = [
        sum("loss=" in line for lines in engine.printed(one["TrainingJobName"]).values() for line in lines)
        for one in summaries
    ]
    assert max(epochs) < 12  # at the third its end is asked for
    assert min(epochs) >= 1


@pytest.mark.long
def test_trials_that_are_worse_than_the_median_are_stopped(engine: Engine) -> None:
    script = 'if [ "$SM_HP_LR" = 9 ]; then echo loss=9; exec sleep 60; fi; echo "loss=$SM_HP_LR"'
    ranges = {"IntegerParameterRanges": [{"Name": "lr", "MinValue": "1", "MaxValue": "9"}]}
    config = {"ParameterRanges": ranges, "TrainingJobEarlyStoppingType": "Auto", "RandomSeed": 4}
    searches.run(engine, script, config=config, trials=9, parallel=2)
    ends = {objective(one): one["TrainingJobStatus"] for one in searches.trials(engine, "search")}
    assert ends.pop(9.0) == "Stopped"
    assert {*ends.values()} == {"Completed"}


def test_five_failures_without_a_success_end_it(engine: Engine) -> None:
    described = searches.run(engine, "exit 1", trials=20, parallel=2)
    assert described["HyperParameterTuningJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("No training job succeeded after 5 attempts. ")
    assert 5 <= described["TrainingJobStatusCounters"]["NonRetryableError"] <= 6
    assert "BestTrainingJob" not in described
    assert {one["ObjectiveStatus"] for one in searches.trials(engine, "search")} == {"Failed"}


@pytest.mark.long
def test_trials_that_print_no_objective_end_it(engine: Engine) -> None:
    described = searches.run(engine, "echo nothing", trials=20, parallel=2)
    assert described["HyperParameterTuningJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("No objective metrics found after running")
    assert described["TrainingJobStatusCounters"]["Completed"] < 8


def test_a_failing_trial_is_one_of_many(engine: Engine) -> None:
    script = 'case "$SM_HP_LR" in 1) exit 3;; esac; echo "loss=$SM_HP_LR"'
    ranges = {"IntegerParameterRanges": [{"Name": "lr", "MinValue": "1", "MaxValue": "3"}]}
    described = searches.run(engine, script, config={"ParameterRanges": ranges})
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 1}
    by_value = searches.trials(engine, "search", SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert [objective(one) for one in by_value] == [3.0, 2.0]
    failed = searches.trials(engine, "search", StatusEquals="Failed")
    assert [one["FailureReason"].endswith("exit code: 1") for one in failed] == [True]


def test_a_target_that_is_reached_stops_the_others(engine: Engine) -> None:
    script = 'if [ "$SM_HP_LR" = 1 ]; then echo loss=1; else echo loss=7; exec sleep 60; fi'
    ranges = {"IntegerParameterRanges": [{"Name": "lr", "MinValue": "1", "MaxValue": "2"}]}
    criteria = {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 1.5}}
    described = searches.run(engine, script, config={"ParameterRanges": ranges, **criteria}, trials=2)
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["TrainingJobStatusCounters"]["Stopped"] == 1
    assert objective(described["BestTrainingJob"]) == 1.0


@pytest.mark.long
def test_no_gain_for_long_ends_it(engine: Engine) -> None:
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    config = {"TuningJobCompletionCriteria": criteria}
    described = searches.run(engine, 'echo "loss=1"', config=config, trials=50, parallel=1)
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["TrainingJobStatusCounters"]["Completed"] == 4
    assert described["TuningJobCompletionDetails"] == {"NumberOfTrainingJobsObjectiveNotImproving": 3}


def test_several_definitions_take_turns_and_have_one_best(engine: Engine) -> None:
    described = searches.run(engine, trials=4, **searches.several(engine, score=1, points=2))
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert [one["DefinitionName"] for one in described["TrainingJobDefinitions"]] == ["by-score", "by-points"]
    summaries = searches.trials(engine, "search")
    assert [one["TrainingJobDefinitionName"] for one in summaries] == ["by-score", "by-points"] * 2
    assert described["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"] == {
        "Type": "Maximize",
        "MetricName": "points",
        "Value": 2.0,
    }


def test_a_warm_start_knows_its_parents(engine: Engine) -> None:
    ranges = {"IntegerParameterRanges": [{"Name": "lr", "MinValue": "1", "MaxValue": "4"}]}
    searches.run(engine, name="parent", config={"ParameterRanges": ranges, "RandomSeed": 1}, trials=2)
    tried = {one["TunedHyperParameters"]["lr"] for one in searches.trials(engine, "parent")}

    def warm(kind: str) -> dict[str, Any]:
        parents = [{"HyperParameterTuningJobName": "parent"}]
        return {"WarmStartConfig": {"ParentHyperParameterTuningJobs": parents, "WarmStartType": kind}}

    config = {"ParameterRanges": ranges, "RandomSeed": 1}
    identical = searches.run(engine, name="same", config=config, trials=2, **warm("IdenticalDataAndAlgorithm"))
    others = {one["TunedHyperParameters"]["lr"] for one in searches.trials(engine, "same")}
    assert others == {"1", "2", "3", "4"} - tried
    overall = identical["OverallBestTrainingJob"]
    assert overall["TunedHyperParameters"] == {"lr": "1"}
    assert overall["TuningJobName"] == ("parent" if "1" in tried else "same")

    transfer = searches.run(engine, name="other", config=config, trials=2, **warm("TransferLearning"))
    assert "OverallBestTrainingJob" not in transfer
    assert {one["TunedHyperParameters"]["lr"] for one in searches.trials(engine, "other")} == tried


def test_parents_must_be_alike_and_have_ended(engine: Engine) -> None:
    searches.start(engine, "exec sleep 60", name="parent", trials=1)
    warm = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "parent"}],
        "WarmStartType": "TransferLearning",
    }

    def refusal(**changes: Any) -> str:
        with pytest.raises(ClientError) as caught:
            searches.start(engine, name="child", **changes)
        return str(caught.value.response["Error"]["Message"])

    assert refusal(WarmStartConfig=warm) == "The parent tuning job parent has not ended."
    engine.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="parent")
    searches.end(engine, "parent")
    assert "the number of static and searched" in refusal(WarmStartConfig=warm, definition={"static": {"more": "1"}})
    assert "the objective metric" in refusal(WarmStartConfig=warm, goal="Maximize")
    warm["ParentHyperParameterTuningJobs"] = [{"HyperParameterTuningJobName": "nobody"}]
    assert "can't find a tuning job called nobody" in refusal(WarmStartConfig=warm)


def test_killed_again_and_again_it_comes_to_the_same_end(engine: Engine) -> None:
    """No trial runs twice, none is lost, and the values are those of an undisturbed search."""
    searches.run(engine, name="whole", trials=6)
    expected = [one["TunedHyperParameters"] for one in searches.trials(engine, "whole")]
    for turn in range(examples(1, 30)):
        chance = random.Random(turn)
        name = searches.start(engine, name=f"killed-{turn}", trials=6)
        for _ in range(3):
            time.sleep(chance.uniform(0.0, 0.5))
            _kill(engine, name)
            searches.describe(engine, name)  # whoever looks gives it another process
        described = searches.end(engine, name)
        assert described["HyperParameterTuningJobStatus"] == "Completed", described
        summaries = searches.trials(engine, name)
        assert [one["TunedHyperParameters"] for one in summaries] == expected
        assert {one["TrainingJobStatus"] for one in summaries} == {"Completed"}
        jobs = sorted(path.name for path in engine.home.jobs.glob(f"{name}-*"))
        assert jobs == [one["TrainingJobName"] for one in summaries]


def _until_two_print(engine: Engine, name: str) -> None:
    """Wait until two trials run code, which ends sooner than what starts it."""
    searches.until(engine, name, lambda one: one["TrainingJobStatusCounters"]["InProgress"] == 2)
    for one in searches.trials(engine, name):
        engine.until_printed(one["TrainingJobName"], "loss=")


def _kill(engine: Engine, name: str) -> None:
    """Kill a tuning job's process, once it is known."""
    path = engine.home.jobs / name / "supervisor.pid"
    until = time.monotonic() + 5
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.01)
    try:
        os.kill(int(path.read_text(encoding="ascii")), signal.SIGKILL)
    except (ProcessLookupError, ValueError):
        return


def test_a_trial_whose_own_supervisor_is_killed_is_one_that_could_be_retried(engine: Engine) -> None:
    name = searches.start(engine, 'echo "loss=$SM_HP_LR"; sleep 0.5', trials=2, parallel=1)
    searches.until(engine, name, lambda one: one["TrainingJobStatusCounters"]["InProgress"] == 1)
    first = searches.trials(engine, name)[0]["TrainingJobName"]
    engine.until_printed(first, "loss=")
    os.kill(int((engine.home.jobs / first / "supervisor.pid").read_text(encoding="ascii")), signal.SIGKILL)
    described = searches.end(engine, name)
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    counters = described["TrainingJobStatusCounters"]
    assert (counters["RetryableError"], counters["Completed"]) == (1, 1)
    assert described["ObjectiveStatusCounters"] == {"Succeeded": 1, "Pending": 0, "Failed": 1}


def test_a_supervisor_that_is_killed_while_it_waits_for_a_trial_costs_none(engine: Engine) -> None:
    name = searches.start(engine, 'echo "loss=$SM_HP_LR"; sleep 1', trials=3, parallel=1)
    searches.until(engine, name, lambda one: one["TrainingJobStatusCounters"]["InProgress"] == 1)
    first = searches.trials(engine, name)[0]["TrainingJobName"]
    engine.until_printed(first, "loss=")
    tuner, busy = ((engine.home.jobs / one / "supervisor.pid").read_text(encoding="ascii") for one in (name, first))
    found = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in found.splitlines()[1:]]
    waiting = [pid for pid, parent in rows if parent == tuner and pid != busy]
    assert waiting
    for pid in waiting:
        os.kill(int(pid), signal.SIGKILL)
    described = searches.end(engine, name)
    assert described["TrainingJobStatusCounters"]["Completed"] == 3, described


def test_a_stop_is_carried_out_although_the_process_is_killed(engine: Engine) -> None:
    name = searches.start(engine, 'echo "loss=1"; exec sleep 60', trials=5)
    _until_two_print(engine, name)
    _kill(engine, name)
    engine.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    _kill(engine, name)
    described = searches.end(engine, name)
    assert described["HyperParameterTuningJobStatus"] == "Stopped"
    assert described["TrainingJobStatusCounters"]["InProgress"] == 0
    assert {one["TrainingJobStatus"] for one in searches.trials(engine, name)} == {"Stopped"}
