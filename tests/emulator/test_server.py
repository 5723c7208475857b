"""The emulator as clients find it: SageMaker by the engine, the rest by moto, on one port."""

from __future__ import annotations

import json
import shutil
import urllib.error
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator, ended, request

GROUP = "/aws/sagemaker/TrainingJobs"
Script = Callable[[str], str]


def printed(emulator: Emulator, job: str) -> list[str]:
    """The lines of a job of one host."""
    logs = emulator.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job}/")["logStreams"]
    assert stream["logStreamName"].startswith(f"{job}/algo-1-")
    result = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True)
    return [event["message"] for event in result["events"]]


def test_a_job_runs_and_its_lines_metrics_and_model_are_where_sagemaker_puts_them(
    emulator: Emulator, script: Script
) -> None:
    bucket = script("echo 'loss=0.5;'; echo err >&2; echo 'loss=0.25;'; echo m > /opt/ml/model/m\n")
    sagemaker = emulator.client("sagemaker")
    job_request = request("a-Job-1", bucket)
    job_request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=(.*?);"}]
    made = sagemaker.create_training_job(**job_request)
    assert made["TrainingJobArn"] == "arn:aws:sagemaker:us-east-1:000000000000:training-job/a-job-1"
    described = ended(sagemaker, "a-Job-1")
    assert described["TrainingJobStatus"] == "Completed", described
    assert printed(emulator, "a-Job-1") == ["loss=0.5;", "err", "loss=0.25;"]
    result = emulator.client("cloudwatch").get_metric_statistics(
        Namespace=GROUP,
        MetricName="loss",
        Dimensions=[{"Name": "TrainingJobName", "Value": "a-Job-1"}],
        StartTime=described["CreationTime"].replace(second=0, microsecond=0),
        EndTime=described["LastModifiedTime"].replace(year=described["LastModifiedTime"].year + 1),
        Period=3600 * 24,
        Statistics=["SampleCount", "Average"],
    )["Datapoints"]
    assert sum(point["SampleCount"] for point in result) == 2
    model = described["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{bucket}/")
    assert emulator.client("s3").head_object(Bucket=bucket, Key=model)["ContentLength"] > 0


def test_errors_are_those_that_boto3_knows(emulator: Emulator, script: Script) -> None:
    bucket = script("true")
    sagemaker = emulator.client("sagemaker")
    sagemaker.create_training_job(**request("twice", bucket))
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match="already exists"):
        sagemaker.create_training_job(**request("twice", bucket))
    with pytest.raises(ClientError, match="Requested resource not found") as caught:
        sagemaker.describe_training_job(TrainingJobName="nobody")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["ResponseMetadata"]["RequestId"]
    with pytest.raises(ClientError, match="does not serve DescribeEndpoint"):
        sagemaker.describe_endpoint(EndpointName="e")
    with pytest.raises(ClientError, match="No S3 objects found"):
        sagemaker.create_training_job(**request("empty", bucket, InputDataConfig=[_channel(f"s3://{bucket}/none/")]))
    with pytest.raises(ClientError, match="does not serve ecr"):
        emulator.client("ecr").describe_pull_through_cache_rules()


def _channel(uri: str) -> dict[str, object]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": "x", "DataSource": {"S3DataSource": source}}


def test_jobs_are_listed_tagged_and_searched_page_by_page(emulator: Emulator, script: Script) -> None:
    bucket = script("true")
    sagemaker = emulator.client("sagemaker")
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        sagemaker.create_training_job(**request(name, bucket, Tags=[{"Key": "of", "Value": "pages"}]))
    pages = list(sagemaker.get_paginator("list_training_jobs").paginate(NameContains="page-", MaxResults=2))
    assert len(pages) == 3
    assert [one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]] == names
    arn = sagemaker.describe_training_job(TrainingJobName="page-0")["TrainingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "more", "Value": "x"}])
    assert {tag["Key"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]} == {"of", "more"}
    expression = {"Filters": [{"Name": "Tags.of", "Operator": "Equals", "Value": "pages"}]}
    result = sagemaker.search(Resource="TrainingJob", SearchExpression=expression)["Results"]
    assert {one["TrainingJob"]["TrainingJobName"] for one in result} == {*names}
    tagging = emulator.client("resourcegroupstaggingapi")
    wanted = {"TagFilters": [{"Key": "of", "Values": ["pages"]}], "ResourceTypeFilters": ["sagemaker:training-job"]}
    resources = [
        one["ResourceARN"].rpartition("/")[2]
        for page in tagging.get_paginator("get_resources").paginate(**wanted, ResourcesPerPage=2)
        for one in page["ResourceTagMappingList"]
    ]
    assert resources == names
    assert tagging.get_resources(ResourceTypeFilters=["s3"])["ResourceTagMappingList"] == []
    for name in names:
        ended(sagemaker, name)
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName="page-4")


def test_a_job_acts_as_its_role_with_credentials_of_its_own(emulator: Emulator, script: Script) -> None:
    bucket = script("echo $AWS_ENDPOINT_URL; python -c 'import urllib.request, os; print(urllib.request.urlopen("
                    'os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).read().decode())\'\n')  # fmt: skip
    sagemaker = emulator.client("sagemaker")
    sagemaker.create_training_job(**request("as-role", bucket))
    assert ended(sagemaker, "as-role")["TrainingJobStatus"] == "Completed"
    first, second = printed(emulator, "as-role")
    assert first == emulator.url
    assert '"RoleArn": "arn:aws:iam::000000000000:role/Jobs"' in second
    kept = "".join(path.read_text(errors="replace") for path in (emulator.home / "jobs" / "as-role").glob("*.json"))
    assert "SecretAccessKey" not in kept


def test_its_own_pages(emulator: Emulator) -> None:
    assert emulator.page("health")["account"] == "000000000000"
    emulator.calls()
    emulator.client("sts").get_caller_identity()
    emulator.client("s3").list_buckets()
    emulator.client("sagemaker").list_training_jobs()
    expected = {"sts.GetCallerIdentity": 1, "s3.ListBuckets": 1, "sagemaker.ListTrainingJobs": 1}
    assert emulator.calls() == expected
    for page, status in (("credentials/guess", 404), ("nothing", 404)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            emulator.page(page)
        assert caught.value.code == status
        caught.value.close()


def test_a_bucket_is_refused_to_who_expects_another_owner(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="owned")
    s3.head_bucket(Bucket="owned", ExpectedBucketOwner="000000000000")
    with pytest.raises(ClientError, match="403"):
        s3.head_bucket(Bucket="owned", ExpectedBucketOwner="111111111111")


def test_values_that_are_no_numbers_for_cloudwatch_are_left_out_and_counted(emulator: Emulator, script: Script) -> None:
    values = "0.5 nan NaN inf -inf 1e200 Infinity 0.25"
    bucket = script(f"for v in {values}; do echo loss=$v; done\necho only=nan\n")
    sagemaker = emulator.client("sagemaker")
    job_request = request("not-finite", bucket)
    job_request["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "loss", "Regex": r"loss=(\S+)"},
        {"Name": "only", "Regex": r"only=(\S+)"},
    ]
    sagemaker.create_training_job(**job_request)
    described = ended(sagemaker, "not-finite")
    assert described["TrainingJobStatus"] == "Completed", described
    assert [(one["MetricName"], one["Value"]) for one in described["FinalMetricDataList"]] == [("loss", 0.25)]
    lines = printed(emulator, "not-finite")
    assert [line for line in lines if "left out" in line] == [
        "Metric 'loss': 6 of its values left out (not finite, or too large for CloudWatch)",
        "Metric 'only': 1 of its values left out (not finite, or too large for CloudWatch)",
    ]
    statistics = emulator.client("cloudwatch").get_metric_statistics(
        Namespace=GROUP,
        MetricName="loss",
        Dimensions=[{"Name": "TrainingJobName", "Value": "not-finite"}],
        StartTime=described["CreationTime"].replace(second=0, microsecond=0),
        EndTime=described["LastModifiedTime"].replace(year=described["LastModifiedTime"].year + 1),
        Period=3600 * 24,
        Statistics=["SampleCount", "Sum"],
    )["Datapoints"]
    assert sum(one["SampleCount"] for one in statistics) == 2
    text = (emulator.home / "jobs" / "not-finite" / "metrics.jsonl").read_text()
    for line in text.splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_a_job_whose_output_cannot_be_shipped_is_described_and_others_go_on(emulator: Emulator, script: Script) -> None:
    bucket = script("echo hello")
    sagemaker = emulator.client("sagemaker")
    sagemaker.create_training_job(**request("broken-metrics", bucket))
    ended(sagemaker, "broken-metrics")
    broken, folder = "broken-metrics-2", emulator.home / "jobs"
    hosts = shutil.ignore_patterns("algo-*")  # a supervisor still takes them away
    shutil.copytree(folder / "broken-metrics", folder / f".{broken}", ignore=hosts)
    (folder / f".{broken}" / "metrics.jsonl").write_text("{half\n[]\n")
    text = (folder / f".{broken}" / "request.json").read_text()
    (folder / f".{broken}" / "request.json").write_text(text.replace("broken-metrics", broken))
    (folder / f".{broken}").rename(folder / broken)
    assert sagemaker.describe_training_job(TrainingJobName=broken)["TrainingJobStatus"] == "Completed"
    sagemaker.create_training_job(**request("after-the-broken", bucket))
    ended(sagemaker, "after-the-broken")
    assert printed(emulator, "after-the-broken") == ["hello"]
