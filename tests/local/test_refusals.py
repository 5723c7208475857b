"""What the service refuses, in its words, before anything is made."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.local.conftest import DOCKER, Engine, channel

boto3_only = pytest.mark.parametrize("engine", ["boto3"], indirect=True)
MACHINE = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}


def tags(count: int) -> list[dict[str, str]]:
    return [{"Key": f"k{number}", "Value": "v"} for number in range(count)]


def metrics(count: int) -> list[dict[str, str]]:
    return [{"Name": f"m{number}", "Regex": "x"} for number in range(count)]


def many(count: int) -> dict[str, str]:
    return {f"h{number}": "v" for number in range(count)}


TOO_MUCH: dict[str, dict[str, Any]] = {
    "name with _": {"name": "my_job"},
    "name with .": {"name": "my.job"},
    "name of 64": {"name": "a" * 64},
    "name that ends in -": {"name": "job-"},
    "name with an end of line": {"name": "job\n"},
    "value of 2501": {"HyperParameters": {"a": "x" * 2501}},
    "key of 257": {"HyperParameters": {"k" * 257: "x"}},
    "101 hyperparameters": {"HyperParameters": many(101)},
    "21 channels": {"channels": [channel(f"c{number}", "s3://b/code") for number in range(20)]},
    "channel named a b": {"channels": [channel("a b", "s3://b/code")]},
    "channel name of 65": {"channels": [channel("c" * 65, "s3://b/code")]},
    "channel without s3": {"channels": [channel("c", "/tmp/data")]},
    "uri of 1025": {"channels": [channel("c", f"s3://b/{'x' * 1020}")]},
    "unknown distribution": {"channels": [channel("c", "s3://b/code", source={"S3DataDistributionType": "Some"})]},
    "unknown mode": {"algorithm": {"TrainingInputMode": "Files"}},
    "51 tags": {"Tags": tags(51)},
    "tag key of 129": {"Tags": [{"Key": "k" * 129, "Value": ""}]},
    "tag value of 257": {"Tags": [{"Key": "k", "Value": "v" * 257}]},
    "tag key of aws": {"Tags": [{"Key": "aws:team", "Value": "v"}]},
    "tag key of AWS": {"Tags": [{"Key": "AWS:team", "Value": "v"}]},
    "tag key twice": {"Tags": [*tags(2), *tags(1)]},
    "tag value with *": {"Tags": [{"Key": "k", "Value": "*"}]},
    "41 metrics": {"algorithm": {"MetricDefinitions": metrics(41)}},
    "metric regex of 501": {"algorithm": {"MetricDefinitions": [{"Name": "m", "Regex": "x" * 501}]}},
    "metric regex that is none": {"algorithm": {"MetricDefinitions": [{"Name": "m", "Regex": "("}]}},
    "environment value of 513": {"Environment": {"A": "x" * 513}},
    "environment key with =": {"Environment": {"A=B": "x"}},
    "101 variables": {"Environment": many(101)},
    "entry point word of 257": {"algorithm": {"ContainerEntrypoint": ["x" * 257]}},
    "101 arguments": {"algorithm": {"ContainerArguments": ["x"] * 101}},
    "unknown machine": {"ResourceConfig": MACHINE | {"InstanceType": "ml.toaster.large"}},
    "machines without a type": {"ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 1}},
    "role that is no arn": {"RoleArn": "just-a-role-name-that-is-long"},
    "wait without spot": {"StoppingCondition": {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}},
    "wait below runtime": {
        "StoppingCondition": {"MaxRuntimeInSeconds": 2, "MaxWaitTimeInSeconds": 1},
        "EnableManagedSpotTraining": True,
    },
    "spot without a wait": {"StoppingCondition": {"MaxRuntimeInSeconds": 2}, "EnableManagedSpotTraining": True},
    "spot without limits": {"EnableManagedSpotTraining": True},
    "longer than 28 days": {"StoppingCondition": {"MaxRuntimeInSeconds": 28 * 86400 + 1}},
    "spot from a warm pool": {
        "ResourceConfig": MACHINE | {"KeepAlivePeriodInSeconds": 60},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
        "EnableManagedSpotTraining": True,
    },
    "checkpoints at a relative path": {"CheckpointConfig": {"S3Uri": "s3://b/s", "LocalPath": "state"}},
    "checkpoints above": {"CheckpointConfig": {"S3Uri": "s3://b/s", "LocalPath": "/opt/../etc"}},
    "checkpoints at no address": {"CheckpointConfig": {"S3Uri": "b/s"}},
    "output at no address": {"OutputDataConfig": {"S3OutputPath": "/tmp"}},
    "retries of 31": {"RetryStrategy": {"MaximumRetryAttempts": 31}},
}


if not DOCKER:  # a container starts its image's own program
    TOO_MUCH["no program"] = {"AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "i"}}


def answer_to(engine: Engine, changes: dict[str, Any]) -> tuple[str, str, bool]:
    """The error code and the operation of a request that is refused, and whether a job was made."""
    try:
        engine.start("true", **changes)
    except ClientError as error:
        return error.response["Error"]["Code"], error.operation_name, engine.home.jobs.exists()
    return "", "", engine.home.jobs.exists()


def test_a_request_beyond_the_limits_is_refused_and_nothing_is_made(engine: Engine) -> None:
    answers = {case: answer_to(engine, {**changes}) for case, changes in TOO_MUCH.items()}
    assert answers == dict.fromkeys(TOO_MUCH, ("ValidationException", "CreateTrainingJob", False))


JUST_ENOUGH: dict[str, dict[str, Any]] = {
    "name of 63": {"name": "a" * 63},
    "name with --": {"name": "a--b"},
    "value of 2500": {"HyperParameters": {"k" * 256: "x" * 2500}},
    "100 hyperparameters": {"HyperParameters": many(100)},
    "20 channels": {"channels": [channel(f"c.{number}-_", "s3://b/code") for number in range(19)]},
    "50 tags": {"Tags": tags(50)},
    "tag of other letters": {"Tags": [{"Key": "k é/=+-@:_.", "Value": ""}]},
    "40 metrics": {"algorithm": {"MetricDefinitions": metrics(40)}},
    "environment value of 512": {"Environment": {"A": "x" * 512}},
    "wait as long as runtime": {
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
        "EnableManagedSpotTraining": True,
    },
    "28 days": {"StoppingCondition": {"MaxRuntimeInSeconds": 28 * 86400}},
    "a warm pool": {"ResourceConfig": MACHINE | {"KeepAlivePeriodInSeconds": 60}},
    "tag keys that differ in case": {"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]},
    "our own kind of machine": {"ResourceConfig": MACHINE | {"InstanceType": "local"}},
}


@pytest.mark.parametrize("engine", ["direct"], indirect=True)
@pytest.mark.parametrize("changes", JUST_ENOUGH.values(), ids=JUST_ENOUGH)
def test_a_request_at_the_limits_runs(engine: Engine, changes: dict[str, Any]) -> None:
    assert engine.run("true", **changes)["TrainingJobStatus"] == "Completed"


def test_all_faults_of_a_request_are_named_at_once(engine: Engine) -> None:
    with pytest.raises(ClientError) as refused:
        engine.start("true", name="my_job", Environment={"A": "x" * 513})
    message = refused.value.response["Error"]["Message"]
    assert message.startswith("2 validation errors detected: ")
    assert "Value 'my_job' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular" in message
    assert "environment" in message


@pytest.mark.parametrize("keys", [["aws:x"], ["AWS:x"], ["twice", "twice"], [f"k{number}" for number in range(50)]])
def test_tags_that_a_request_cannot_have_cannot_be_added_later(engine: Engine, keys: list[str]) -> None:
    name = engine.run("true", Tags=[*tags(1), {"Key": "mine", "Value": "v"}])["TrainingJobName"]
    arn = engine.client.describe_training_job(TrainingJobName=name)["TrainingJobArn"]
    with pytest.raises(ClientError) as refused:
        engine.client.add_tags(ResourceArn=arn, Tags=[{"Key": key, "Value": "v"} for key in keys])
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert len(engine.client.list_tags(ResourceArn=arn)["Tags"]) == 2


def test_waiting_without_spot_machines_is_refused_in_the_words_of_aws(engine: Engine) -> None:
    """https://github.com/Kenza-AI/sagify/issues/111"""
    with pytest.raises(ClientError) as refused:
        engine.start("true", StoppingCondition={"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1})
    assert refused.value.response["Error"]["Message"] == (
        "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
    )


def test_a_used_name_is_in_use_and_the_text_names_the_arn(engine: Engine) -> None:
    engine.run("true", name="Taken")
    with pytest.raises(ClientError) as refused:
        engine.start("true", name="Taken")
    assert refused.value.response["Error"]["Code"] == "ResourceInUse"
    assert "(arn:aws:sagemaker:us-east-1:000000000000:training-job/taken)" in str(refused.value)


def test_a_name_that_differs_in_case_alone_is_another_jobs_or_refused(engine: Engine) -> None:
    engine.run("true", name="Job-A")
    engine.run("true", name="job-b")
    assert engine.client.describe_training_job(TrainingJobName="Job-A")["TrainingJobName"] == "Job-A"
    with pytest.raises(ClientError, match="Requested resource not found"):
        engine.client.describe_training_job(TrainingJobName="JOB-B")


@pytest.mark.parametrize("operation", ["describe_training_job", "stop_training_job", "delete_training_job"])
def test_an_unknown_job_is_a_validation_error(engine: Engine, operation: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(engine.client, operation)(TrainingJobName="nobody")
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Requested resource not found.",
    }


@pytest.mark.parametrize("name", ["../jobs/job-1", "..", ".", "a/b", ""])
def test_a_job_cannot_be_named_by_a_path(engine: Engine, name: str) -> None:
    engine.run("true")
    for operation in ("describe_training_job", "delete_training_job"):
        with pytest.raises((ClientError, ParamValidationError)):
            getattr(engine.client, operation)(TrainingJobName=name)
    assert engine.client.describe_training_job(TrainingJobName="job-1")["TrainingJobStatus"] == "Completed"


@boto3_only
def test_boto3_raises_the_services_own_exception_classes(engine: Engine) -> None:
    engine.run("true", name="taken")
    with pytest.raises(engine.client.exceptions.ResourceInUse):
        engine.start("true", name="taken")


@boto3_only
def test_boto3_checks_types_and_required_members_before_the_engine_does(engine: Engine) -> None:
    with pytest.raises(ParamValidationError, match="Missing required parameter"):
        engine.client.create_training_job(TrainingJobName="a")
    with pytest.raises(ParamValidationError, match="Invalid type"):
        engine.start("true", HyperParameters={"a": 1})


@pytest.mark.parametrize("engine", ["direct"], indirect=True)
@pytest.mark.parametrize(
    "changes",
    [
        {"HyperParameters": {"a": 1}},
        {"RoleArn": None},
        {"OutputDataConfig": {}},
        {"InputDataConfig": []},
        {"Unknown": 1},
        {"ResourceConfig": MACHINE | {"InstanceCount": "1"}},
        {"ResourceConfig": MACHINE | {"InstanceCount": 0}},
        {"EnableManagedSpotTraining": "yes"},
    ],
    ids=str,
)
def test_the_engine_alone_checks_what_boto3_would(engine: Engine, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=r"1 validation error detected|Unknown member|needs InstanceType"):
        engine.start("true", **changes)
    assert not engine.home.jobs.exists()
