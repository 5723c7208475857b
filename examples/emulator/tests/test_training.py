"""Tests that reach an emulated AWS by the environment alone: AWS_ENDPOINT_URL, a region and keys."""

import io
import tarfile
import time

import boto3
import pytest

TRAIN = b"""
import json, os
rate = float(os.environ["SM_HP_RATE"])
with open(os.path.join(os.environ["SM_MODEL_DIR"], "model.json"), "w") as file:
    json.dump({"rate": rate}, file)
print("trained")
"""


def train(name, bucket, rate):
    """The code to be tested, which would do the same on AWS."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("train.py")
        member.size = len(TRAIN)
        tar.addfile(member, io.BytesIO(TRAIN))
    boto3.client("s3").put_object(Bucket=bucket, Key="code.tar.gz", Body=archive.getvalue())
    boto3.client("sagemaker").create_training_job(
        TrainingJobName=name,
        RoleArn="arn:aws:iam::000000000000:role/Jobs",
        AlgorithmSpecification={"TrainingImage": "pytorch", "TrainingInputMode": "File"},
        HyperParameters={
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": f'"s3://{bucket}/code.tar.gz"',
            "rate": str(rate),
        },
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )


def ended(name, within_s=120):
    """The job's description, once it has ended; boto3's own waiter looks every two minutes."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        job = boto3.client("sagemaker").describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"}:
            return job
        time.sleep(0.2)
    raise TimeoutError(name)


@pytest.fixture
def bucket():
    """A bucket of this test's own: the emulator is one for all of them."""
    name = f"models-{time.time_ns()}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name


def test_training_leaves_a_model(bucket):
    train(f"good-{bucket}", bucket, rate=0.5)
    job = ended(f"good-{bucket}")
    assert job["TrainingJobStatus"] == "Completed", job
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{bucket}/")
    model = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(model)) as tar:
        assert tar.extractfile("model.json").read() == b'{"rate": 0.5}'


def test_a_rate_that_is_no_number_fails_the_job(bucket):
    train(f"bad-{bucket}", bucket, rate="high")
    job = ended(f"bad-{bucket}")
    assert job["TrainingJobStatus"] == "Failed"
    assert "could not convert string to float: 'high'" in job["FailureReason"]
