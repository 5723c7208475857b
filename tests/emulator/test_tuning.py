"""A tuning job on an emulated AWS that enforces IAM: boto3 as its client, trials with the role's credentials."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator
from tests.local.searches import pack

BUCKET = "tuned"
METRICS = [{"Name": "loss", "Regex": r"loss=(\S+)"}]
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
FINAL = {"Completed", "Failed", "Stopped"}
SCRIPT = 'echo "loss=$SM_HP_LR"; echo kept > "$SM_MODEL_DIR/m"; echo state > /opt/ml/checkpoints/s'


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that enforces, with a bucket and two roles, one of which nobody may pass."""
    made = Emulator(tmp_path_factory.mktemp("tuning"), "--enforce_iam", "--faults", "quota=ml.p3.2xlarge")
    s3, iam = made.client("s3"), made.client("iam")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="code.tar.gz", Body=pack(SCRIPT))
    everything = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": everything},
        {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
    ]
    iam.create_role(RoleName="trainer", AssumeRolePolicyDocument=_document(TRUST))
    iam.put_role_policy(RoleName="trainer", PolicyName="p", PolicyDocument=_document(*statements))
    yield made
    made.stop()


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def request(name: str, **changes: Any) -> dict[str, Any]:
    definition = {
        "AlgorithmSpecification": {
            "TrainingInputMode": "File",
            "TrainingImage": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6-cpu-py312",
            "MetricDefinitions": METRICS,
        },
        "RoleArn": "arn:aws:iam::000000000000:role/trainer",
        "StaticHyperParameters": {
            "sagemaker_program": "train.sh",
            "sagemaker_submit_directory": f"s3://{BUCKET}/code.tar.gz",
        },
        "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
        "HyperParameterTuningResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
            **changes.pop("machines", {}),
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **changes.pop("definition", {}),
    }
    ranges = {"ContinuousParameterRanges": [{"Name": "lr", "MinValue": "0.1", "MaxValue": "0.9"}]}
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": ranges,
        },
        "TrainingJobDefinition": definition,
        "Tags": [{"Key": "of", "Value": name}],
        **changes,
    }


def end(client: Any, name: str) -> Mapping[str, Any]:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        described: Mapping[str, Any] = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        if described["HyperParameterTuningJobStatus"] in FINAL:
            return described
        time.sleep(0.1)
    raise TimeoutError(name)


def test_trials_work_with_the_roles_credentials_and_leave_logs_and_metrics(emulator: Emulator) -> None:
    client = emulator.client("sagemaker")
    client.create_hyper_parameter_tuning_job(**request("whole"))
    described = end(client, "whole")
    assert described["HyperParameterTuningJobStatus"] == "Completed", described
    assert described["TrainingJobStatusCounters"]["Completed"] == 2, described
    pages = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName="whole", PaginationConfig={"PageSize": 1}
    )
    names = [one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]]
    assert len(names) == 2
    for name in names:
        client.describe_training_job(TrainingJobName=name)  # after which its logs are shipped
    keys = {one["Key"] for one in emulator.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert {f"checkpoints/{name}/s" for name in names} <= keys
    assert {f"out/{name}/output/model.tar.gz" for name in names} <= keys
    streams = emulator.client("logs").describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs")["logStreams"]
    assert {one["logStreamName"].partition("/")[0] for one in streams} == {*names}
    tagged = emulator.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "of", "Values": ["whole"]}])
    kinds = sorted(one["ResourceARN"].split(":")[5].partition("/")[0] for one in tagged["ResourceTagMappingList"])
    assert kinds == ["hyper-parameter-tuning-job", "training-job", "training-job"]


def test_a_tuning_job_is_refused_as_its_training_jobs_would_be(emulator: Emulator) -> None:
    client = emulator.client("sagemaker")

    def refusal(**changes: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            client.create_hyper_parameter_tuning_job(**request("refused", **changes))
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    code, text = refusal(machines={"InstanceType": "ml.p3.2xlarge", "InstanceCount": 3})
    assert code == "ResourceLimitExceeded"
    assert "'ml.p3.2xlarge for training job usage' is 0 Instances" in text
    assert "a request delta of 6 Instances" in text
    code, text = refusal(definition={"RoleArn": "arn:aws:iam::000000000000:role/nobody"})
    assert (code, "Could not assume role" in text) == ("ValidationException", True)
    channel = {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/nothing/"}},
    }
    code, text = refusal(definition={"InputDataConfig": [channel]})
    assert (code, "No S3 objects found under S3 URL" in text) == ("ValidationException", True)
    with pytest.raises(ClientError) as caught:
        client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="refused")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFound"


def test_who_may_not_tune_or_pass_the_role_is_denied(emulator: Emulator) -> None:
    iam = emulator.client("iam")
    iam.create_user(UserName="guest")
    statement = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    iam.put_user_policy(UserName="guest", PolicyName="p", PolicyDocument=_document(statement))
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    client = emulator.client("sagemaker", **keys)
    with pytest.raises(ClientError) as caught:
        client.create_hyper_parameter_tuning_job(**request("denied"))
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "iam:PassRole" in caught.value.response["Error"]["Message"]


@pytest.mark.long
def test_an_emulator_that_ends_ends_its_searches(tmp_path: Path) -> None:
    made = Emulator(tmp_path)
    s3, client = made.client("s3"), made.client("sagemaker")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="code.tar.gz", Body=pack("exec sleep 600"))
    client.create_hyper_parameter_tuning_job(**request("endless"))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="endless")
        if described["TrainingJobStatusCounters"]["InProgress"] == 2:
            break
        time.sleep(0.05)
    made.stop()
    journals = [path.read_text() for path in (made.home / "jobs").glob("endless*/journal.jsonl")]
    assert len(journals) == 3
    assert all('"status": "Stopped"' in one for one in journals)
    pid = int((made.home / "jobs/endless/supervisor.pid").read_text(encoding="ascii"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
