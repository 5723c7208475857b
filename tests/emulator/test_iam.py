"""What a job's role may and may not do, with moto's IAM asked about every request."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator, ended, request

BUCKET = "sagemaker-us-east-1-000000000000"
WORKER = """
import os
import boto3
from botocore.exceptions import ClientError

s3, own, foreign = boto3.client("s3"), "sagemaker-us-east-1-000000000000", "foreign"

def attempt(what, act, **where):
    try:
        act(**where)
        print("may", what)
    except ClientError as error:
        print("may not", what, error.response["Error"]["Code"])

attempt("read own input", s3.get_object, Bucket=own, Key="proj/task/input/x")
attempt("read another project", s3.get_object, Bucket=own, Key="other/task/input/x")
attempt("write another project", s3.put_object, Bucket=own, Key="other/task/state/x", Body=b"")
attempt("write source", s3.put_object, Bucket=own, Key="proj/task/job/source/x", Body=b"")
attempt("write input", s3.put_object, Bucket=own, Key="proj/task/input/x", Body=b"")
attempt("write state", s3.put_object, Bucket=own, Key="proj/task/state/x", Body=b"")
attempt("delete state", s3.delete_object, Bucket=own, Key="proj/task/state/x")
attempt("write output", s3.put_object, Bucket=own, Key="proj/task/job/output/x", Body=b"")
attempt("list", s3.list_objects_v2, Bucket=own, Prefix="proj/")
attempt("read a bucket not named", s3.get_object, Bucket=foreign, Key="x")
attempt("list a bucket not named", s3.list_objects_v2, Bucket=foreign)
attempt("list roles", boto3.client("iam").list_roles)
print("as", boto3.client("sts").get_caller_identity()["Arn"])
for variable in ("SSM_STATE", "SM_MODEL_DIR"):
    with open(os.path.join(os.environ[variable], "kept"), "w") as out:
        out.write("x")
"""
READER = "\n".join(
    [
        WORKER.partition('attempt("read')[0],
        *(line for line in WORKER.splitlines() if line.startswith('attempt("read a bucket')),
        *(line for line in WORKER.splitlines() if line.startswith('attempt("write another')),
    ]
)
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that enforces, with a bucket that nobody was given."""
    made = Emulator(tmp_path_factory.mktemp("iam"), "--enforce_iam", "--role_delay", "1.5")
    try:
        s3 = made.client("s3")
        s3.create_bucket(Bucket="foreign")
        s3.put_object(Bucket="foreign", Key="x", Body=b"x")
        yield made
    finally:
        made.stop()


def ssm(emulator: Emulator, folder: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = emulator.ssm(folder, *arguments)
    assert done.returncode == status, done.stderr
    return done


def role(emulator: Emulator, name: str, *allowed: Mapping[str, object], trust: object = TRUST) -> str:
    iam = emulator.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [*allowed]}
    if allowed:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    return arn


def test_a_job_may_do_what_its_task_needs_and_nothing_else(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "w.py").write_text(WORKER)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("x")
    (tmp_path / "more").mkdir()
    arguments = ("run", "-p", "proj", "-t", "task", "-e", "w.py", "-i", "data", "-o", "out")
    done = ssm(emulator, tmp_path, *arguments, "--download_state", "--download_model")
    output = [line.removeprefix("algo-1 | ") for line in done.stdout.splitlines() if "may" in line or " as " in line]
    assert output == [
        "may read own input",
        "may not read another project AccessDenied",
        "may not write another project AccessDenied",
        "may not write source AccessDenied",
        "may not write input AccessDenied",
        "may write state",
        "may delete state",
        "may write output",
        "may list",
        "may not read a bucket not named AccessDenied",
        "may not list a bucket not named AccessDenied",
        "may not list roles AccessDenied",
        "as arn:aws:sts::000000000000:assumed-role/SageMakerIAMRole_proj/SageMaker",
    ]
    assert (tmp_path / "out" / "state" / "kept").exists()
    assert (tmp_path / "out" / "model" / "kept").exists()


def test_a_bucket_named_as_an_input_is_given_for_reading(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "w.py").write_text(READER)
    arguments = ("run", "-p", "reader", "-t", "task", "-e", "w.py", "--iis", "more", "s3://foreign/")
    output = ssm(emulator, tmp_path, *arguments).stdout
    assert "may read a bucket not named" in output
    assert "may not write another project" in output


def test_a_role_that_sagemaker_cannot_assume_is_refused(emulator: Emulator, tmp_path: Path) -> None:
    stranger = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    other_account = {**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}
    (tmp_path / "w.py").write_text("print('never')")
    client = emulator.client("sagemaker")
    for name in (role(emulator, "ForEc2", trust=stranger), role(emulator, "ForOthers", trust=other_account)):
        with pytest.raises(ClientError, match="Could not assume role"):
            client.create_training_job(**request("no-role", BUCKET, RoleArn=name))
    with pytest.raises(ClientError, match="Could not assume role"):
        client.create_training_job(**request("no-role", BUCKET, RoleArn="arn:aws:iam::000000000000:role/Nobody"))


def test_what_a_role_may_not_save_fails_the_job_in_words(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="readable")
    s3.put_object(Bucket="readable", Key="code/run.sh", Body=b"echo x > /opt/ml/model/x; echo ran")
    read = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::readable*"}
    reader = role(emulator, "Reader", read)
    client = emulator.client("sagemaker")
    time.sleep(1.6)  # until the role is old enough
    client.create_training_job(**request("reads-only", "readable", RoleArn=reader))
    described = ended(client, "reads-only")
    assert described["TrainingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("ClientError: access denied: s3:PutObject on s3://readable/out/")
    logs = emulator.client("logs")
    assert not logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/ProcessingJobs")["logGroups"]


def test_a_script_that_fails_is_the_reason_even_if_nothing_could_be_saved(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="legible")
    s3.put_object(Bucket="legible", Key="code/run.sh", Body=b"echo x > /opt/ml/model/x; exit 3")
    read = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::legible*"}
    reader = role(emulator, "FailingReader", read)
    client = emulator.client("sagemaker")
    time.sleep(1.6)  # until the role is old enough
    client.create_training_job(**request("fails-and-reads-only", "legible", RoleArn=reader))
    described = ended(client, "fails-and-reads-only")
    assert described["TrainingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("AlgorithmError: ")
    assert "s3:PutObject" not in described["FailureReason"]


def test_a_new_role_cannot_be_assumed_at_once(tmp_path: Path) -> None:
    slow = Emulator(tmp_path / "slow", "--enforce_iam", "--role_delay", "600")
    try:
        young = role(slow, "Young")
        with pytest.raises(ClientError, match="Could not assume role"):
            slow.client("sagemaker").create_training_job(**request("at-once", BUCKET, RoleArn=young))
    finally:
        slow.stop()


def test_a_caller_needs_the_action_and_the_right_to_pass_the_role(emulator: Emulator) -> None:
    import boto3

    iam = emulator.client("iam")
    jobs = role(emulator, "Jobs")
    iam.create_user(UserName="small")
    key = iam.create_access_key(UserName="small")["AccessKey"]
    small = boto3.Session(
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], region_name="us-east-1"
    ).client("sagemaker", endpoint_url=emulator.url)
    with pytest.raises(ClientError, match=r"user/small is not authorized to perform: sagemaker:ListTrainingJobs"):
        small.list_training_jobs()
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="small", PolicyName="p", PolicyDocument=json.dumps(policy))
    assert small.list_training_jobs()["TrainingJobSummaries"] is not None
    with pytest.raises(ClientError, match="not authorized to perform: iam:PassRole") as caught:
        small.create_training_job(**request("passed", BUCKET, RoleArn=jobs))
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_the_command_names_what_it_may_not(emulator: Emulator, tmp_path: Path) -> None:
    iam = emulator.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    (tmp_path / "w.py").write_text("print('never')")
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    done = emulator.ssm(tmp_path, "run", "-p", "p", "-t", "t", "-e", "w.py", **keys)
    assert done.returncode == 8
    assert "s3:ListBucket" in done.stderr
    assert key["SecretAccessKey"] not in done.stderr


@pytest.mark.parametrize(
    ("arn", "code"),
    [("arn:aws:iam::000000000000:role/nobody", "NoSuchEntity"), ("arn:aws:iam::000000000000:user/u", "InvalidInput")],
)
def test_what_a_role_may_is_simulated_for_roles_that_there_are(emulator: Emulator, arn: str, code: str) -> None:
    with pytest.raises(ClientError) as caught:
        emulator.client("iam").simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject"])
    assert caught.value.response["Error"]["Code"] == code
