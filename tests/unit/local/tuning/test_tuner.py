"""A tuning job's process, step by step, with training jobs that begin and end as each test says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.api.tuning.trials import Trial, end_entry, trial_entry
from simple_sagemaker.local.job.folder import delete_job
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.local.supervisor.spawn import SupervisorGone
from simple_sagemaker.local.tuning import tuner as tuner_module
from simple_sagemaker.local.tuning.ending import Ending
from simple_sagemaker.local.tuning.tuner import _note_process
from tests.unit.local.api.tuning.requests import definition, of_one, of_several, words
from tests.unit.local.tuning.search import Search


@pytest.fixture
def search(tmp_path: Path) -> Iterator[Search]:
    search = Search(Home(tmp_path))
    yield search
    for descriptor in search.starter.locks.values():
        os.close(descriptor)


def parallel(count: int, trials: int = 10, **config: Any) -> dict[str, Any]:
    return of_one(limits={"MaxParallelTrainingJobs": count, "MaxNumberOfTrainingJobs": trials}, **config)


def test_as_many_trials_run_as_may_and_the_next_begins_when_one_ends(search: Search) -> None:
    search.make(parallel(2, trials=3))
    assert search.step() is None
    assert search.begun == [1, 2]
    assert search.starter.prepared == ["plain"]  # for the third
    search.step()
    assert search.begun == [1, 2]
    search.end(2, loss=0.5)
    assert search.step() is None
    assert search.begun == [1, 2, 3]
    assert len(search.starter.prepared) == 2  # there is no fourth
    search.end(1)
    search.end(3)
    assert search.step() == Ending(status="Completed")
    assert search.entries("ended") == [2, 1, 3]
    assert [one["objective"] for one in search.entries("facts")] == [0.5, None, None]


def test_a_trial_is_noted_before_its_job_begins_with_the_values_that_this_gets(search: Search) -> None:
    search.make({**parallel(1), "Tags": [{"Key": "k", "Value": "v"}]}, region="eu-west-1")
    search.step()
    job = search.trial(1)
    (noted,) = search.entries("trial")
    assert (noted["name"], noted["number"], noted["definition"]) == (job.name, 1, 0)
    request = job.request()
    assert request["HyperParameters"] == {**noted["values"], "_tuning_objective_metric": "loss"}
    assert request["Tags"] == [{"Key": "k", "Value": "v"}]
    assert job.settings()["home"] == str(search.home.root)
    arn = "arn:aws:sagemaker:eu-west-1:000000000000:hyper-parameter-tuning-job/search"
    assert job.updates() == {"TuningJobArn": arn}


def test_each_definition_runs_in_its_own_way(search: Search) -> None:
    request = of_several({}, {"RoleArn": "other"})
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = 2
    search.make(request)
    search.step()
    assert [isolation for _, isolation in search.starter.began] == ["plain", "plain1"]
    assert search.trial(2).request()["RoleArn"] == "other"


def test_few_processes_start_at_a_time(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuner_module, "_MOST_STARTING", 2)
    search.make(parallel(5, trials=5))
    search.step()
    assert search.begun == [1, 2]
    assert search.starter.prepared == []
    search.trial(1).append(secondary="Downloading", message="")
    search.step()
    assert search.begun == [1, 2]
    search.trial(1).append(secondary="Training", message="")
    search.step()
    assert search.begun == [1, 2, 3]


def test_a_supervisor_that_was_killed_while_it_waited_is_replaced_once(search: Search) -> None:
    search.make(parallel(1))
    search.starter.gone = 1
    search.step()
    assert search.begun == [1]
    search.end(1)
    search.starter.gone = 2
    with pytest.raises(SupervisorGone):
        search.step()


def test_a_stop_stops_what_runs_and_begins_nothing(search: Search) -> None:
    search.make(parallel(2))
    search.step()
    search.end(1)
    search.job.stop_mark.touch()
    assert search.step() is None
    assert search.stopped == [2]
    search.end(2, "Stopped")
    assert search.step() == Ending(status="Stopped", stops=True)
    assert search.begun == [1, 2]


def test_a_tuning_job_whose_folder_was_removed_stops_its_trials(search: Search) -> None:
    search.make(parallel(1))
    search.step()
    search.job.journal.unlink()
    with pytest.raises(SystemExit):
        search.step()
    assert search.stopped == [1]


def test_a_criterion_that_was_met_stays_met_for_the_next_process_too(search: Search) -> None:
    search.make(parallel(2, TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 0.5}))
    search.step()
    search.end(1, loss=0.5)
    assert search.step() is None
    met = Ending(status="Completed", stops=True)
    assert search.entries("decided") == [{"status": "Completed", "reason": None, "stops": True, "converged": False}]
    assert search.entries("converged") == []
    assert search.stopped == [2]
    search.step()
    assert len(search.entries("decided")) == 1
    search.end(2, "Stopped")
    search.begin()
    search.tuner._resume()
    search.tuner._ended.clear()  # what was printed last decides nothing
    assert search.step() == met
    assert search.begun == [1, 2]


def test_when_it_converged_is_noted(search: Search) -> None:
    criteria = {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}
    search.make(parallel(1, trials=30, TuningJobCompletionCriteria=criteria))
    for number in range(1, 22):
        search.step()
        search.end(number, loss=1.0)
    before = time.time()
    assert search.step() == Ending(status="Completed", stops=True, converged=True)
    (at,) = search.entries("converged")
    assert before <= at <= time.time()


def test_its_time_goes_as_fast_as_the_clock_of_its_jobs(search: Search) -> None:
    request = parallel(1)
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = 120
    job = search.make(request, clock_speed=10)
    began = job.entries()[0]["at"]
    search.tuner._began = time.time() - 11.0
    assert search.step() is None
    assert search.stopped == []
    search.tuner._began = time.time() - 12.1
    search.step()
    assert search.stopped == [1]
    assert began > 0


@pytest.mark.parametrize(("second", "stopped"), [(3.0, []), (3.1, [6])])
def test_the_median_rule_judges_what_was_printed_since(search: Search, second: float, stopped: list[int]) -> None:
    search.make(parallel(6, trials=6, TrainingJobEarlyStoppingType="Auto"))
    while len(search.begun) < 6:  # few start at a time
        search.step()
        for number in search.begun:
            if len(search.trial(number).entries()) == 1:
                search.say(number, float(number))
    search.step()
    for number in range(1, 6):
        search.say(number, float(number))
        search.end(number, loss=float(number))
    search.step()
    assert search.stopped == []  # the first value of the sixth was judged before the others had ended
    search.say(6, second)
    search.step()
    assert search.stopped == stopped


def test_a_trial_whose_job_was_deleted_was_stopped(search: Search) -> None:
    search.make(parallel(1))
    search.step()
    search.end(1)
    name = search.trial(1).name
    os.close(search.starter.locks.pop(name))
    delete_job(search.trial(1))
    search.step()
    (known,) = search.entries("facts")
    assert (known["status"], known["objective"]) == ("Stopped", None)


def test_the_next_process_follows_what_runs_and_creates_what_is_not_there(search: Search) -> None:
    search.make(parallel(3, trials=4))
    search.step()
    search.say(1, 5.0)
    search.end(2, loss=2.0)
    search.step()
    third = search.trial(3)
    os.close(search.starter.locks.pop(third.name))
    third.append(status="Stopped", secondary="Stopped", message="")
    delete_job(third)
    search.begin()
    search.tuner._resume()
    assert [name for name, _ in search.starter.began].count(third.name) == 2  # it was noted, and is created again
    assert sorted(search.tuner._running) == [1, 3, 4]
    assert search.tuner._ended == [2.0]
    assert search.step() is None
    assert search.tuner._emitted[1] == [5.0]


def test_the_next_process_knows_what_ended_trials_printed(search: Search) -> None:
    search.make(parallel(1, trials=1))
    search.step()
    search.say(1, 3.0, 4.0)
    search.end(1, loss=4.0)
    assert search.step() == Ending(status="Completed")
    search.begin()
    search.tuner._resume()
    assert search.tuner._emitted == {1: [3.0, 4.0]}
    assert search.tuner._running == {}
    assert search.step() == Ending(status="Completed")


def test_its_end_is_written_and_the_supervisor_that_waits_dismissed(search: Search) -> None:
    search.make(parallel(1, trials=1, ParameterRanges=words(n="a")))
    search.step()
    search.end(1, "Failed")
    search.tuner.run()
    final = search.job.entries()[-1]
    assert {name: final[name] for name in ("status", "secondary", "message")} == {
        "status": "Failed",
        "secondary": "Failed",
        "message": "Hyperparameter tuning job failed",
    }
    assert final["reason"].startswith("All training jobs failed.")
    assert search.starter.dismissed == 1


@pytest.mark.parametrize(("stops", "word"), [(True, "stopped"), (False, "completed")])
def test_the_last_message_says_how_it_ended(search: Search, stops: bool, word: str) -> None:
    search.make(parallel(1, trials=1))
    search.step()
    search.end(1, loss=1.0)
    if stops:
        search.job.stop_mark.touch()
    search.tuner.run()
    final = search.job.entries()[-1]
    assert (final["message"], final["status"]) == (f"Hyperparameter tuning job {word}", word.capitalize())
    assert final["reason"] is None


def test_the_sixth_process_in_a_row_that_did_nothing_gives_up(search: Search) -> None:
    job = search.make(of_one(definition()))
    for _ in range(5):
        _note_process(job)
    assert search.entries("process") == [os.getpid()] * 5
    with pytest.raises(RuntimeError, match="5 processes of it ended before they did anything"):
        _note_process(job)
    trial = Trial(number=1, name="search-1", definition=0, values={})
    job.append(**trial_entry(trial))
    job.append(**end_entry(trial, {"status": "Stopped", "objective": None, "created": 1.0}))
    for _ in range(5):
        _note_process(job)
