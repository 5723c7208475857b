"""What other people's clients and scripts do, and what the services answer them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator, ended, request
from tests.emulator.raw import send, signed

Script = Callable[[str], str]


def processing_request(name: str, script: str, **changes: Any) -> dict[str, Any]:
    """A request whose one host runs a script in sh."""
    cluster = {"InstanceType": "ml.t3.medium", "InstanceCount": 1, "VolumeSizeInGB": 30}
    return {
        "ProcessingJobName": name,
        "RoleArn": "arn:aws:iam::000000000000:role/Jobs",
        "AppSpecification": {"ImageUri": "an-image", "ContainerEntrypoint": ["/bin/sh", "-c", script]},
        "ProcessingResources": {"ClusterConfig": cluster},
        **changes,
    }


def test_two_jobs_of_one_name_have_logs_and_credentials_of_their_own(emulator: Emulator, script: Script) -> None:
    sagemaker, logs = emulator.client("sagemaker"), emulator.client("logs")
    bucket = script("echo trained")
    code = f"until {_IS_THERE.format(bucket=bucket, key='go')}; do sleep 0.2; done; echo processed"
    sagemaker.create_processing_job(**processing_request("twin", code))
    sagemaker.create_training_job(**request("twin", bucket))
    assert ended(sagemaker, "twin")["TrainingJobStatus"] == "Completed"
    emulator.client("s3").put_object(Bucket=bucket, Key="go", Body=b"")  # which it sees by its role's credentials
    sagemaker.get_waiter("processing_job_completed_or_stopped").wait(
        ProcessingJobName="twin", WaiterConfig={"Delay": 0.2, "MaxAttempts": 1500}
    )
    for group, line in (("TrainingJobs", "trained"), ("ProcessingJobs", "processed")):
        named = {"logGroupName": f"/aws/sagemaker/{group}"}
        (stream,) = logs.describe_log_streams(**named, logStreamNamePrefix="twin/")["logStreams"]
        events = logs.get_log_events(**named, logStreamName=stream["logStreamName"])["events"]
        assert [event["message"] for event in events] == [line]


_IS_THERE = 'python3 -c \'import boto3; boto3.client("s3").head_object(Bucket="{bucket}", Key="{key}")\' 2>/dev/null'


def test_the_tagging_service_finds_tagged_jobs_among_all_resources(emulator: Emulator, script: Script) -> None:
    sagemaker, tagging = emulator.client("sagemaker"), emulator.client("resourcegroupstaggingapi")
    bucket = script("true")
    arns = [
        sagemaker.create_training_job(**request("tagged-1", bucket, Tags=_tags(team="a", stage="x")))["TrainingJobArn"],
        sagemaker.create_training_job(**request("tagged-2", bucket, Tags=_tags(team="b")))["TrainingJobArn"],
    ]
    made = processing_request("tagged-3", "true", Tags=_tags(team="a"))
    arns.append(sagemaker.create_processing_job(**made)["ProcessingJobArn"])
    untagged = sagemaker.create_training_job(**request("untagged", bucket))["TrainingJobArn"]
    emulator.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": _tags(team="a", only="bucket")})
    of_bucket = f"arn:aws:s3:::{bucket}"

    def found(**wanted: Any) -> set[str]:
        pages = tagging.get_paginator("get_resources").paginate(**wanted)
        every = [one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]]
        assert len(every) == len({*every})
        return {*every}

    team_a: dict[str, Any] = {"TagFilters": [{"Key": "team", "Values": ["a"]}]}
    of_team: dict[str, Any] = {"TagFilters": [{"Key": "team"}]}
    assert found(**team_a) == {arns[0], arns[2], of_bucket}
    assert found(**team_a, ResourcesPerPage=1) == {arns[0], arns[2], of_bucket}
    assert found(**of_team, TagsPerPage=2) == {*arns, of_bucket}
    assert found(**of_team) == {*arns, of_bucket}
    assert found(**of_team, ResourceTypeFilters=["sagemaker"]) == {*arns}
    assert found(**of_team, ResourceTypeFilters=["s3", "sagemaker:processing-job"]) == {arns[2], of_bucket}
    assert untagged not in found(ResourceTypeFilters=["sagemaker:training-job"]) | found()
    assert found(ResourceARNList=[arns[1], of_bucket, untagged]) == {arns[1], of_bucket}
    assert found(TagFilters=[{"Key": "team", "Values": ["a"]}, {"Key": "stage"}]) == {arns[0]}
    with pytest.raises(ClientError) as refused:
        tagging.get_resources(ResourceARNList=arns, **team_a)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_the_tagging_service_knows_jobs_keys_and_values_and_tags_jobs(emulator: Emulator, script: Script) -> None:
    sagemaker, tagging = emulator.client("sagemaker"), emulator.client("resourcegroupstaggingapi")
    bucket = script("true")
    arn = sagemaker.create_training_job(**request("keys", bucket, Tags=_tags(owner="job")))["TrainingJobArn"]
    emulator.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": _tags(owner="bucket")})
    assert "owner" in tagging.get_tag_keys()["TagKeys"]
    assert tagging.get_tag_values(Key="owner")["TagValues"] == ["bucket", "job"]
    missing = arn + "-missing"
    failed = tagging.tag_resources(ResourceARNList=[arn, missing], Tags={"owner": "new", "more": "x"})
    assert [*failed["FailedResourcesMap"]] == [missing]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == _tags(owner="new", more="x")
    assert tagging.untag_resources(ResourceARNList=[arn], TagKeys=["more"])["FailedResourcesMap"] == {}
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == _tags(owner="new")
    of_bucket = f"arn:aws:s3:::{bucket}"
    assert tagging.tag_resources(ResourceARNList=[of_bucket], Tags={"owner": "moto"})["FailedResourcesMap"] == {}
    assert tagging.get_tag_values(Key="owner")["TagValues"] == ["moto", "new"]


def _tags(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.mark.parametrize(
    "service", ["logs", "monitoring", "tagging", "ecr", "iam", "sts", "pricing", "sagemaker", "s3"]
)
def test_no_service_answers_html(emulator: Emulator, service: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        for path in ("/", "/no/such/page", "/FeatureGroup/g", "/endpoints/e/invocations", "/v1/x?versioning="):
            answer = send(emulator, method, path, signed(emulator, service, method, path))
            assert "html" not in answer.headers.get("content-type", "") or answer.status < 300, (method, path, answer)
            assert "<html" not in answer.body.lower(), (method, path)


def test_the_endpoints_beside_sagemakers_refuse_by_name(emulator: Emulator) -> None:
    runtime, features = emulator.client("sagemaker-runtime"), emulator.client("sagemaker-featurestore-runtime")
    calls: list[tuple[str, Callable[[], object]]] = [
        (
            "sagemaker.FeatureStoreRuntime",
            lambda: features.get_record(FeatureGroupName="g", RecordIdentifierValueAsString="1"),
        ),
        (
            "sagemaker.FeatureStoreRuntime",
            lambda: features.put_record(FeatureGroupName="g", Record=[{"FeatureName": "f", "ValueAsString": "1"}]),
        ),
        ("sagemaker.InvokeEndpoint", lambda: runtime.invoke_endpoint(EndpointName="e", Body=b"")),
        (
            "sagemaker.InvokeEndpointAsync",
            lambda: runtime.invoke_endpoint_async(EndpointName="e", InputLocation="s3://b/k"),
        ),
        (
            "pricing.GetAttributeValues",
            lambda: emulator.client("pricing").get_attribute_values(ServiceCode="AmazonSageMaker", AttributeName="x"),
        ),
        (
            "sagemaker.BatchPutMetrics",
            lambda: emulator.client("sagemaker-metrics").batch_put_metrics(
                TrialComponentName="t", MetricData=[{"MetricName": "m", "Timestamp": 0, "Value": 1.0}]
            ),
        ),
    ]
    for name, call in calls:
        with pytest.raises(ClientError, match=rf"does not serve .*{re.escape(name)}\b") as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


def test_an_answer_without_a_body_has_a_code_and_an_html_object_its_type(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    with pytest.raises(ClientError) as missing:
        s3.put_bucket_versioning(Bucket="never-made", VersioningConfiguration={"Status": "Enabled"})
    assert missing.value.response["Error"]["Code"] == "NoSuchBucket"
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="p.html", Body=b"<html>", ContentType="text/html; charset=utf-8")
    page = s3.get_object(Bucket="pages", Key="p.html")
    assert (page["ContentType"], page["Body"].read()) == ("text/html; charset=utf-8", b"<html>")
