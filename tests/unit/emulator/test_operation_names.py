# ruff: noqa: E501 - a row a line
"""What a request is called, by which it is counted, and by which IAM is asked."""

from __future__ import annotations

import pytest

from simple_sagemaker.emulator.operation_names import RequestCounts, operation_name, signer
from simple_sagemaker.emulator.role_trust import _names


def signed(service: str) -> dict[str, str]:
    scope = f"AKIAUSER/20300131/eu-west-1/{service}/aws4_request"
    return {"HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"}


def test_the_signer_is_in_the_header() -> None:
    assert signer(signed("iam")) == ("AKIAUSER", "eu-west-1", "iam")
    assert signer({}) == signer({"HTTP_AUTHORIZATION": "Basic x"}) == ("", "", "")


@pytest.mark.parametrize(
    ("method", "path", "query", "name"),
    [
        ("GET", "/", "", "ListBuckets"),
        ("GET", "/b", "", "ListObjectsV2"),
        ("GET", "/b/", "list-type=2&prefix=x", "ListObjectsV2"),
        ("PUT", "/b", "", "CreateBucket"),
        ("HEAD", "/b", "", "HeadBucket"),
        ("DELETE", "/b", "", "DeleteBucket"),
        ("POST", "/b", "delete", "DeleteObjects"),
        ("GET", "/b", "location", "GetBucketLocation"),
        ("PUT", "/b", "publicAccessBlock=", "PutBucketPublicAccessBlock"),
        ("GET", "/b/k", "", "GetObject"),
        ("GET", "/b/a/k", "acl", "GetObject"),
        ("POST", "/b/k", "uploads", "PostObject"),
    ],
)
def test_requests_of_s3_are_named_by_what_they_are_about(method: str, path: str, query: str, name: str) -> None:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    assert operation_name({**environ, **signed("s3")}, b"") == f"s3.{name}"
    assert operation_name(environ, b"") == f"s3.{name}"  # without a signature it is taken for S3's


@pytest.mark.parametrize(
    ("service", "environ", "body", "name"),
    [
        ("sagemaker", {"HTTP_X_AMZ_TARGET": "SageMaker.ListTrainingJobs"}, b"", "sagemaker.ListTrainingJobs"),
        ("logs", {"HTTP_X_AMZ_TARGET": "Logs_20140328.GetLogEvents"}, b"", "logs.GetLogEvents"),
        ("monitoring", {"PATH_INFO": "/service/GraniteServiceVersion20100801/operation/PutMetricData"}, b"", "monitoring.PutMetricData"),
        ("sagemaker", {"PATH_INFO": "/endpoints/x/invocations"}, b"", "sagemaker.InvokeEndpoint"),
        ("sagemaker", {"PATH_INFO": "/endpoints/x/async-invocations"}, b"", "sagemaker.InvokeEndpointAsync"),
        ("sagemaker", {"PATH_INFO": "/BatchPutMetrics"}, b"", "sagemaker.BatchPutMetrics"),
        ("iam", {"PATH_INFO": "/"}, b"Action=GetRole&RoleName=x", "iam.GetRole"),
        ("iam", {"PATH_INFO": "/"}, b"", "iam.?"),
    ],
)  # fmt: skip
def test_requests_of_other_services_are_named_by_their_protocol(
    service: str, environ: dict[str, str], body: bytes, name: str
) -> None:
    assert operation_name({"REQUEST_METHOD": "POST", **environ, **signed(service)}, body) == name


def test_calls_are_counted_until_somebody_begins_anew() -> None:
    counts = RequestCounts()
    for name in ("a", "b", "a"):
        counts.add(name)
    assert counts.read(reset=False) == counts.read(reset=True) == {"a": 2, "b": 1}
    assert counts.read(reset=False) == {}


ACCOUNT = "123456789012"
USER, SESSION = f"arn:aws:iam::{ACCOUNT}:user/me", f"arn:aws:sts::{ACCOUNT}:assumed-role/trainer/session"


@pytest.mark.parametrize(
    ("principal", "caller", "is_named"),
    [
        ("*", USER, True),
        ({"AWS": "*"}, USER, True),
        ({"AWS": ACCOUNT}, USER, True),
        ({"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}, SESSION, True),
        ({"AWS": USER}, USER, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/trainer"}, SESSION, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}, SESSION, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/trainer"}, USER, False),
        ({"AWS": ["999999999999"]}, USER, False),
        ({"Service": "sagemaker.amazonaws.com"}, USER, False),
        ({}, USER, False),
        (None, USER, False),
    ],
)
def test_a_trust_policy_names_its_callers(principal: object, caller: str, is_named: bool) -> None:
    assert _names(principal, caller) is is_named
