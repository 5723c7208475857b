"""AWS's errors in our words, whole: who may not do what, which quota it is, what goes on, and where it is cut."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as botocore
import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core import aws_errors
from simple_sagemaker.core.aws_errors import Denied, explain, service_message, translate_all_errors
from simple_sagemaker.errors import AccessDenied, InputNotFound, NoCredentials, QuotaExceeded, SsmError, UsageError
from tests.unit.tasks.service import refused

ME = "arn:aws:iam::1:user/me"
AGAIN = "Renew them and run the same command again: a job already started goes on, and is joined."


def told(code: str, message: str, operation: str, region: str = "eu-west-1", job: str = "") -> SsmError:
    found = explain(refused(code, message, operation), region=region, job=job)
    assert found
    return found


@pytest.mark.parametrize(
    ("operation", "message", "text"),
    [
        (
            "CreateRole",
            f"User: {ME} is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::1:role/r.",
            (
                f"Not allowed: {ME} may not iam:CreateRole on arn:aws:iam::1:role/r.\n"
                'Ask for: {"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "arn:aws:iam::1:role/r"}\n'
                "Or name an existing role (--role_name)."
            ),
        ),
        (
            "ListObjectsV2",
            "Access Denied",
            (
                "Not allowed: the caller may not s3:ListBucket.\n"
                'Ask for: {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}'
            ),
        ),
        (
            "Unheard",
            "no",
            (
                'Not allowed: the caller may not Unheard.\nAsk for: {"Effect": "Allow", "Action": "Unheard", '
                '"Resource": "*"}'
            ),
        ),
        (
            "HeadObject",
            "an explicit deny",
            (
                "Not allowed: the caller may not s3:GetObject.\n"
                "A policy denies it explicitly, and no other policy can override that: an explicit deny"
            ),
        ),
    ],
)
def test_who_may_not_do_what_and_what_to_ask_for(operation: str, message: str, text: str) -> None:
    found = told("AccessDenied", message, operation)
    assert (type(found), str(found)) == (AccessDenied, text)


LIMIT = "The account-level service limit 'ml.p3.2xlarge for {}training job usage' is 2 Instances"


@pytest.mark.parametrize("spot", ["spot ", ""])
@pytest.mark.parametrize("region", ["eu-west-1", ""])
def test_a_jobs_quota_is_named_with_how_to_raise_it(spot: str, region: str) -> None:
    found = told("ResourceLimitExceeded", LIMIT.format(spot), "CreateTrainingJob", region)
    lines = str(found).splitlines()
    name = f"ml.p3.2xlarge for {spot}training job usage"
    assert type(found) is QuotaExceeded
    assert lines[:2] == [f"The account's quota does not allow this job: '{name}' is 2.", LIMIT.format(spot)]
    at = " --region eu-west-1" if region else ""
    assert lines[3] == (
        f"aws service-quotas list-service-quotas --service-code sagemaker{at} "
        f"--query \"Quotas[?QuotaName=='{name}'].[QuotaCode,Value]\""
    )
    assert lines[4].startswith(
        f"aws service-quotas request-service-quota-increase --service-code sagemaker{at} --quota"
    )
    assert [line for line in lines if "without spot" in line] == (
        ["Machines without spot have a quota of their own: --no_spot."] if spot else []
    )


@pytest.mark.parametrize(
    ("operation", "use"),
    [
        ("CreateBucket", "Use an existing one (--bucket_name)"),
        ("CreateRepository", "Use an existing one (--aws_repo_name)"),
        ("CreateRole", "Use an existing one (--role_name)"),
        ("PutRolePolicy", "Use an existing one (--role_name)"),
        ("CreateProcessingJob", "Use fewer at once"),
        ("CreateTrainingJob", "Use fewer at once"),
    ],
)
def test_another_quota_is_told_with_what_to_use(operation: str, use: str) -> None:
    message = LIMIT.format("") if operation == "CreateProcessingJob" else "too many"
    text = str(told("LimitExceeded", message, operation))
    assert text.startswith(
        f"{operation} would go beyond a quota of the account: {message}\n{use}, or raise it: https://"
    )


@pytest.mark.parametrize("job", ["j", ""])
def test_what_goes_on_is_said_where_a_job_runs(job: str) -> None:
    goes_on = "The job j goes on: the same command joins it." if job else ""
    renew = f"The job {job} goes on. Renew them and run the same command again: it joins the job." if job else AGAIN
    assert str(told("ExpiredToken", "x", "GetObject", job=job)) == f"The credentials have expired.\n{renew}"
    throttled = str(told("ThrottlingException", "x", "Search", job=job)).splitlines()
    assert throttled == [
        "AWS answered Search with ThrottlingException, however often it was tried.",
        f"Many calls of this account come at once: try again in a minute. {goes_on}".rstrip(),
    ]
    invalid = str(told("InvalidToken", "secret", "Search", job=job))
    assert "secret" not in invalid
    assert invalid.startswith("AWS does not accept the credentials (InvalidToken).\nCheck them")
    assert invalid.endswith(f"for the account.\n{goes_on}" if job else "for the account.")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            botocore.NoCredentialsError(),
            NoCredentials,
            "Unable to locate credentials.\nConfigure credentials: aws configure",
        ),
        (
            botocore.ProfileNotFound(profile="x"),
            NoCredentials,
            "The config profile (x) could not be found.\nCheck AWS_PROFILE",
        ),
        (botocore.NoRegionError(), NoCredentials, "No region of AWS is set.\nSet one: AWS_REGION=us-east-1"),
        (
            botocore.EndpointConnectionError(endpoint_url="https://me:secret@host:1/x"),
            SsmError,
            "AWS could not be reached at host (EndpointConnectionError).\nCheck the network",
        ),
        (
            botocore.HTTPClientError(error=OSError("x")),
            SsmError,
            "AWS could not be reached (HTTPClientError).\nCheck the network, the region and AWS_ENDPOINT_URL.",
        ),
        (
            botocore.CredentialRetrievalError(provider="a process", error_msg="x"),
            NoCredentials,
            f"Could not get credentials from a process.\n{AGAIN}",
        ),
        (
            botocore.UnauthorizedSSOTokenError(),
            NoCredentials,
            f"You are not signed in to AWS any more: aws sso login.\n{AGAIN}",
        ),
        (
            RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
            NoCredentials,
            f"The credentials have expired.\n{AGAIN}",
        ),
        (
            Denied("access denied: s3:GetObject on s3://b/k", "AccessDenied"),
            AccessDenied,
            "access denied: s3:GetObject on",
        ),
        (Denied("access denied", "ExpiredToken"), NoCredentials, "The credentials have expired.\n"),
        (PermissionError("s3:PutObject"), AccessDenied, "s3:PutObject\nAsk for that action, or name a bucket"),
    ],
)
def test_what_came_without_an_answer_is_told(error: Exception, kind: type[SsmError], text: str) -> None:
    found = explain(error)
    assert type(found) is kind
    assert str(found).startswith(text)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("other"),
        ValueError("refreshed credentials are still expired"),
        PermissionError(13, "Permission denied"),
        SsmError("ours"),
        refused("ValidationException", "something else", "CreateTrainingJob"),
        refused("ValidationException", "image x not found", "DescribeTrainingJob"),
    ],
)
def test_what_is_not_known_is_left_as_it_is(error: Exception) -> None:
    assert explain(error, region="r") is None
    with pytest.raises(type(error)) as caught, aws_errors.translate_errors():
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("code", "message", "operation", "kind"),
    [
        ("DamagedJob", "its files are damaged", "DescribeTrainingJob", SsmError),
        ("ValidationException", "No S3 objects found under s3://b/", "CreateTrainingJob", InputNotFound),
        ("ValidationException", "repository x does not exist", "CreateProcessingJob", InputNotFound),
        ("301", "moved", "GetObject", UsageError),
        ("AuthorizationHeaderMalformed", "x", "GetObject", UsageError),
    ],
)
def test_other_answers_have_a_kind_of_their_own(code: str, message: str, operation: str, kind: type[SsmError]) -> None:
    found = told(code, message, operation)
    assert type(found) is kind
    assert message in str(found)


def test_the_region_of_a_far_bucket_is_told_if_it_is_known() -> None:
    assert str(told("301", "moved", "GetObject")).startswith("A bucket is in another region than eu-west-1: moved\n")
    assert str(told("301", "moved", "GetObject", "")).startswith("A bucket is in another region than the job: moved\n")


@pytest.mark.parametrize(("length", "is_cut"), [(600, False), (601, True)])
def test_a_long_message_is_cut(length: int, is_cut: bool) -> None:
    text = str(told("301", "m" * length, "GetObject")).splitlines()[0]
    assert text.endswith("m" * 600 + (" …" if is_cut else ""))
    assert text.count("m") - "A bucket is in another region than eu-west-1: ".count("m") == 600


@pytest.mark.parametrize(
    ("operation", "message", "line"),
    [
        ("CreateTrainingJob", "no", "SageMaker refused CreateTrainingJob: no (Odd)"),
        ("GetObject", "no", "AWS refused GetObject: no (Odd)"),
        ("GetObject", "m" * 400, f"AWS refused GetObject: {'m' * 400} (Odd)"),
        ("GetObject", "m" * 401, f"AWS refused GetObject: {'m' * 400} … (Odd)"),
    ],
)
def test_any_other_refusal_is_a_line(operation: str, message: str, line: str) -> None:
    error = refused("Odd", message, operation)
    assert service_message(error) == line
    with pytest.raises(SsmError) as caught, translate_all_errors():
        raise error
    assert (str(caught.value), caught.value.__cause__) == (line, error)


def test_what_is_no_refusal_at_all_is_raised_as_it_is() -> None:
    error: Any = ValueError("x")
    assert service_message(error) is None
    with pytest.raises(ValueError, match="x"), translate_all_errors():
        raise error
    with pytest.raises(AccessDenied), translate_all_errors():
        raise refused("AccessDenied", "x", "GetObject")
    assert isinstance(refused("x", "y", "z"), ClientError)
