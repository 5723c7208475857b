"""The policy that docs/aws.md shows is enough for what the tool calls."""

from __future__ import annotations

import json
import re
from pathlib import Path

from simple_sagemaker.aws.ecr import Ecr, EcrImage
from simple_sagemaker.images.docker.pull import ecr_address
from tests.aws.conftest import DEFAULT, Cloud, needs
from tests.aws.evaluator import allows

PAGE = Path(__file__).parents[2] / "docs" / "aws.md"

BUCKET, ROLE = f"arn:aws:s3:::{DEFAULT}", "arn:aws:iam::123456789012:role/SageMakerIAMRole_proj"
# The action that AWS asks for where it is not called as the operation is.
ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
}


def test_the_policy_on_the_page_allows_every_call_about_buckets_and_roles(cloud: Cloud) -> None:
    block = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    policy = json.loads(block[0])
    access = cloud.access()
    access.has_bucket(access.default_bucket(), owner=None)
    access.make_bucket(DEFAULT)
    access.role(needs())
    cloud.access().role(needs(reads=frozenset({"s3://other/"})))
    cloud.access().role(needs())
    called = {one.replace(".", ":") for one in cloud.calls} - {"sts:GetCallerIdentity"}
    assert len(called) > 8
    for one in called:
        assert allows(policy, ACTIONS.get(one, one), BUCKET if one.startswith("s3") else ROLE), one


def test_the_policy_for_images_allows_every_call_about_them(cloud: Cloud) -> None:
    block = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    policy, base = json.loads(block[1]), ecr_address(needs().image)
    assert base
    own, theirs = (f"arn:aws:ecr:eu-west-1:{one}" for one in ("123456789012:repository/simple-sagemaker/proj",
                                                             "763104351884:repository/pytorch-training"))  # fmt: skip
    ecr = Ecr(cloud.clients())
    ecr.repository("simple-sagemaker/proj")
    ecr.make_repository("simple-sagemaker/proj")
    ecr.tag("simple-sagemaker/proj", EcrImage(digest="sha256:0", manifest="{}", media_type="x/y"), "v1")
    ecr.images("simple-sagemaker/proj", ["v1"])
    ecr.login()
    called = {one.replace(".", ":") for one in cloud.calls}
    assert called == {f"ecr:{name}" for name in ("DescribeRepositories", "CreateRepository", "PutImage",
                                                 "BatchGetImage", "GetAuthorizationToken")}  # fmt: skip
    for one in called:
        assert allows(policy, one, "*" if one.endswith("Token") else own), one
    assert allows(policy, "ecr:BatchGetImage", theirs)
    assert not allows(policy, "ecr:PutImage", theirs)


def test_the_policy_on_the_page_passes_roles_to_sagemaker_alone() -> None:
    block = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert allows(block[0], "iam:PassRole", ROLE, iam__PassedToService="sagemaker.amazonaws.com")
    assert not allows(block[0], "iam:PassRole", ROLE, iam__PassedToService="ec2.amazonaws.com")
    assert not allows(block[0], "iam:PutRolePolicy", "arn:aws:iam::123456789012:role/Admin")
