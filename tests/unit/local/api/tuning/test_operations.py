"""The operations on tuning jobs, with training jobs that nobody ran: answers, orders, pages, and refusals."""

from __future__ import annotations

import sys
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.api.tuning.plan import read_plan
from simple_sagemaker.local.job.folder import find_job
from simple_sagemaker.local.job.kinds import TUNING
from tests.unit.local.api.tuning.machine import NAME, Machine, error_of, facts, refusal
from tests.unit.local.api.tuning.requests import ROLE, definition, of_one, of_several
from tests.unit.local.made_jobs import make

ARN = "arn:aws:sagemaker:us-east-1:000000000000:"


def test_a_tuning_job_is_made_with_its_plan_and_started(machine: Machine) -> None:
    member = definition(Environment={"R": "eu-west-1"})
    answer = machine.create("Search", **of_one(member, RandomSeed=0))
    assert answer == {"HyperParameterTuningJobArn": TUNING.arn("search", "eu-west-1")}
    assert machine.starter.began == [("Search", "plain")]
    job = machine.job("Search")
    assert job.request()["TrainingJobDefinition"] == member
    assert job.settings()["home"] == str(machine.home.root)
    plan = read_plan(job)
    assert plan.seed == 0
    assert [(one.region, one.isolation, one.python) for one in plan.settings] == [
        ("eu-west-1", "plain", sys.executable)
    ]
    assert plan.parents == []


def test_without_a_seed_two_tuning_jobs_have_different_ones(machine: Machine) -> None:
    machine.create("a")
    machine.create("b")
    assert read_plan(machine.job("a")).seed != read_plan(machine.job("b")).seed


def test_definitions_can_run_in_different_ways(machine: Machine) -> None:
    machine.create(**of_several({"Environment": {"R": "eu-west-1"}}, {"Environment": {"R": "eu-west-2"}}))
    assert [one.region for one in read_plan(machine.job()).settings] == ["eu-west-1", "eu-west-2"]


def test_the_first_training_job_is_checked_like_any_other(machine: Machine) -> None:
    def channel(uri: str) -> dict[str, Any]:
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
        return definition(InputDataConfig=[{"ChannelName": "c", "DataSource": source}])

    code, message = refusal(machine, **of_one(channel("s3://b/none")))
    assert code == "ValidationException"
    assert message.startswith('No S3 objects found under S3 URL "s3://b/none"')
    (request, settings) = machine.asked[-1]
    assert (request["TrainingJobName"], settings) == ("search-001-00000000", machine.settings)
    assert request["HyperParameters"] == {"n": "1", "_tuning_objective_metric": "loss"}
    machine.create(**of_one(channel("s3://b/in")))


def test_a_training_job_that_the_services_model_does_not_allow_is_refused(machine: Machine) -> None:
    code, message = refusal(machine, **of_one(definition(Environment={"K": "x" * 513})))
    assert code == "ValidationException"
    assert "environment" in message


def test_every_definitions_role_must_be_usable(machine: Machine) -> None:
    other = f"{ROLE}-2"
    assert refusal(machine, **of_several({}, {"RoleArn": other})) == ("ValidationException", f"No role {other}.")
    assert machine.starter.began == []


def test_what_can_be_no_tuning_job_and_what_is_too_much_have_their_codes(machine: Machine) -> None:
    nothing = of_one(ParameterRanges=None)
    assert refusal(machine, **nothing) == ("ValidationException", "At least one hyperparameter range is needed.")
    code, message = refusal(machine, **of_one(limits={"MaxParallelTrainingJobs": 101}))
    assert code == "ResourceLimitExceeded"
    assert "is 100, with a request of 101." in message


def test_a_name_is_taken_in_any_case(machine: Machine) -> None:
    machine.create("Search")
    taken = "A hyperparameter tuning job with the name, {}, already exists. Choose a different name."
    for name in ("Search", "sEARCH"):
        assert refusal(machine, name=name) == ("ResourceInUse", taken.format(name))
    machine.create("Search2")
    assert [name for name, _ in machine.starter.began] == ["Search", "Search2"]


def test_a_process_that_cannot_be_started_is_an_error_and_nothing_stays(machine: Machine) -> None:
    machine.starter.gone = True
    assert refusal(machine) == ("SupervisorFailed", "The tuning job could not be started: it was killed")
    assert [path.name for path in machine.home.jobs.iterdir()] == [".drafts"]


def test_a_tuning_job_is_found_in_any_case_by_every_operation(machine: Machine) -> None:
    machine.create("Search")
    assert machine.operations.describe({NAME: "sEARCH"})[NAME] == "Search"
    assert machine.operations.list_trials({NAME: "SEARCH"}) == {"TrainingJobSummaries": []}


@pytest.mark.parametrize("has_folder", [True, False])
def test_of_one_that_there_is_not_each_operation_says_so(machine: Machine, has_folder: bool) -> None:
    if has_folder:
        machine.create("another")
    message = "Amazon SageMaker can't find a tuning job called search. Type another name."
    for act, operation in (
        (machine.operations.describe, "DescribeHyperParameterTuningJob"),
        (machine.operations.stop, "StopHyperParameterTuningJob"),
        (machine.operations.delete, "DeleteHyperParameterTuningJob"),
        (machine.operations.list_trials, "ListTrainingJobsForHyperParameterTuningJob"),
    ):
        assert error_of(act, {NAME: "search"}) == (operation, "ResourceNotFound", message)
        assert error_of(machine.operations.answer, operation, {NAME: "search"})[0] == operation


def test_an_operation_is_called_by_its_name(machine: Machine) -> None:
    request = {**of_one(), NAME: "search"}
    answer = machine.operations.answer
    assert [*answer("CreateHyperParameterTuningJob", request)] == ["HyperParameterTuningJobArn"]
    assert answer("DescribeHyperParameterTuningJob", {NAME: "search"})["HyperParameterTuningJobStatus"] == "InProgress"
    assert answer("ListTrainingJobsForHyperParameterTuningJob", {NAME: "search"}) == {"TrainingJobSummaries": []}
    assert answer("StopHyperParameterTuningJob", {NAME: "search"}) == {}
    machine.end(status="Stopped")
    assert answer("DeleteHyperParameterTuningJob", {NAME: "search"}) == {}
    assert find_job(machine.home.jobs, TUNING, "search") is None


def test_only_one_in_progress_can_be_stopped(machine: Machine) -> None:
    machine.create()
    machine.operations.stop({NAME: "search"})
    assert machine.job().stop_mark.exists()
    again = error_of(machine.operations.stop, {NAME: "search"})
    refused = "The request was rejected because the hyperparameter tuning job is in status "
    assert again == ("StopHyperParameterTuningJob", "ValidationException", f"{refused}Stopping.")
    machine.end()
    assert error_of(machine.operations.stop, {NAME: "search"})[2] == f"{refused}Completed."


def test_only_one_that_has_ended_can_be_deleted(machine: Machine) -> None:
    machine.create()
    assert error_of(machine.operations.delete, {NAME: "search"}) == (
        "DeleteHyperParameterTuningJob",
        "ResourceInUse",
        "The hyperparameter tuning job is in status InProgress; stop it first.",
    )
    machine.end("search", "Failed")
    machine.operations.delete({NAME: "search"})
    assert find_job(machine.home.jobs, TUNING, "search") is None


def test_one_without_a_process_gets_another_when_it_is_looked_at_until_it_has_ended(machine: Machine) -> None:
    machine.create()
    make(machine.home, "training", status="InProgress")  # which is no tuning job
    machine.operations.describe({NAME: "search"})
    machine.operations.take_over_orphans()
    assert machine.starter.began == [("search", "plain")] * 3
    machine.starter.gone = True  # the next look tries again
    assert machine.operations.describe({NAME: "search"})["HyperParameterTuningJobStatus"] == "InProgress"
    machine.starter.gone = False
    machine.end()
    machine.operations.describe({NAME: "search"})
    machine.operations.take_over_orphans()
    assert machine.starter.began == [("search", "plain")] * 3


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({}, "wxyz"),
        ({"SortOrder": "Ascending"}, "wxyz"),
        ({"SortOrder": "Descending"}, "zyxw"),
        ({"SortBy": "Name"}, "wxyz"),
        ({"SortBy": "CreationTime"}, "yxzw"),
        ({"SortBy": "CreationTime", "SortOrder": "Descending"}, "wxzy"),
        ({"SortBy": "Status"}, "wyxz"),
        ({"SortBy": "FinalObjectiveMetricValue"}, "ywz"),
        ({"SortBy": "FinalObjectiveMetricValue", "SortOrder": "Descending"}, "zwy"),
        ({"StatusEquals": "Completed"}, "wy"),
        ({"StatusEquals": "Failed"}, "x"),
        ({"StatusEquals": "InProgress"}, ""),
    ],
)
def test_trials_are_listed_by_name_unless_the_request_says_otherwise(
    machine: Machine, members: dict[str, str], names: str
) -> None:
    machine.create()
    machine.add_trials(
        facts("Stopped", 3.0, created=2.0),
        facts("Completed", 1.0, created=1.0),
        facts("Failed", None, created=2.0),
        facts("Completed", 2.0, created=3.0),
    )
    assert machine.trials(**members) == names


def test_a_page_of_trials_has_ten_of_them(machine: Machine) -> None:
    machine.create()
    machine.add_trials(*[facts()] * 11)
    first = machine.operations.list_trials({NAME: "search"})
    assert [one["TrainingJobName"][-1] for one in first["TrainingJobSummaries"]] == [*"pqrstuvwxy"]
    assert machine.trials(NextToken=first["NextToken"]) == "z"
    assert machine.trials(MaxResults=2) == "pq"
    invalid = error_of(machine.operations.list_trials, {NAME: "search", "NextToken": "x"})
    assert invalid[0] == "ListTrainingJobsForHyperParameterTuningJob"


def test_a_trial_is_summed_up_in_its_region(machine: Machine) -> None:
    machine.create(**of_one(definition(Environment={"R": "eu-west-1"})))
    machine.add_trials({**facts("Failed", None), "reason": "why", "started": 2.0, "finished": 3.0})
    (one,) = machine.operations.list_trials({NAME: "search"})["TrainingJobSummaries"]
    times = {name: one.pop(name).timestamp() for name in [*one] if name.endswith("Time")}
    assert times == {"CreationTime": 1.0, "TrainingStartTime": 2.0, "TrainingEndTime": 3.0}
    assert one == {
        "TrainingJobName": "trial-z",
        "TrainingJobArn": f"{ARN.replace('us-east-1', 'eu-west-1')}training-job/trial-z",
        "TrainingJobStatus": "Failed",
        "TunedHyperParameters": {"n": "1"},
        "ObjectiveStatus": "Failed",
        "FailureReason": "why",
    }
