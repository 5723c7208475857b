"""What other people's clients and scripts do, and what the services answer them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.emulated import Emulator, ended, request

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
