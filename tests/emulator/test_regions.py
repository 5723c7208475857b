"""Several regions on one emulator: each has its own jobs, models, experiments, logs; all share buckets and roles."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.testing import emulator as emulated
from tests.emulated import Emulator, ended, request
from tests.emulator.transforms import BUCKET, ROLE, Transforms

REGIONS = ("us-east-1", "eu-west-1")
NOTHING: dict[str, Any] = {
    "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://none/in"}}},
    "TransformOutput": {"S3OutputPath": "s3://none/out"},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
}


def test_a_region_sees_its_own_jobs_alone(emulator: Emulator) -> None:
    emulator.client("s3").create_bucket(Bucket="shared")
    emulator.client("s3").put_object(Bucket="shared", Key="code/run.sh", Body=b"echo in $AWS_REGION")
    clients = {region: emulator.client("sagemaker", region_name=region) for region in REGIONS}
    for client in clients.values():
        client.create_training_job(
            **request("same", "shared", Tags=[{"Key": "where", "Value": client.meta.region_name}])
        )
    clients["eu-west-1"].create_training_job(**request("other", "shared"))
    for region, client in clients.items():
        job = ended(client, "same")
        assert job["TrainingJobStatus"] == "Completed", job
        assert job["TrainingJobArn"] == f"arn:aws:sagemaker:{region}:000000000000:training-job/same"
        assert client.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == [{"Key": "where", "Value": region}]
        assert _printed(emulator, region, "same") == [f"in {region}"]
    assert ended(clients["eu-west-1"], "other")["TrainingJobStatus"] == "Completed"
    assert _names(clients["us-east-1"].list_training_jobs()) == {"same"}
    assert _names(clients["eu-west-1"].list_training_jobs()) == {"same", "other"}
    with pytest.raises(ClientError, match="Requested resource not found"):
        clients["us-east-1"].describe_training_job(TrainingJobName="other")
    tagging = emulator.client("resourcegroupstaggingapi", region_name="eu-west-1")
    found = tagging.get_resources(TagFilters=[{"Key": "where"}])["ResourceTagMappingList"]
    assert [one["ResourceARN"] for one in found] == ["arn:aws:sagemaker:eu-west-1:000000000000:training-job/same"]


def test_a_region_has_its_own_models_and_experiments(emulator: Emulator) -> None:
    emulator.client("s3").create_bucket(Bucket=BUCKET)
    here, there = (Transforms(emulator, region) for region in REGIONS)
    there.model("alone")
    there.sagemaker.create_experiment(ExperimentName="alone")
    arn = there.sagemaker.describe_model(ModelName="alone")["ModelArn"]
    assert arn == "arn:aws:sagemaker:eu-west-1:000000000000:model/alone"
    assert here.sagemaker.list_models()["Models"] == []
    assert here.sagemaker.list_experiments()["ExperimentSummaries"] == []
    with pytest.raises(ClientError, match='Could not find model "arn:aws:sagemaker:us-east-1'):
        here.start("abroad", "s3://data/numbers/", "alone")
    there.put("numbers", {"one.csv": b"1\n"})
    job = there.run("abroad", "s3://data/numbers/", "alone")
    assert job["TransformJobStatus"] == "Completed"
    assert job["TransformJobArn"] == "arn:aws:sagemaker:eu-west-1:000000000000:transform-job/abroad"
    assert there.outputs("abroad") == {"one.csv.out": b"2.0\n"}


def test_what_is_no_region_is_refused(emulator: Emulator) -> None:
    client = emulator.client("sagemaker", region_name="nowhere")
    with pytest.raises(ClientError, match="scoped to a valid region, not 'nowhere'"):
        client.list_models()


def test_models_and_jobs_of_all_regions_outlive_the_emulator_and_a_reset_removes_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    container = {"Image": "mine", "Environment": {"SAGEMAKER_PROGRAM": "serve.py"}}
    with emulated(home=home) as aws:
        for region in REGIONS:
            client = aws.client("sagemaker", region_name=region)
            client.create_model(ModelName=f"of-{region}", ExecutionRoleArn=ROLE, PrimaryContainer=container)
        there = aws.client("sagemaker", region_name=REGIONS[-1])
        there.create_transform_job(TransformJobName="kept", ModelName=f"of-{REGIONS[-1]}", **NOTHING)
        _until_failed(there, "kept")
    with emulated(home=home) as aws:
        for region in REGIONS:
            assert _models(aws.client("sagemaker", region_name=region)) == [f"of-{region}"]
        there = aws.client("sagemaker", region_name=REGIONS[-1])
        assert "No S3 objects found" in there.describe_transform_job(TransformJobName="kept")["FailureReason"]
        aws.reset()
        assert there.list_transform_jobs()["TransformJobSummaries"] == []
        for region in REGIONS:
            assert _models(aws.client("sagemaker", region_name=region)) == []


def _until_failed(client: Any, job: str) -> None:
    until = time.monotonic() + 60
    while client.describe_transform_job(TransformJobName=job)["TransformJobStatus"] != "Failed":
        assert time.monotonic() < until
        time.sleep(0.05)


def _models(client: Any) -> list[str]:
    return [one["ModelName"] for one in client.list_models()["Models"]]


def _names(page: Mapping[str, Any]) -> set[str]:
    return {one["TrainingJobName"] for one in page["TrainingJobSummaries"]}


def _printed(emulator: Emulator, region: str, job: str) -> list[str]:
    logs = emulator.client("logs", region_name=region)
    found = logs.filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{job}/")
    return [one["message"] for one in found["events"]]
