"""With IAM enforced: what moto does not check is checked here, and refusals are AWS's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.emulated import Emulator, request
from tests.emulator.raw import Raw, send, signed

SERVICE_TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that enforces, with two buckets."""
    made = Emulator(tmp_path_factory.mktemp("permissions"), "--enforce_iam")
    try:
        s3 = made.client("s3")
        for bucket in ("open", "closed"):
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key="a b/ü", Body=b"x" * 10)
        yield made
    finally:
        made.stop()


class User:
    """A user with a key and a policy of its own."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.name, self._emulator, self._iam = name, emulator, emulator.client("iam")
        self.arn = self._iam.create_user(UserName=name)["User"]["Arn"]
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        self.keys = Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def allow(self, *actions: str, resource: str = "*") -> None:
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_user_policy(
            UserName=self.name, PolicyName="-".join(actions).replace(":", "."), PolicyDocument=document
        )

    def client(self, service: Any) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self._emulator.url,
            aws_access_key_id=self.keys.access_key,
            aws_secret_access_key=self.keys.secret_key,
        )

    def send(self, service: str, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Raw:
        return send(
            self._emulator,
            method,
            target,
            signed(self._emulator, service, method, target, headers, body, self.keys),
            body,
        )


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    found: str = error.value.response["Error"]["Code"]
    return found


def assumes(user: User, role: str) -> str:
    try:
        user.client("sts").assume_role(RoleArn=role, RoleSessionName="session")
    except ClientError as error:
        refusal: str = error.response["Error"]["Code"]
        return refusal
    return "assumed"


def trust(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_a_copy_needs_the_right_to_read_its_source(emulator: Emulator) -> None:
    user = User(emulator, "copier")
    user.allow("s3:*", resource="arn:aws:s3:::open*")
    s3 = user.client("s3")
    s3.copy_object(Bucket="open", Key="copy", CopySource={"Bucket": "open", "Key": "a b/ü"})
    upload = s3.create_multipart_upload(Bucket="open", Key="parts")["UploadId"]
    part = {"Bucket": "open", "Key": "parts", "UploadId": upload, "PartNumber": 1}
    s3.upload_part_copy(**part, CopySource={"Bucket": "open", "Key": "a b/ü"})
    sources = (
        "closed/a%20b/%C3%BC",
        "/closed/a b/%c3%bc",
        "%63losed/a%20b%2F%C3%BC",
        "closed/a%20b/%C3%BC?versionId=null",
        "//host/closed/a%20b/%C3%BC",
    )
    for source in sources:
        for act, members in ((s3.copy_object, {"Bucket": "open", "Key": "stolen"}), (s3.upload_part_copy, part)):
            with pytest.raises(ClientError) as denied:
                act(**members, CopySource=source)
            assert code(denied) == "AccessDenied", source
    user.allow("s3:GetObject", resource="arn:aws:s3:::closed/a b/*")
    s3.copy_object(Bucket="open", Key="copy", CopySource={"Bucket": "closed", "Key": "a b/ü"})
    with pytest.raises(ClientError) as no_key:
        s3.copy_object(Bucket="open", Key="copy", CopySource="closed")
    assert code(no_key) == "InvalidArgument"


def test_what_the_emulator_answers_itself_needs_its_action(emulator: Emulator) -> None:
    user = User(emulator, "asker")
    arn = emulator.client("iam").create_role(RoleName="Asked", AssumeRolePolicyDocument=trust(SERVICE_TRUST))
    role = arn["Role"]["Arn"]
    calls: dict[str, Callable[[], object]] = {
        "iam:SimulatePrincipalPolicy": lambda: user.client("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=["s3:GetObject"]
        ),
        "tag:GetResources": lambda: user.client("resourcegroupstaggingapi").get_resources(
            ResourceTypeFilters=["sagemaker:training-job"]
        ),
        "tag:GetTagKeys": lambda: user.client("resourcegroupstaggingapi").get_tag_keys(),
        "pricing:GetProducts": lambda: user.client("pricing").get_products(ServiceCode="AmazonSageMaker"),
        "pricing:DescribeServices": lambda: user.client("pricing").describe_services(),
    }
    for action, call in calls.items():
        with pytest.raises(ClientError) as denied:
            call()
        assert code(denied) == ("AccessDenied" if action.startswith("iam") else "AccessDeniedException")
        user.allow(action)
        call()
    for source in ("arn:aws:iam::000000000000:user/asker", "arn:aws:iam::000000000000:role/missing", "role" * 10):
        with pytest.raises(ClientError) as bad:
            user.client("iam").simulate_principal_policy(PolicySourceArn=source, ActionNames=["s3:GetObject"])
        assert code(bad) in {"InvalidInput", "NoSuchEntity"}


def test_only_the_printed_keys_change_the_emulator(emulator: Emulator) -> None:
    user = User(emulator, "steerer")
    user.allow("*")
    assert user.send("sagemaker", "POST", "/_ssm/faults", {}, b"error=1").status == 403
    assert user.send("sagemaker", "DELETE", "/_ssm/requests", {}).status == 403
    assert user.send("sagemaker", "GET", "/_ssm/requests", {}).status == 200
    assert emulator.page("faults", "POST", b"") == {}
    assert emulator.page("requests", "DELETE")


def test_a_role_is_assumed_by_whom_its_trust_names_and_nobody_else(emulator: Emulator) -> None:
    user, near = User(emulator, "truste"), User(emulator, "trusted")
    iam = emulator.client("iam")

    def by(principal: object, effect: str = "Allow") -> dict[str, object]:
        return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}

    for one in (user, near):
        one.allow("sts:AssumeRole")
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    cases: list[tuple[list[Mapping[str, object]], bool]] = [
        ([SERVICE_TRUST], False),
        ([by({"AWS": near.arn})], False),
        ([by({"AWS": [near.arn]})], False),
        ([by({"AWS": user.arn})], True),
        ([by("*")], True),
        ([by(root)], True),
        ([SERVICE_TRUST, by({"AWS": user.arn})], True),
        ([by(root), by({"AWS": user.arn}, "Deny")], False),
    ]
    for number, (statements, may) in enumerate(cases):
        role = iam.create_role(RoleName=f"trust{number}", AssumeRolePolicyDocument=trust(*statements))["Role"]["Arn"]
        assert assumes(user, role) == ("assumed" if may else "AccessDenied"), statements
    with pytest.raises(ClientError) as administrator:
        emulator.client("sts").assume_role(RoleArn="arn:aws:iam::000000000000:role/trust0", RoleSessionName="session")
    assert code(administrator) == "AccessDenied"


def test_tagging_a_job_by_the_tagging_service_needs_sagemakers_permission(emulator: Emulator) -> None:
    user = User(emulator, "tagger")
    role = emulator.client("iam").create_role(RoleName="Tagged", AssumeRolePolicyDocument=trust(SERVICE_TRUST))
    made = request("tagged", "open", RoleArn=role["Role"]["Arn"])
    del made["InputDataConfig"]
    arn = emulator.client("sagemaker").create_training_job(**made)["TrainingJobArn"]
    user.allow("tag:TagResources")
    tagging = user.client("resourcegroupstaggingapi")
    assert [*tagging.tag_resources(ResourceARNList=[arn], Tags={"k": "v"})["FailedResourcesMap"]] == [arn]
    assert emulator.client("sagemaker").list_tags(ResourceArn=arn)["Tags"] == []
    user.allow("sagemaker:AddTags")
    assert tagging.tag_resources(ResourceARNList=[arn], Tags={"k": "v"})["FailedResourcesMap"] == {}
    assert emulator.client("sagemaker").list_tags(ResourceArn=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
