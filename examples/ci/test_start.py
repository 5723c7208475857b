"""A test of code that starts a job, as it would on AWS: nothing here is a mock, and nothing leaves this machine."""

import subprocess
import sys

import boto3


def start(epochs):
    """The code to be tested: it runs a task on AWS, and says what the job's name is."""
    words = ["-p", "ssm-ex", "-t", "fit", "-e", "examples/spot/train.py", "--epochs", str(epochs), "--if_changed"]
    subprocess.run([sys.executable, "-m", "simple_sagemaker.cli.main", "run", *words], check=True)
    return boto3.client("sagemaker").list_training_jobs()["TrainingJobSummaries"][0]["TrainingJobName"]


def test_the_job_is_started_and_leaves_a_model(sagemaker, sagemaker_emulator, monkeypatch):
    monkeypatch.delenv("SSM_ENGINE", raising=False)
    job = sagemaker_emulator.describe(start(2))
    assert job["TrainingJobStatus"] == "Completed"
    assert job["EnableManagedSpotTraining"] is True
    assert len(sagemaker.list_training_jobs()["TrainingJobSummaries"]) == 1
    address = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://")
    bucket, _, key = address.partition("/")
    assert boto3.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 0
