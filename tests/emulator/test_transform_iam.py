"""Transform jobs act as the role of their model, where IAM is enforced."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from simple_sagemaker.testing import Emulated, emulator
from tests.emulator.transforms import DOUBLE, IMAGE, packed

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def role(aws: Emulated, name: str, *allowed: tuple[str, str]) -> str:
    """A role that may do some actions with some resources."""
    iam = aws.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
    document = {"Version": "2012-10-17", "Statement": statements}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return arn


def test_a_job_may_do_what_its_models_role_may() -> None:
    reads = (
        ("s3:GetObject", "arn:aws:s3:::models/*"),  # AWS needs no more for a model's archive
        ("s3:GetObject", "arn:aws:s3:::data/in/*"),
        ("s3:ListBucket", "arn:aws:s3:::data"),
    )
    with emulator(enforce_iam=True) as aws:
        s3, sagemaker = aws.client("s3"), aws.client("sagemaker")
        s3.create_bucket(Bucket="data")
        s3.create_bucket(Bucket="models")
        s3.put_object(Bucket="models", Key="model.tar.gz", Body=packed(code__inference_py=DOUBLE))
        s3.put_object(Bucket="data", Key="in/one.csv", Body=b"1\n")
        container = {"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"}
        roles = {
            "writes": role(aws, "writes", *reads, ("s3:PutObject", "arn:aws:s3:::data/out/*")),
            "reads": role(aws, "reads", *reads),
        }
        for name, arn in roles.items():
            sagemaker.create_model(ModelName=name, ExecutionRoleArn=arn, PrimaryContainer=container)
            _start(sagemaker, name)
        assert aws.wait("writes")["TransformJobStatus"] == "Completed"
        assert s3.get_object(Bucket="data", Key="out/one.csv.out")["Body"].read() == b"2.0\n"
        failed = aws.wait("reads")
        assert failed["TransformJobStatus"] == "Failed"
        assert failed["FailureReason"].startswith("ClientError: ")
        assert "out/one.csv.out" in failed["FailureReason"] or "AccessDenied" in failed["FailureReason"]
        blind = role(aws, "blind", ("logs:*", "*"))
        message = _refused(sagemaker, ModelName="blind", ExecutionRoleArn=blind, PrimaryContainer=container)
        assert message.startswith("Could not access model data at s3://models/model.tar.gz")
        nobody = "arn:aws:iam::000000000000:role/nobody"
        message = _refused(sagemaker, ModelName="nobody", ExecutionRoleArn=nobody, PrimaryContainer=container)
        assert message.startswith(f"Could not assume role {nobody}")


def _start(sagemaker: Any, name: str) -> None:
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        TransformInput={"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": "s3://data/out", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )


def _refused(sagemaker: Any, **request: Any) -> str:
    try:
        sagemaker.create_model(**request)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    raise AssertionError("the model was made")
