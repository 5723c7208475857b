"""The policy that docs/aws.md shows is enough for what the tool calls."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.aws_engine.conftest import DEFAULT, Cloud, needs
from tests.aws_engine.evaluator import allows

PAGE = Path(__file__).parents[2] / "docs" / "aws.md"

BUCKET, ROLE = f"arn:aws:s3:::{DEFAULT}", "arn:aws:iam::123456789012:role/SageMakerIAMRole_proj"
# The action that AWS asks for where it is not called as the operation is.
ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
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


def test_the_policy_on_the_page_passes_roles_to_sagemaker_alone() -> None:
    block = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert allows(block[0], "iam:PassRole", ROLE, iam__PassedToService="sagemaker.amazonaws.com")
    assert not allows(block[0], "iam:PassRole", ROLE, iam__PassedToService="ec2.amazonaws.com")
    assert not allows(block[0], "iam:PutRolePolicy", "arn:aws:iam::123456789012:role/Admin")
