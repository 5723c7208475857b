"""Tuning jobs as clients see them: true training jobs, counters, the best one, lists, searches and tags."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from tests.local import searches
from tests.local.conftest import Engine, processes_only

pytestmark = processes_only  # trials are script mode's, which in a container its image runs


def test_a_random_search_runs_true_training_jobs_and_finds_the_best(engine: Engine) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    described = searches.run(
        engine,
        searches.PRINTS_LR + 'echo m > "$SM_MODEL_DIR/m"',
        Tags=tags,
        definition={"CheckpointConfig": {"S3Uri": "s3://b/checkpoints/"}, "static": {"epochs": "3"}},
    )
    arn = "arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/search"
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["HyperParameterTuningJobArn"] == arn
    assert described["TrainingJobStatusCounters"] == {
        "Completed": 3,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert described["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}
    assert described["ConsumedResources"]["RuntimeInSeconds"] >= 0
    assert described["HyperParameterTuningEndTime"] == described["LastModifiedTime"]
    assert described["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"] == "loss"

    summaries = searches.trials(engine, "search")
    assert [
        bool(re.fullmatch(rf"search-00{number}-[0-9a-f]{{8}}", one["TrainingJobName"]))
        for number, one in enumerate(summaries, 1)
    ] == [True] * 3
    best = min(summaries, key=lambda one: searches.objective(one) or 9)
    assert described["BestTrainingJob"] == best
    assert best["ObjectiveStatus"] == "Succeeded"
    assert {*best["TunedHyperParameters"]} == {"lr"}

    expression = {"Filters": [{"Name": "TuningJobArn", "Operator": "Equals", "Value": arn}]}
    assert len(engine.client.search(Resource="TrainingJob", SearchExpression=expression)["Results"]) == 3
    job = engine.client.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert job["TuningJobArn"] == arn
    assert job["HyperParameters"]["_tuning_objective_metric"] == "loss"
    assert job["HyperParameters"]["epochs"] == "3"
    assert job["HyperParameters"]["lr"] == best["TunedHyperParameters"]["lr"]
    assert job["CheckpointConfig"]["S3Uri"] == f"s3://b/checkpoints/{best['TrainingJobName']}"
    assert engine.client.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == tags
    final = {one["MetricName"]: one["Value"] for one in job["FinalMetricDataList"]}
    assert final["loss"] == final["ObjectiveMetric"] == searches.objective(best)
    assert f"out/{best['TrainingJobName']}/output/model.tar.gz" in {
        one.key for one in engine.store.list(engine.bucket, "out/")
    }


def test_lists_search_tags_and_deletion_know_tuning_jobs(engine: Engine) -> None:
    for name in ("b", "a"):
        searches.run(engine, name=name, trials=1, Tags=[{"Key": "of", "Value": name}])
    listed = engine.client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
    assert [one["HyperParameterTuningJobName"] for one in listed] == ["a", "b"]
    assert listed[0]["Strategy"] == "Random"
    assert listed[0]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 1
    page = engine.client.list_hyper_parameter_tuning_jobs(MaxResults=1, SortBy="CreationTime", SortOrder="Descending")
    assert [one["HyperParameterTuningJobName"] for one in page["HyperParameterTuningJobSummaries"]] == ["a"]
    more = engine.client.list_hyper_parameter_tuning_jobs(
        MaxResults=1, SortBy="CreationTime", SortOrder="Descending", NextToken=page["NextToken"]
    )
    assert [one["HyperParameterTuningJobName"] for one in more["HyperParameterTuningJobSummaries"]] == ["b"]

    expression = {"Filters": [{"Name": "Tags.of", "Operator": "Equals", "Value": "a"}]}
    results = engine.client.search(Resource="HyperParameterTuningJob", SearchExpression=expression)["Results"]
    assert [one["HyperParameterTuningJob"]["HyperParameterTuningJobName"] for one in results] == ["a"]
    assert results[0]["HyperParameterTuningJob"]["Tags"] == [{"Key": "of", "Value": "a"}]
    arn = results[0]["HyperParameterTuningJob"]["HyperParameterTuningJobArn"]
    engine.client.add_tags(ResourceArn=arn, Tags=[{"Key": "more", "Value": "1"}])
    assert len(engine.client.list_tags(ResourceArn=arn)["Tags"]) == 2

    child = searches.trials(engine, "a")[0]["TrainingJobName"]
    engine.client.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName="a")
    assert engine.client.describe_training_job(TrainingJobName=child)["TrainingJobStatus"] == "Completed"
    with pytest.raises(ClientError) as caught:
        searches.describe(engine, "a")
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFound",
        "Message": "Amazon SageMaker can't find a tuning job called a. Type another name.",
    }
    with pytest.raises(ClientError) as caught:
        searches.start(engine, name="B")  # names are not case sensitive
    assert caught.value.response["Error"] == {
        "Code": "ResourceInUse",
        "Message": "A hyperparameter tuning job with the name, B, already exists. Choose a different name.",
    }
