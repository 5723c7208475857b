"""Buckets: only ours, or trusted by name; a new one is closed to all others."""

from __future__ import annotations

import threading

import boto3
import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.aws.access import AwsAccess
from simple_sagemaker.aws.buckets import Buckets, tls_only
from simple_sagemaker.aws.clients import Clients
from simple_sagemaker.errors import AccessDenied, UsageError
from tests.aws.conftest import ACCOUNT, DEFAULT, FOREIGN, REGION, Cloud, at_once, refusal
from tests.aws.evaluator import denies


def test_the_default_bucket_is_named_as_awss_tools_name_it(cloud: Cloud) -> None:
    access = cloud.access()
    assert access.default_bucket() == access.default_bucket() == DEFAULT
    assert cloud.calls == ["sts.GetCallerIdentity"]


def test_an_absent_bucket_is_one_call(cloud: Cloud) -> None:
    assert not cloud.access().has_bucket(DEFAULT, owner=None)
    assert cloud.calls == ["sts.GetCallerIdentity", "s3.HeadBucket"]


@pytest.mark.parametrize("region", ["us-east-1", REGION, "cn-north-1"])
def test_a_new_bucket_is_private_encrypted_and_tls_only(cloud: Cloud, region: str) -> None:
    access = cloud.access(region)
    name = access.default_bucket()
    assert access.make_bucket(name) == f"Bucket: created {name} (private, encrypted, TLS only)"
    assert cloud.calls == [
        "sts.GetCallerIdentity",
        "s3.CreateBucket",
        "s3.PutPublicAccessBlock",
        "s3.PutBucketEncryption",
        "s3.PutBucketPolicy",
        "s3.PutBucketLifecycleConfiguration",
    ]
    assert access.has_bucket(name, owner=None)
    s3 = boto3.client("s3", region_name=region)
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert (s3.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1") == region
    policy = s3.get_bucket_policy(Bucket=name)["Policy"]
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    assert policy == tls_only(name, partition)
    thing = f"arn:{partition}:s3:::{name}/key"
    assert denies(policy, "s3:PutObject", thing, aws__SecureTransport="false")
    assert not denies(policy, "s3:PutObject", thing, aws__SecureTransport="true")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (rule["Status"], rule["AbortIncompleteMultipartUpload"]) == ("Enabled", {"DaysAfterInitiation": 7})
    assert not rule.keys() & {"Expiration", "Transitions", "NoncurrentVersionExpiration"}  # whole objects stay


def test_motos_reading_of_the_policy_leaves_the_bucket_usable(cloud: Cloud) -> None:
    cloud.access().make_bucket(DEFAULT)
    s3 = boto3.client("s3", region_name=REGION)
    s3.put_object(Bucket=DEFAULT, Key="k", Body=b"x")
    assert s3.get_object(Bucket=DEFAULT, Key="k")["Body"].read() == b"x"


def test_a_default_bucket_that_somebody_else_took_is_never_used(cloud: Cloud) -> None:
    cloud.foreign_bucket(DEFAULT)
    with pytest.raises(AccessDenied, match="belongs to another account") as refused:
        cloud.access().has_bucket(DEFAULT, owner=None)
    assert "--bucket_name" in str(refused.value)
    with pytest.raises(AccessDenied):
        cloud.access().has_bucket(DEFAULT, owner=FOREIGN)


def test_a_foreign_bucket_is_used_only_with_its_owners_number(cloud: Cloud) -> None:
    cloud.foreign_bucket("theirs")
    with pytest.raises(AccessDenied, match="--bucket_owner, with the number"):
        cloud.access().has_bucket("theirs", owner=None)
    assert cloud.access().has_bucket("theirs", owner=FOREIGN)
    with pytest.raises(UsageError, match="--bucket_owner 333333333333"):
        cloud.access().has_bucket("theirs", owner="333333333333")


def test_a_bucket_that_may_not_be_looked_at_names_the_action_and_the_caller(cloud: Cloud) -> None:
    cloud.moto.closed.add("shut")
    with pytest.raises(AccessDenied, match="s3:ListBucket") as refused:
        cloud.access().has_bucket("shut", owner=None)
    with pytest.raises(AccessDenied, match=f"than {FOREIGN}, or .* may not s3:ListBucket there"):
        cloud.access().has_bucket("shut", owner=FOREIGN)  # nobody knows that this is not its owner
    assert f"arn:aws:sts::{ACCOUNT}" in str(refused.value)


def test_a_bucket_in_another_region_is_refused_by_the_regions_name(cloud: Cloud) -> None:
    boto3.client("s3", region_name="us-east-2").create_bucket(
        Bucket="far", CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )
    with pytest.raises(UsageError, match=r"(?s)is in us-east-2.*AWS_REGION=us-east-2"):
        cloud.access().has_bucket("far", owner=None)


def test_a_bucket_that_answers_only_in_its_region_is_refused_by_the_regions_name(cloud: Cloud) -> None:
    cloud.moto.moved["far"] = "us-east-2"
    with pytest.raises(UsageError, match="is in us-east-2"):
        cloud.access().has_bucket("far", owner=None)


def test_of_many_commands_one_makes_the_bucket_and_all_go_on(cloud: Cloud) -> None:
    said: list[str] = []
    together = threading.Barrier(6)

    def command() -> None:
        access = cloud.access()
        assert not access.has_bucket(DEFAULT, owner=None)
        together.wait()
        said.append(access.make_bucket(DEFAULT))

    at_once(command, 6)
    assert sorted(said)[:-1] == [""] * 5
    assert max(said).startswith("Bucket: created")


def test_a_name_that_another_account_took_meanwhile_is_refused(cloud: Cloud) -> None:
    access = cloud.access()
    assert not access.has_bucket("wanted", owner=None)
    cloud.foreign_bucket("wanted")
    with pytest.raises(AccessDenied, match="another account"):
        access.make_bucket("wanted")


def _failing(cloud: Cloud, operation: str, code: str) -> Clients:
    """Clients for which one operation is refused."""

    def before(sent: str) -> None:
        if sent == operation:
            raise refusal(code, "no", operation)

    return cloud.clients(before=before)


@pytest.mark.parametrize("code", ["AccessDenied", "TooManyBuckets"])
def test_who_may_not_create_a_bucket_hears_that_and_waits_for_nobody(cloud: Cloud, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        Buckets(_failing(cloud, "CreateBucket", code)).make(DEFAULT)
    assert cloud.calls[-1] == "s3.CreateBucket"


def test_a_bucket_that_could_not_be_closed_is_not_left_behind(cloud: Cloud) -> None:
    buckets = Buckets(_failing(cloud, "PutBucketPolicy", "AccessDenied"))
    with pytest.raises(ClientError, match="AccessDenied"):
        buckets.make(DEFAULT)
    assert not cloud.access().has_bucket(DEFAULT, owner=None)


def test_who_may_not_have_broken_uploads_dropped_is_told_and_goes_on(cloud: Cloud) -> None:
    made = Buckets(_failing(cloud, "PutBucketLifecycleConfiguration", "AccessDenied")).make(DEFAULT)
    assert made.startswith(f"Bucket: created {DEFAULT} (private, encrypted, TLS only)\n")
    assert "s3:PutLifecycleConfiguration" in made
    assert cloud.access().has_bucket(DEFAULT, owner=None)


def test_an_s3_server_without_such_settings_is_told_as_it_is(cloud: Cloud) -> None:
    buckets = Buckets(_failing(cloud, "PutBucketPolicy", "NotImplemented"))
    assert buckets.make(DEFAULT) == f"Bucket: created {DEFAULT} (private, encrypted)"


def test_the_names_of_buckets_are_listed_where_that_is_allowed(cloud: Cloud) -> None:
    cloud.access().make_bucket("one-of-ours")
    assert cloud.access().buckets() == ["one-of-ours"]

    def deny(operation: str) -> None:
        if operation == "ListBuckets":
            raise refusal("AccessDenied", "no", operation)

    assert AwsAccess(cloud.clients(before=deny)).buckets() == []
