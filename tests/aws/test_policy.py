"""What a job's role allows and what not, judged as IAM judges."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.iam.access_control import IAMPolicy, PermissionResult

from simple_sagemaker.aws import grants, policy
from simple_sagemaker.aws.grants import Grant, missing, without_covered
from simple_sagemaker.aws.identity import Identity
from simple_sagemaker.core.access import Needs
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.errors import UsageError
from tests.aws.conftest import needs
from tests.aws.evaluator import allows

US = Identity(account="111111111111", arn="arn:aws:iam::111111111111:user/me")
PLACE = TaskPlace(bucket="ours", prefix="team/", project="proj", task="t")


def document(asked: Needs, identity: Identity = US, region: str = "us-east-1") -> str:
    return policy.document(grants.of(asked, identity, region), identity, "role")


PLAIN = document(needs(place=PLACE))


@pytest.mark.parametrize(
    ("action", "key", "allowed"),
    [
        ("s3:GetObject", "team/proj/t/input/data/a", True),
        ("s3:GetObject", "team/proj/t/job/source/sourcedir.tar.gz", True),
        ("s3:GetObject", "team/proj/other/job/output/model.tar.gz", True),
        ("s3:GetObject", "team/proj2/t/state/a", False),
        ("s3:GetObject", "proj/t/state/a", False),
        ("s3:PutObject", "team/proj/t/state/a/b", True),
        ("s3:DeleteObject", "team/proj/t/state/a/b", True),
        ("s3:PutObject", "team/proj/t/job/output/model.tar.gz", True),
        ("s3:DeleteObject", "team/proj/t/job/output/model.tar.gz", False),
        ("s3:PutObject", "team/proj/t/job/tensorboard-output/events", True),
        ("s3:PutObject", "team/proj/t/job/source/sourcedir.tar.gz", False),
        ("s3:PutObject", "team/proj/t/input/data/a", False),
        ("s3:DeleteObject", "team/proj/t/input/data/a", False),
        ("s3:PutObject", "team/proj/t/claim.json", False),
        ("s3:PutObject", "team/proj2/t/state/a", False),
        ("s3:PutBucketPolicy", "", False),
    ],
)
def test_a_job_reads_its_project_and_writes_only_state_and_results(action: str, key: str, allowed: bool) -> None:
    thing = f"arn:aws:s3:::ours/{key}"
    assert allows(PLAIN, action, thing) is allowed
    assert (IAMPolicy(PLAIN).is_action_permitted(action, thing) is PermissionResult.PERMITTED) is allowed  # moto's view
    assert not allows(PLAIN, action, thing.replace("ours", "others"))


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_the_projects_folder_counts_only_in_a_bucket_of_an_account_that_was_meant(action: str) -> None:
    state = "arn:aws:s3:::ours/team/proj/t/state/a"
    assert allows(PLAIN, action, state, aws__ResourceAccount=US.account)
    assert not allows(PLAIN, action, state, aws__ResourceAccount="222222222222")
    foreign = document(needs(place=PLACE, bucket_owner="222222222222"))
    assert allows(foreign, action, state, aws__ResourceAccount="222222222222")
    assert not allows(foreign, action, state, aws__ResourceAccount="333333333333")


def test_what_else_is_read_may_be_anybodys() -> None:
    public = document(needs(place=PLACE, reads=frozenset({"s3://public/"})))
    assert allows(public, "s3:GetObject", "arn:aws:s3:::public/a", aws__ResourceAccount="444444444444")


def test_a_single_object_is_read_and_none_whose_key_begins_alike() -> None:
    text = document(needs(place=PLACE, objects=frozenset({"s3://ours/shared/one.csv"})))
    assert allows(text, "s3:GetObject", "arn:aws:s3:::ours/shared/one.csv")
    assert not allows(text, "s3:GetObject", "arn:aws:s3:::ours/shared/one.csv.bak")
    assert not allows(text, "s3:GetObject", "arn:aws:s3:::ours/shared/one.csv/below")
    whole = Grant("read", "s3://ours/shared/")
    assert whole.covers(Grant("object", "s3://ours/shared/one.csv"))
    assert not Grant("object", "s3://ours/shared/one.csv").covers(whole)


def test_leave_to_read_a_bucket_is_none_to_write_a_projects_folder_there() -> None:
    place, bucket = Grant("place", "s3://ours/proj/"), Grant("read", "s3://ours/")
    assert missing([place], [bucket]) == {place}
    assert without_covered([place, bucket]) == [place, bucket]
    assert missing([Grant("read", "s3://ours/proj/t/"), Grant("object", "s3://ours/proj/x")], [place]) == frozenset()
    assert missing([Grant("vpc")], [bucket, place]) == {Grant("vpc")}
    assert missing([place], [place]) == frozenset()


def test_a_job_looks_only_into_buckets_it_was_given() -> None:
    asked = document(needs(place=PLACE, reads=frozenset({"s3://data/", "s3://ours/shared/set"})))
    for bucket, allowed in {"ours": True, "data": True, "others": False}.items():
        assert allows(asked, "s3:ListBucket", f"arn:aws:s3:::{bucket}") is allowed
        assert allows(asked, "s3:GetBucketLocation", f"arn:aws:s3:::{bucket}") is allowed
    assert allows(asked, "s3:GetObject", "arn:aws:s3:::data/any/thing")
    assert allows(asked, "s3:GetObject", "arn:aws:s3:::ours/shared/set1")
    assert not allows(asked, "s3:GetObject", "arn:aws:s3:::ours/shared/other")
    assert not allows(asked, "s3:PutObject", "arn:aws:s3:::data/proj/t/state/a")


def test_letters_that_mean_something_in_a_policy_are_letters_in_an_address() -> None:
    asked = document(needs(place=PLACE, reads=frozenset({"s3://ours/a*b?c$d/"})))
    assert allows(asked, "s3:GetObject", "arn:aws:s3:::ours/a*b?c$d/x")
    assert not allows(asked, "s3:GetObject", "arn:aws:s3:::ours/aXbYc$d/x")


def test_a_job_pulls_its_own_image_and_no_other() -> None:
    own = "arn:aws:ecr:eu-west-1:763104351884:repository/pytorch-training"
    for action in ("BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability"):
        assert allows(PLAIN, f"ecr:{action}", own)
        assert not allows(PLAIN, f"ecr:{action}", own.replace("pytorch", "tensorflow"))
        assert not allows(PLAIN, f"ecr:{action}", own.replace("763104351884", "111111111111"))
    assert allows(PLAIN, "ecr:GetAuthorizationToken")
    assert not allows(PLAIN, "ecr:PutImage", own)


@pytest.mark.parametrize(
    ("image", "arn"),
    [
        (
            "1" * 12 + ".dkr.ecr.us-east-1.amazonaws.com/a/b@sha256:" + "0" * 64,
            "arn:aws:ecr:us-east-1:111111111111:repository/a/b",
        ),
        ("1" * 12 + ".dkr.ecr.us-east-1.amazonaws.com/a", "arn:aws:ecr:us-east-1:111111111111:repository/a"),
        (
            "1" * 12 + ".dkr.ecr-fips.us-east-1.amazonaws.com/a:1",
            "arn:aws:ecr:us-east-1:111111111111:repository/a",
        ),
        ("1" * 12 + ".dkr-ecr.us-east-1.on.aws/a:1", "arn:aws:ecr:us-east-1:111111111111:repository/a"),
    ],
)
def test_an_image_is_known_by_any_of_its_addresses(image: str, arn: str) -> None:
    assert allows(document(needs(image=image)), "ecr:BatchGetImage", arn)


def test_an_image_that_is_not_in_aws_needs_no_right() -> None:
    assert not allows(document(needs(image="docker.io/library/python:3")), "ecr:GetAuthorizationToken")


def test_a_job_writes_its_logs_and_metrics_and_no_others() -> None:
    group = "arn:aws:logs:us-east-1:111111111111:log-group:/aws/sagemaker/TrainingJobs"
    assert allows(PLAIN, "logs:CreateLogGroup", group)
    assert allows(PLAIN, "logs:PutLogEvents", f"{group}:log-stream:job/algo-1-1")
    assert not allows(PLAIN, "logs:PutLogEvents", group.replace("sagemaker", "lambda"))
    assert not allows(PLAIN, "logs:GetLogEvents", group)
    assert allows(PLAIN, "cloudwatch:PutMetricData", cloudwatch__namespace="/aws/sagemaker/TrainingJobs")
    assert not allows(PLAIN, "cloudwatch:PutMetricData", cloudwatch__namespace="AWS/EC2")


def test_networks_and_keys_are_given_only_with_their_options() -> None:
    assert "ec2:" not in PLAIN
    assert "kms:" not in PLAIN
    assert allows(document(needs(vpc=True)), "ec2:CreateNetworkInterface")


@pytest.mark.parametrize("key", ["1234abcd", "arn:aws:kms:us-east-1:111111111111:key/1234abcd"])
def test_a_key_is_given_by_its_arn(key: str) -> None:
    asked = document(needs(kms_key=key))
    arn = "arn:aws:kms:us-east-1:111111111111:key/1234abcd"
    assert all(allows(asked, f"kms:{action}", arn) for action in ("Decrypt", "Encrypt", "GenerateDataKey"))
    assert not allows(asked, "kms:Decrypt", arn.replace("1234", "5678"))
    assert allows(asked, "kms:CreateGrant", arn, kms__GrantIsForAWSResource="true")
    assert not allows(asked, "kms:CreateGrant", arn)


@pytest.mark.parametrize("key", ["alias/mine", "arn:aws:kms:us-east-1:111111111111:alias/mine"])
def test_a_key_named_by_an_alias_is_the_key_that_has_it(key: str) -> None:
    asked = document(needs(kms_key=key))
    arn = "arn:aws:kms:us-east-1:111111111111:key/any"
    assert allows(asked, "kms:Decrypt", arn, kms__ResourceAliases="alias/mine")
    assert not allows(asked, "kms:Decrypt", arn, kms__ResourceAliases="alias/other")
    assert not allows(asked, "kms:Decrypt", arn)


@pytest.mark.parametrize(("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")])
def test_in_another_partition_every_arn_is_of_that_partition(partition: str, region: str) -> None:
    there = Identity(account="111111111111", arn=f"arn:{partition}:iam::111111111111:user/me")
    image = f"727897471807.dkr.ecr.{region}.amazonaws.com.cn/pytorch-training:2"
    text = document(needs(image=image, kms_key="k", reads=frozenset({"s3://data/"})), there, region)
    assert "arn:aws:" not in text
    assert allows(text, "ecr:BatchGetImage", f"arn:{partition}:ecr:{region}:727897471807:repository/pytorch-training")
    assert allows(text, "s3:GetObject", f"arn:{partition}:s3:::data/x")


def test_the_same_grants_make_the_same_policy_and_covered_ones_add_nothing() -> None:
    one, two = Grant("read", "s3://b/"), Grant("read", "s3://b/x/")
    assert policy.document([one, two], US, "r") == policy.document([two, one], US, "r")
    assert policy.document([one], US, "r") == policy.document([one, two], US, "r")


@pytest.mark.parametrize(
    ("kind", "action", "allowed"),
    [
        ("mlflow-app/app-1", "sagemaker:CallMlflowAppApi", True),
        ("mlflow-app/app-1", "sagemaker-mlflow:CreateRun", False),
        ("mlflow-tracking-server/mine", "sagemaker-mlflow:CreateRun", True),
        ("mlflow-tracking-server/mine", "sagemaker-mlflow:LogBatch", True),
        ("mlflow-tracking-server/mine", "sagemaker-mlflow:SearchRuns", True),
        ("mlflow-tracking-server/mine", "sagemaker-mlflow:DeleteRun", False),
        ("mlflow-tracking-server/mine", "sagemaker:CallMlflowAppApi", False),
    ],
)
def test_a_job_writes_runs_to_the_mlflow_that_was_named_and_to_no_other(kind: str, action: str, allowed: bool) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:111111111111:{kind}"
    text = document(needs(place=PLACE, mlflow=arn))
    assert allows(text, action, arn) is allowed
    assert not allows(text, action, f"{arn}2")
    assert not allows(PLAIN, action, arn)


def test_sids_are_unique() -> None:
    text = policy.document([Grant("key", "arn:aws:kms:r:1:key/a"), Grant("key", "arn:aws:kms:r:1:key/b")], US, "r")
    sids = [one["Sid"] for one in json.loads(text)["Statement"]]
    assert len(sids) == len(set(sids))


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(
    st.lists(
        st.builds(Grant, st.sampled_from(["place", "read", "object", "image", "key"]), _TEXT.map("s3://b/{}".format))
    )
)
def test_tags_remember_every_grant_to_the_letter(given_before: list[Grant]) -> None:
    short = [one for one in given_before if len(one.what.encode()) < 80]
    tags = grants.as_tags(short)
    assert grants.from_tags({**tags, "owner": "me"}) == frozenset(short)
    assert all(set(value) <= set(_ALPHABET) for value in tags.values())


_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/=+-@"


def test_an_address_that_no_tag_holds_is_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        grants.as_tags([Grant("read", f"s3://b/{'x' * 300}")])
