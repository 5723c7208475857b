"""Finding jobs: lists, searches, tags, deleting, waiting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from botocore.serialize import create_serializer
from botocore.session import Session

from tests.local.conftest import Engine
from tests.local.scripts import WAIT

boto3_only = pytest.mark.parametrize("shelf", ["boto3"], indirect=True)
NAMES = ["train-B", "train-a", "other-1"]


@pytest.fixture(scope="module", params=["direct", "boto3", "http"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Three ended jobs, made in this order; no test here changes them."""
    made = Engine(tmp_path_factory.mktemp("shelf"), request.param)
    made.run("true", name=NAMES[0], Tags=[{"Key": "task", "Value": "t"}, {"Key": "n", "Value": "1"}])
    made.run("exit 3", name=NAMES[1], Tags=[{"Key": "task", "Value": "t"}, {"Key": "n", "Value": "2"}])
    made.run("true", name=NAMES[2], Tags=[{"Key": "task", "Value": "t2"}])
    yield made
    made.doors.close()


def listed(engine: Engine, **request: Any) -> list[str]:
    answer = engine.client.list_training_jobs(**request)
    return [summary["TrainingJobName"] for summary in answer["TrainingJobSummaries"]]


def search(engine: Engine, *filters: dict[str, Any], **expression: Any) -> list[str]:
    answer = engine.client.search(
        Resource="TrainingJob",
        SearchExpression={"Filters": [*filters], **expression} if filters else expression,
        SortBy="CreationTime",
        SortOrder="Ascending",
    )
    return [result["TrainingJob"]["TrainingJobName"] for result in answer["Results"]]


def tag(key: str, value: str, how: str = "Equals") -> dict[str, str]:
    return {"Name": f"Tags.{key}", "Operator": how, "Value": value}


def test_jobs_are_listed_oldest_first_and_sorted_as_asked(shelf: Engine) -> None:
    assert listed(shelf) == NAMES
    assert listed(shelf, SortOrder="Descending") == NAMES[::-1]
    assert listed(shelf, SortBy="Name") == sorted(NAMES)
    assert listed(shelf, SortBy="Status") == ["other-1", "train-B", "train-a"]


def sends_fractions() -> bool:
    """Whether this botocore sends a request's times with their fractions of a second."""
    operation = Session().get_service_model("sagemaker").operation_model("ListTrainingJobs")
    moment = {"CreationTimeAfter": datetime(2026, 1, 1, microsecond=500_000)}  # noqa: DTZ001 - UTC, as for boto3
    return b".5" in create_serializer("json").serialize_to_request(moment, operation)["body"]


def test_lists_can_be_narrowed_by_name_status_and_time(shelf: Engine) -> None:
    assert listed(shelf, NameContains="rain") == NAMES[:2]
    assert listed(shelf, StatusEquals="Failed") == ["train-a"]
    assert listed(shelf, StatusEquals="InProgress") == []
    assert listed(shelf, LastModifiedTimeAfter=datetime.now(timezone.utc) + timedelta(hours=1)) == []
    if shelf.client is not shelf.direct and not sends_fractions():
        pytest.skip("this boto3 sends times in whole seconds")
    created = shelf.direct.describe_training_job(TrainingJobName="train-a")["CreationTime"]
    assert listed(shelf, CreationTimeBefore=created) == ["train-B"]
    assert listed(shelf, CreationTimeAfter=created) == ["other-1"]
    assert listed(shelf, CreationTimeAfter=created.replace(tzinfo=None)) == ["other-1"]  # means UTC, as for boto3


def test_a_summary_shows_status_times_and_an_arn_in_lower_case(shelf: Engine) -> None:
    (summary,) = shelf.client.list_training_jobs(NameContains="train-B")["TrainingJobSummaries"]
    assert summary["TrainingJobName"] == "train-B"
    assert summary["TrainingJobArn"] == "arn:aws:sagemaker:us-east-1:000000000000:training-job/train-b"
    assert summary["TrainingJobStatus"] == "Completed"
    assert summary["CreationTime"] <= summary["TrainingEndTime"] <= summary["LastModifiedTime"]


def test_pages_of_a_list_lead_to_its_end(shelf: Engine) -> None:
    first = shelf.client.list_training_jobs(MaxResults=2)
    rest = shelf.client.list_training_jobs(MaxResults=2, NextToken=first["NextToken"])
    names = [summary["TrainingJobName"] for summary in first["TrainingJobSummaries"] + rest["TrainingJobSummaries"]]
    assert names == NAMES
    assert "NextToken" not in rest
    for token in ("%%%", "eA==", "bnVsbA==", "LTE="):
        with pytest.raises(ClientError, match="ValidationException"):
            shelf.client.list_training_jobs(NextToken=token)


@boto3_only
def test_boto3s_paginators_reach_the_end(shelf: Engine) -> None:
    pages = shelf.client.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 1})
    assert [summary["TrainingJobName"] for page in pages for summary in page["TrainingJobSummaries"]] == NAMES
    pages = shelf.client.get_paginator("search").paginate(Resource="TrainingJob", PaginationConfig={"PageSize": 1})
    assert len([result for page in pages for result in page["Results"]]) == 3


def test_jobs_are_found_by_tags_status_and_all_filters_together(shelf: Engine) -> None:
    assert search(shelf, tag("task", "t")) == NAMES[:2]
    assert search(shelf, tag("task", "t"), tag("n", "2")) == ["train-a"]
    assert search(shelf, tag("task", "t"), {"Name": "TrainingJobStatus", "Value": "Completed"}) == ["train-B"]
    assert search(shelf, tag("task", "t2"), tag("n", "1")) == []
    assert search(shelf, tag("task", "T")) == []
    assert search(shelf) == NAMES


def test_or_and_nested_expressions_and_every_operator(shelf: Engine) -> None:
    assert search(shelf, tag("task", "t2"), tag("n", "1"), Operator="Or") == ["train-B", "other-1"]
    assert search(shelf, Operator="Or") == NAMES  # no filter excludes none
    inner = {"Filters": [tag("n", "1"), tag("n", "2")], "Operator": "Or"}
    failed = {"Name": "TrainingJobStatus", "Operator": "Equals", "Value": "Failed"}
    assert search(shelf, failed, SubExpressions=[inner]) == ["train-a"]
    assert search(shelf, tag("n", "1", "NotEquals")) == NAMES[1:]
    assert search(shelf, {"Name": "Tags.n", "Operator": "Exists"}) == NAMES[:2]
    assert search(shelf, {"Name": "Tags.n", "Operator": "NotExists"}) == ["other-1"]
    assert search(shelf, {"Name": "TrainingJobName", "Operator": "Contains", "Value": "rain"}) == NAMES[:2]
    assert search(shelf, {"Name": "TrainingJobStatus", "Operator": "In", "Value": "Failed,Stopped"}) == ["train-a"]
    assert search(shelf, {"Name": "ResourceConfig.InstanceCount", "Operator": "LessThan", "Value": "1"}) == []
    created = shelf.direct.describe_training_job(TrainingJobName="train-a")["CreationTime"].isoformat()
    assert search(shelf, {"Name": "CreationTime", "Operator": "GreaterThan", "Value": created}) == ["other-1"]


def test_with_a_limit_the_page_is_cut_before_a_status_is_looked_for(shelf: Engine) -> None:
    """As the service documents it: a page can be empty and not be the last."""
    first = shelf.client.list_training_jobs(StatusEquals="Failed", MaxResults=1)
    assert first["TrainingJobSummaries"] == []
    second = shelf.client.list_training_jobs(StatusEquals="Failed", MaxResults=1, NextToken=first["NextToken"])
    assert [one["TrainingJobName"] for one in second["TrainingJobSummaries"]] == ["train-a"]
    third = shelf.client.list_training_jobs(StatusEquals="Failed", MaxResults=1, NextToken=second["NextToken"])
    assert third["TrainingJobSummaries"] == []
    assert "NextToken" not in third


def test_no_job_is_listed_for_a_filter_that_no_job_here_can_meet(shelf: Engine) -> None:
    for status in ("Available", "Terminated", "Reused", "InUse"):
        assert listed(shelf, WarmPoolStatusEquals=status) == []
    plan = "arn:aws:sagemaker:us-east-1:000000000000:training-plan/p"
    assert listed(shelf, TrainingPlanArnEquals=plan) == []
    found = shelf.client.search(Resource="TrainingJob", CrossAccountFilterOption="CrossAccount")
    assert found["Results"] == []
    assert len(shelf.client.search(Resource="TrainingJob", CrossAccountFilterOption="SameAccount")["Results"]) == 3


def test_a_search_by_a_property_that_jobs_do_not_have_is_an_error(shelf: Engine) -> None:
    equals = {"Operator": "Equals", "Value": "x"}
    unknown = ("NoSuch", "TrainingJobNames", "ResourceConfig.Instances", "CreationTime.Year", "Tags", "Metrics")
    for name in (*unknown[:4], "InputDataConfig.ChannelName"):
        with pytest.raises(ClientError, match="ValidationException"):
            search(shelf, {"Name": name, **equals})
        with pytest.raises(ClientError, match="ValidationException"):
            search(shelf, SubExpressions=[{"Filters": [{"Name": name, **equals}]}])
    for name in (*unknown, "ResourceConfig"):
        with pytest.raises(ClientError, match="ValidationException"):
            shelf.client.search(Resource="TrainingJob", SortBy=name if name != "Tags" else "ResourceConfig")


def test_metrics_and_hyperparameters_are_compared_as_numbers(engine: Engine) -> None:
    metrics = {"MetricDefinitions": [{"Name": "valid:acc", "Regex": "acc=(.*?);"}]}
    for name, accuracy in (("a", "0.8"), ("b", "0.95")):
        rate = {"lr": "10" if name == "a" else "9", "opt.momentum": name}
        engine.run(f"echo 'acc={accuracy};'", name=name, algorithm=metrics, HyperParameters=rate)
    above = {"Name": "Metrics.valid:acc", "Operator": "GreaterThan", "Value": "0.9"}
    assert search(engine, above) == ["b"]
    assert search(engine, {"Name": "HyperParameters.lr", "Operator": "LessThan", "Value": "9.5"}) == ["b"]
    assert search(engine, {"Name": "HyperParameters.opt.momentum", "Value": "a"}) == ["a"]
    assert search(engine, {"Name": "Metrics.none", "Operator": "Exists"}) == []
    best = engine.client.search(Resource="TrainingJob", SortBy="Metrics.valid:acc", MaxResults=1)["Results"]
    assert [one["TrainingJob"]["TrainingJobName"] for one in best] == ["b"]


def test_an_experiments_names_are_described_as_they_were_given(engine: Engine) -> None:
    config = {"ExperimentName": "e", "TrialComponentDisplayName": "t"}
    name = engine.start("true", ExperimentConfig=config)
    engine.end(name)
    assert engine.client.describe_training_job(TrainingJobName=name)["ExperimentConfig"] == config
    assert search(engine, {"Name": "ExperimentConfig.ExperimentName", "Value": "e"}) == [name]


def test_a_comparison_with_what_is_no_number_or_time_is_the_services_error(shelf: Engine) -> None:
    for name in ("ResourceConfig.InstanceCount", "CreationTime"):
        with pytest.raises(ClientError, match="ValidationException"):
            search(shelf, {"Name": name, "Operator": "LessThan", "Value": "soon"})


def test_a_search_gives_the_latest_first_in_pages_with_tags(shelf: Engine) -> None:
    page = shelf.client.search(Resource="TrainingJob", SortBy="CreationTime", MaxResults=1)
    record = page["Results"][0]["TrainingJob"]
    assert record["TrainingJobName"] == "other-1"
    assert record["Tags"] == [{"Key": "task", "Value": "t2"}]
    assert record["TrainingJobStatus"] == "Completed"
    following = shelf.client.search(
        Resource="TrainingJob", SortBy="CreationTime", MaxResults=1, NextToken=page["NextToken"]
    )
    assert following["Results"][0]["TrainingJob"]["TrainingJobName"] == "train-a"
    assert shelf.client.search(Resource="Model")["Results"] == []


def test_without_any_job_lists_and_searches_are_empty(engine: Engine) -> None:
    assert listed(engine) == search(engine) == []


def test_tags_are_added_replaced_and_taken_away_by_arn(engine: Engine) -> None:
    engine.run("true", name="Job-A", Tags=[{"Key": "a", "Value": "1"}])
    arn = engine.client.describe_training_job(TrainingJobName="Job-A")["TrainingJobArn"]
    engine.client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b c", "Value": ""}])
    assert engine.client.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "a", "Value": "2"},
        {"Key": "b c", "Value": ""},
    ]
    assert search(engine, tag("a", "2")) == ["Job-A"]
    engine.client.delete_tags(ResourceArn=arn, TagKeys=["a", "never"])
    assert engine.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b c", "Value": ""}]
    with pytest.raises(ClientError, match="ValidationException"):
        engine.client.add_tags(ResourceArn=arn, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    with pytest.raises(ClientError, match="ValidationException"):
        engine.client.list_tags(ResourceArn=arn.replace("job-a", "nobody"))


def test_a_deleted_job_is_gone_its_results_stay_and_its_name_is_free(engine: Engine) -> None:
    script = "echo x > ${SAGEMAKER_BASE_DIR:-/opt/ml}/model/m; mkdir -m 0 ${SAGEMAKER_BASE_DIR:-/opt/ml}/shut"
    engine.run(script, name="job")
    engine.client.delete_training_job(TrainingJobName="job")
    assert listed(engine) == []
    assert engine.archive("job", "model") == {"m": b"x\n"}
    with pytest.raises(ClientError, match="Requested resource not found"):
        engine.client.describe_training_job(TrainingJobName="job")
    assert engine.run("true", name="job")["TrainingJobStatus"] == "Completed"


def test_a_running_job_cannot_be_deleted(engine: Engine) -> None:
    name = engine.start(WAIT)
    with pytest.raises(ClientError) as refused:
        engine.client.delete_training_job(TrainingJobName=name)
    assert refused.value.response["Error"]["Code"] == "ResourceInUse"
    assert listed(engine, StatusEquals="InProgress") == [name]


@pytest.mark.parametrize("engine", ["boto3"], indirect=True)
def test_boto3s_waiter_ends_with_the_job_and_raises_for_a_failed_one(engine: Engine) -> None:
    waiter = engine.client.get_waiter("training_job_completed_or_stopped")
    quick = {"Delay": 0.05, "MaxAttempts": 600}
    waiter.wait(TrainingJobName=engine.start("true"), WaiterConfig=quick)
    limited = engine.start(WAIT, StoppingCondition={"MaxRuntimeInSeconds": 1})
    waiter.wait(TrainingJobName=limited, WaiterConfig=quick)
    assert engine.client.describe_training_job(TrainingJobName=limited)["TrainingJobStatus"] == "Stopped"
    with pytest.raises(WaiterError, match="terminal failure state"):
        waiter.wait(TrainingJobName=engine.start("exit 1"), WaiterConfig=quick)
    with pytest.raises(WaiterError):
        waiter.wait(TrainingJobName="nobody", WaiterConfig=quick)


def test_another_process_sees_the_same_jobs(engine: Engine, tmp_path: Path) -> None:
    import subprocess
    import sys

    engine.run("exit 3")
    code = (
        "import sys; from pathlib import Path; from simple_sagemaker.local.job.home import Home, Settings\n"
        "from simple_sagemaker.local.api.sagemaker import LocalSageMaker\n"
        "from simple_sagemaker.storage.folder_store import FolderStore\n"
        "home = Home(Path(sys.argv[1])); settings = Settings(python=sys.executable)\n"
        "seen = LocalSageMaker(home, settings=settings)\n"
        "print(seen.describe_training_job(TrainingJobName='job-1')['FailureReason'])"
    )
    other_process = subprocess.run([sys.executable, "-c", code, str(engine.home.root)], capture_output=True, check=True)
    assert other_process.stdout == b"AlgorithmError: , exit code: 3\n"
