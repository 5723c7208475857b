"""What AWS refuses, in words: what happened, why, and what to do; never a secret."""

from __future__ import annotations

import botocore.exceptions as botocore
import pytest

from simple_sagemaker.core.aws_errors import explain, translate_errors
from simple_sagemaker.core.retries import is_unusable_role
from simple_sagemaker.errors import AccessDenied, InputNotFound, NoCredentials, QuotaExceeded, SsmError, UsageError
from tests.aws.conftest import refusal

ME = "arn:aws:iam::123456789012:user/me"
ROLE = "arn:aws:iam::123456789012:role/SageMakerIAMRole_proj"
PASS = f"User: {ME} is not authorized to perform: iam:PassRole on resource: {ROLE}"
SPOT = (
    "The account-level service limit 'ml.p3.2xlarge for spot training job usage' is 0 Instances, with current "
    "utilization of 0 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an "
    "increase for this quota."
)
ASSUME = (
    f"Could not assume role {ROLE}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com'"
)

ANSWERS: dict[str, tuple[tuple[str, str, str], type[SsmError], tuple[str, ...]]] = {
    "denied by nobody's allowing it": (
        ("AccessDeniedException", f"{PASS} because no identity-based policy allows the iam:PassRole action", "Create"),
        AccessDenied,
        (ME, "iam:PassRole", f'"Resource": "{ROLE}"', "--role_name"),
    ),
    "denied outright": (
        ("AccessDenied", f"{PASS} with an explicit deny in a service control policy", "CreateRole"),
        AccessDenied,
        ("denies it explicitly", "service control policy"),
    ),
    "denied by S3, which names nothing": (
        ("AccessDenied", "Access Denied", "PutBucketEncryption"),
        AccessDenied,
        ("s3:PutEncryptionConfiguration",),
    ),
    "denied without a body": (("403", "Forbidden", "HeadBucket"), AccessDenied, ("s3:ListBucket",)),
    "a quota of spot machines": (
        ("ResourceLimitExceeded", SPOT, "CreateTrainingJob"),
        QuotaExceeded,
        ("'ml.p3.2xlarge for spot training job usage' is 0", "https://eu-west-1.console.aws.amazon.com", "--no_spot"),
    ),
    "a quota of IAM's": (
        ("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", "CreateRole"),
        QuotaExceeded,
        ("RolesPerAccount", "--role_name"),
    ),
    "a quota of buckets": (("TooManyBuckets", "too many", "CreateBucket"), QuotaExceeded, ("--bucket_name",)),
    "expired": (("ExpiredToken", "The token included is expired", "GetObject"), NoCredentials, ("job-1 goes on",)),
    "expired of SageMaker's": (("ExpiredTokenException", "expired", "Describe"), NoCredentials, ("same command",)),
    "an unknown key": (("UnrecognizedClientException", "invalid", "X"), NoCredentials, ("get-caller-identity",)),
    "an image that is not there": (
        (
            "ValidationException",
            "Cannot find repository: mine in registry ID: 1 Please check if your ECR repository exists",
            "CreateTrainingJob",
        ),
        InputNotFound,
        ("mine", "--image_uri"),
    ),
    "an image tag that is not there": (
        (
            "ValidationException",
            "Requested image 1.dkr.ecr.eu-west-1.amazonaws.com/x:9 not found.",
            "CreateTrainingJob",
        ),
        InputNotFound,
        ("/x:9",),
    ),
    "a role without trust": (("ValidationException", ASSUME, "CreateTrainingJob"), AccessDenied, ("docs/aws.md",)),
    "a far bucket": (
        ("ValidationException", "The bucket x is not in region eu-west-1", "CreateTrainingJob"),
        UsageError,
        ("AWS_REGION",),
    ),
    "a redirect of S3's": (
        ("PermanentRedirect", "The bucket must be addressed using the specified endpoint", "GetObject"),
        UsageError,
        ("another region than eu-west-1",),
    ),
    "throttling": (("ThrottlingException", "Rate exceeded", "DescribeTrainingJob"), SsmError, ("in a minute",)),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_of_awss_is_told_with_advice(case: str) -> None:
    (code, message, operation), kind, said = ANSWERS[case]
    translated = explain(refusal(code, message, operation), region="eu-west-1", job="job-1")
    assert type(translated) is kind
    assert [one for one in said if one not in str(translated)] == []


UNANSWERED: dict[str, tuple[Exception, type[SsmError], str]] = {
    "sso": (botocore.UnauthorizedSSOTokenError(), NoCredentials, "aws sso login"),
    "sso never": (botocore.SSOTokenLoadError(error_msg="x"), NoCredentials, "aws sso login"),
    "sso of the new kind": (
        botocore.TokenRetrievalError(provider="sso", error_msg="x"),
        NoCredentials,
        "aws sso login",
    ),
    "a program's": (
        botocore.CredentialRetrievalError(provider="custom-process", error_msg="SECRET"),
        NoCredentials,
        "custom-process",
    ),
    "none": (botocore.NoCredentialsError(), NoCredentials, "aws configure"),
    "profile": (botocore.ProfileNotFound(profile="nosuch"), NoCredentials, "nosuch"),
    "region": (botocore.NoRegionError(), NoCredentials, "AWS_REGION"),
    "network": (
        botocore.EndpointConnectionError(endpoint_url="https://me:SECRET@sts.example.com/"),
        SsmError,
        "sts.example.com",
    ),
    "slow": (botocore.ReadTimeoutError(endpoint_url="https://sts.example.com"), SsmError, "sts.example.com"),
    "not renewed": (
        RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
        NoCredentials,
        "same command",
    ),
    "the store": (PermissionError("s3:PutObject was denied on s3://b/k"), AccessDenied, "s3://b/k"),
}


@pytest.mark.parametrize("case", UNANSWERED)
def test_what_went_wrong_before_an_answer_is_told_with_advice(case: str) -> None:
    error, kind, said = UNANSWERED[case]
    translated = explain(error)
    assert type(translated) is kind
    assert said in str(translated)
    assert "SECRET" not in str(translated)


@pytest.mark.parametrize(
    "error",
    [
        UsageError("ours"),
        ValueError("anything"),
        FileNotFoundError(2, "No such file", "x"),
        PermissionError(13, "Permission denied", "x"),
        refusal("ValidationException", "1 validation error detected"),
        refusal("ValidationException", "Requested resource not found.", "DescribeTrainingJob"),
        refusal("ResourceInUse", "taken"),
    ],
    ids=repr,
)
def test_what_is_no_refusal_of_awss_is_left_alone(error: Exception) -> None:
    assert explain(error) is None
    with pytest.raises(type(error)) as raised, translate_errors():
        raise error
    assert raised.value is error


def test_a_wrong_signature_does_not_repeat_what_was_signed() -> None:
    message = "The Canonical String for this request should have been 'POST x-amz-security-token:SECRET'"
    for code in ("SignatureDoesNotMatch", "InvalidSignatureException"):
        translated = explain(refusal(code, message, "GetCallerIdentity"))
        assert isinstance(translated, NoCredentials)
        assert "SECRET" not in str(translated)


def test_the_reason_is_kept() -> None:
    error = refusal("ThrottlingException")
    with pytest.raises(SsmError) as raised, translate_errors():
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    ("message", "soon"),
    [
        (ASSUME, True),
        ("The role does not have BatchGetImage permission for the image", True),
        ("1 validation error detected", False),
    ],
)
def test_a_role_just_made_is_known_by_what_sagemaker_says(message: str, soon: bool) -> None:
    assert is_unusable_role(refusal("ValidationException", message)) is soon
    assert not is_unusable_role(refusal("AccessDeniedException", message))


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "cn-north-1.console.amazonaws.cn/"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com/"),
        ("", "//console"),
    ],
)
def test_quotas_are_raised_where_the_region_is(region: str, host: str) -> None:
    assert host in str(explain(refusal("ResourceLimitExceeded", SPOT), region=region))
