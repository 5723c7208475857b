"""The role of a project: made once, given what each task needs, and nothing lost however many commands come at once."""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.aws.access import AwsAccess
from simple_sagemaker.aws.roles import Roles
from simple_sagemaker.core.access import Role
from simple_sagemaker.errors import UsageError
from tests.aws.conftest import ACCOUNT, DEFAULT, REGION, Cloud, at_once, needs, refusal
from tests.aws.evaluator import allows
from tests.counts import examples

NAME = "SageMakerIAMRole_proj"


def policy() -> Any:
    """The whole policy that the role has."""
    return boto3.client("iam", region_name=REGION).get_role_policy(RoleName=NAME, PolicyName="simple-sagemaker")[
        "PolicyDocument"
    ]


def reads(bucket: str) -> bool:
    return allows(policy(), "s3:GetObject", f"arn:aws:s3:::{bucket}/some/key")


def test_a_role_is_made_on_first_use_and_said_so(cloud: Cloud) -> None:
    role = cloud.access().role(needs())
    assert role == Role(
        arn=f"arn:aws:iam::{ACCOUNT}:role/{NAME}", note=f"Role: created {NAME}, for the jobs of project 'proj'"
    )
    made = boto3.client("iam", region_name=REGION).get_role(RoleName=NAME)["Role"]
    assert made["Arn"] == role.arn
    trust: Any = made["AssumeRolePolicyDocument"]
    assert trust["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    ]
    assert reads(DEFAULT) is False
    assert allows(policy(), "s3:GetObject", f"arn:aws:s3:::{DEFAULT}/proj/t/input/data/x")
    assert boto3.client("iam", region_name=REGION).list_role_policies(RoleName=NAME)["PolicyNames"] == [
        "simple-sagemaker"
    ]
    assert boto3.client("iam", region_name=REGION).list_attached_role_policies(RoleName=NAME)["AttachedPolicies"] == []


def test_what_a_whole_new_project_costs(cloud: Cloud) -> None:
    access = cloud.access()
    assert not access.has_bucket(access.default_bucket(), owner=None)
    access.make_bucket(DEFAULT)
    access.role(needs())
    assert cloud.calls == [
        "sts.GetCallerIdentity",
        "s3.HeadBucket",
        "s3.CreateBucket",
        "s3.PutPublicAccessBlock",
        "s3.PutBucketEncryption",
        "s3.PutBucketPolicy",
        "s3.PutBucketLifecycleConfiguration",
        "iam.CreateRole",
        "iam.PutRolePolicy",
        "iam.GetRole",
    ]


def test_what_a_new_project_in_an_old_bucket_costs(cloud: Cloud) -> None:
    cloud.access().role(needs())
    assert cloud.calls == [
        "sts.GetCallerIdentity",
        "iam.GetRole",
        "iam.CreateRole",
        "iam.PutRolePolicy",
        "iam.GetRole",
    ]


def test_a_role_that_fits_is_only_looked_at(cloud: Cloud) -> None:
    cloud.access().role(needs(reads=frozenset({"s3://other/"})))
    cloud.calls.clear()
    role = cloud.access().role(needs(reads=frozenset({"s3://other/part/"})))
    assert role.note == ""
    assert cloud.calls == ["sts.GetCallerIdentity", "iam.GetRole", "iam.GetRolePolicy"]


def test_what_is_new_is_added_to_what_others_were_given(cloud: Cloud) -> None:
    cloud.access().role(needs(reads=frozenset({"s3://first/"})))
    cloud.calls.clear()
    role = cloud.access().role(needs(reads=frozenset({"s3://second/"}), vpc=True))
    assert role.note == f"Role: {NAME} was granted read s3://second/, vpc"
    assert reads("first")
    assert reads("second")
    assert not reads("third")
    assert allows(policy(), "ec2:CreateNetworkInterface")
    assert cloud.calls[1:] == [
        "iam.GetRole",
        "iam.TagRole",
        "iam.PutRolePolicy",
        "iam.GetRole",
    ]


def test_a_policy_that_is_gone_or_was_changed_by_hand_is_put_back(cloud: Cloud) -> None:
    cloud.access().role(needs(reads=frozenset({"s3://other/"})))
    iam = boto3.client("iam", region_name=REGION)
    iam.delete_role_policy(RoleName=NAME, PolicyName="simple-sagemaker")
    assert cloud.access().role(needs()).note == f"Role: {NAME} was granted what its tags say"
    assert reads("other")
    other = policy()
    other["Statement"] = other["Statement"][-1:]
    iam.put_role_policy(RoleName=NAME, PolicyName="simple-sagemaker", PolicyDocument=json.dumps(other))
    assert not reads("other")
    cloud.access().role(needs())
    assert reads("other")


@pytest.mark.parametrize("killed_at", ["CreateRole", "TagRole", "PutRolePolicy", "GetRole"])
def test_a_command_killed_at_any_call_leaves_what_the_next_one_completes(cloud: Cloud, killed_at: str) -> None:
    class Killed(BaseException):
        pass

    if killed_at != "CreateRole":
        cloud.access().role(needs(reads=frozenset({"s3://before/"})))
    done: list[str] = []

    def before(operation: str) -> None:
        done.append(operation)
        if operation == killed_at and (killed_at != "GetRole" or "PutRolePolicy" in done):
            raise Killed

    with pytest.raises(Killed):
        AwsAccess(cloud.clients(before=before)).role(needs(reads=frozenset({"s3://during/"})))
    cloud.access().role(needs(reads=frozenset({"s3://after/"})))
    assert reads("after")
    assert reads("before") is (killed_at != "CreateRole")
    assert reads("during") is (killed_at in {"PutRolePolicy", "GetRole"})  # remembered once it was tagged


TOGETHER = examples(5, 10)


def _rush(cloud: Cloud, count: int, before: Any) -> None:
    """So many commands of one project at once, each with a bucket of its own; every bucket must be readable after."""
    numbers = iter(range(count))

    def command() -> None:
        mine = next(numbers)
        made = AwsAccess(cloud.clients(before=before)).role(needs(reads=frozenset({f"s3://bucket-{mine}/"})))
        assert made.arn.endswith(NAME)

    at_once(command, count)
    assert [number for number in range(count) if not reads(f"bucket-{number}")] == []


@pytest.mark.parametrize(
    ("operation", "there"),
    [
        ("CreateRole", "new"),
        ("TagRole", "new"),
        ("PutRolePolicy", "new"),
        ("GetRole", "old"),
        ("TagRole", "old"),
        ("PutRolePolicy", "old"),
    ],
)
def test_commands_that_all_stand_before_the_same_call_lose_nothing(cloud: Cloud, operation: str, there: str) -> None:
    if there == "old":
        cloud.access().role(needs())
    gate, mine = threading.Barrier(TOGETHER, timeout=1), threading.local()

    def before(sent: str) -> None:
        if sent == operation and not getattr(mine, "through", False):
            mine.through = True
            with suppress(threading.BrokenBarrierError):  # somebody goes another way, as the one who makes the role
                gate.wait()

    _rush(cloud, TOGETHER, before)


@pytest.mark.parametrize("seed", range(examples(4, 200)))
def test_commands_in_any_order_lose_nothing(cloud: Cloud, seed: int) -> None:
    chance = random.Random(seed)

    def before(_: str) -> None:
        time.sleep(chance.choice([0, 0, 0.001, 0.02, 0.05]))

    _rush(cloud, TOGETHER, before)


def test_a_slow_command_does_not_take_away_what_a_quick_one_was_given(cloud: Cloud) -> None:
    cloud.access().role(needs())
    passed: list[str] = []

    def before(operation: str) -> None:
        if operation == "PutRolePolicy" and not passed:
            passed.append(operation)
            cloud.access().role(needs(reads=frozenset({"s3://quick/"})))

    AwsAccess(cloud.clients(before=before)).role(needs(reads=frozenset({"s3://slow/"})))
    assert reads("quick")
    assert reads("slow")


@pytest.mark.parametrize("code", ["ConcurrentModification", "NoSuchEntity"])
def test_iam_that_is_not_settled_is_asked_again(cloud: Cloud, code: str) -> None:
    refused: list[str] = []

    def before(operation: str) -> None:
        if operation in {"PutRolePolicy", "TagRole"} and refused.count(operation) < 2:
            refused.append(operation)
            raise refusal(code, "not yet", operation)

    waited: list[float] = []
    cloud.access().role(needs())
    roles = Roles(cloud.clients(before=before), wait=waited.append)
    roles.fit(needs(reads=frozenset({"s3://other/"})), change=True, likely_new=False)
    assert len(waited) == 4
    assert reads("other")


def test_a_role_that_exists_and_cannot_be_seen_is_told_as_one_of_other_letters(cloud: Cloud) -> None:
    def before(operation: str) -> None:
        if operation == "CreateRole":
            raise refusal("EntityAlreadyExists", "exists", operation)

    roles = Roles(cloud.clients(before=before), wait=lambda _: None)
    with pytest.raises(UsageError, match="only in case"):
        roles.fit(needs(), change=True, likely_new=True)


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(cloud: Cloud) -> None:
    role = cloud.access().role(needs(), change=False)
    assert (role.note, role.arn) == (f"Role: {NAME} would be created", f"arn:aws:iam::{ACCOUNT}:role/{NAME}")
    assert cloud.calls == ["sts.GetCallerIdentity", "iam.GetRole"]
    cloud.access().role(needs())
    cloud.calls.clear()
    told = cloud.access().role(needs(reads=frozenset({"s3://other/"})), change=False)
    assert told.note == f"Role: {NAME} would be granted read s3://other/"
    assert cloud.calls == ["sts.GetCallerIdentity", "iam.GetRole"]
    assert cloud.access().role(needs(), change=False).note == ""
    assert not reads("other")


def test_a_role_that_is_named_is_taken_as_it_is(cloud: Cloud) -> None:
    iam = boto3.client("iam", region_name=REGION)
    made = iam.create_role(RoleName="mine", Path="/service-role/", AssumeRolePolicyDocument="{}")["Role"]
    cloud.calls.clear()
    assert cloud.access().role(needs(role_name="mine")) == Role(arn=made["Arn"])
    assert cloud.calls == ["iam.GetRole"]
    assert cloud.access().role(needs(role_name="arn:aws:iam::1:role/x")) == Role(arn="arn:aws:iam::1:role/x")
    assert cloud.calls == ["iam.GetRole"]
    assert iam.list_role_policies(RoleName="mine")["PolicyNames"] == []


def test_a_named_role_that_is_not_there_is_refused(cloud: Cloud) -> None:
    with pytest.raises(UsageError, match="--role_name nobody"):
        cloud.access().role(needs(role_name="nobody"))


def test_who_may_not_look_at_a_named_role_uses_it_all_the_same(cloud: Cloud) -> None:
    def before(operation: str) -> None:
        if operation == "GetRole":
            raise refusal("AccessDenied", "no", operation)

    access = AwsAccess(cloud.clients(before=before))
    assert access.role(needs(role_name="mine")).arn == f"arn:aws:iam::{ACCOUNT}:role/mine"


def test_who_may_not_look_at_roles_is_told_that_and_not_that_one_exists(cloud: Cloud) -> None:
    def before(operation: str) -> None:
        if operation == "GetRole":
            raise refusal("AccessDenied", "no", operation)

    with pytest.raises(ClientError, match=r"AccessDenied.*GetRole"):
        AwsAccess(cloud.clients(before=before)).role(needs())
    assert "iam.CreateRole" not in cloud.calls


def test_who_may_not_make_roles_uses_one_that_is_there(cloud: Cloud) -> None:
    cloud.access().role(needs())

    def before(operation: str) -> None:
        if operation == "CreateRole":
            raise refusal("AccessDenied", "no", operation)

    roles = Roles(cloud.clients(before=before))
    assert roles.fit(needs(), change=True, likely_new=True).note == ""


def test_too_long_a_project_needs_a_role_of_the_persons_own(cloud: Cloud) -> None:
    with pytest.raises(UsageError, match="--role_name"):
        cloud.access().role(needs(project="p" * 48))
    assert cloud.access().role(needs(project="p" * 47)).note


def test_a_full_register_is_refused_before_anything_is_changed(cloud: Cloud) -> None:
    cloud.access().role(needs())
    iam = boto3.client("iam", region_name=REGION)
    iam.tag_role(RoleName=NAME, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(48)])
    cloud.calls.clear()
    with pytest.raises(UsageError, match=r"(?s)its grants in tags.*untag-role"):
        cloud.access().role(needs(reads=frozenset({"s3://other/"})))
    assert "iam.PutRolePolicy" not in cloud.calls


def test_a_policy_that_iam_would_not_take_is_refused_before_anything_is_made(cloud: Cloud) -> None:
    many = frozenset(f"s3://{DEFAULT}/{n}/{'x' * 180}/" for n in range(45))
    with pytest.raises(UsageError, match="10240"):
        cloud.access().role(needs(reads=many))
    assert cloud.calls == ["sts.GetCallerIdentity", "iam.GetRole"]
