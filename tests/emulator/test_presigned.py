"""Presigned URLs of both versions: what is wrong with one gets S3's own error, and nothing of it is done."""

from __future__ import annotations

import re
import time
import urllib.parse
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.auth import HmacV1Auth
from botocore.config import Config
from botocore.session import Session

from simple_sagemaker.emulator import presigned_v2
from tests.emulated import Emulator
from tests.emulator.raw import Raw, send
from tests.emulator.test_signatures import code_of

VERSIONS = ("s3", "s3v4")
MISMATCH = (403, "SignatureDoesNotMatch")
pytestmark = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture(scope="module", autouse=True)
def bucket(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="urls")
    s3.put_object(Bucket="urls", Key="k", Body=b"content")
    s3.put_object(Bucket="urls", Key="other", Body=b"other")


@cache
def signer(url: str, version: str, **keys: Any) -> Any:
    """A client of boto3, whose making takes a tenth of a second."""
    return boto3.Session(region_name="us-east-1", **keys).client(
        "s3", endpoint_url=url, config=Config(signature_version=version, s3={"addressing_style": "path"})
    )


def presign(
    emulator: Emulator,
    version: str,
    operation: str = "get_object",
    *,
    expires_s: int = 600,
    key: str = "k",
    **keys: Any,
) -> str:
    """The target of a presigned URL, by the printed keys unless others are given."""
    environment = emulator.environment
    given = {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        **keys,
    }
    client = signer(emulator.url, version, **given)
    named = {"Bucket": "urls"} if operation == "list_objects" else {"Bucket": "urls", "Key": key}
    url: str = client.generate_presigned_url(operation, Params=named, ExpiresIn=expires_s)
    return url.removeprefix(emulator.url)


def verdict(raw: Raw) -> tuple[int, str]:
    return raw.status, code_of(raw)


def test_a_url_reads_and_writes_what_it_is_for(emulator: Emulator, version: str) -> None:
    read = send(emulator, "GET", presign(emulator, version))
    assert (read.status, read.body) == (200, "content")
    written = send(emulator, "PUT", presign(emulator, version, "put_object", key="new"), body=b"new")
    assert written.status == 200
    assert emulator.client("s3").get_object(Bucket="urls", Key="new")["Body"].read() == b"new"
    assert send(emulator, "GET", presign(emulator, version, "list_objects")).status == 200


def test_a_wrong_secret_a_stranger_and_a_wrong_token_are_refused(emulator: Emulator, version: str) -> None:
    assert verdict(send(emulator, "GET", presign(emulator, version, aws_secret_access_key="wrong"))) == MISMATCH
    stranger = presign(emulator, version, aws_access_key_id="AKIASTRANGER")
    assert verdict(send(emulator, "GET", stranger)) == (403, "InvalidAccessKeyId")
    one = emulator.client("sts").get_session_token()["Credentials"]
    keys = {"aws_access_key_id": one["AccessKeyId"], "aws_secret_access_key": one["SecretAccessKey"]}
    assert (
        send(emulator, "GET", presign(emulator, version, **keys, aws_session_token=one["SessionToken"])).status == 200
    )
    other = presign(emulator, version, **keys, aws_session_token="other")
    assert verdict(send(emulator, "GET", other)) == (400, "InvalidToken")
    assert verdict(send(emulator, "GET", presign(emulator, version, **keys))) == (403, "InvalidAccessKeyId")


def test_a_url_that_is_over_is_refused_and_cannot_be_prolonged(emulator: Emulator, version: str) -> None:
    methods = {"get_object": "GET", "put_object": "PUT", "delete_object": "DELETE"}
    targets = {method: presign(emulator, version, operation, expires_s=1) for operation, method in methods.items()}
    if version == "s3v4":
        time.sleep(2.1)
    over = ""
    for method, target in targets.items():
        over = re.sub(r"Expires=\d{6,}", f"Expires={int(time.time()) - 5}", target)  # of version 2
        refused = send(emulator, method, over, body=b"written")
        assert verdict(refused) == (403, "AccessDenied")
        assert "<Message>Request has expired</Message>" in refused.body
    prolonged = re.sub(r"(Expires=)\d+", rf"\g<1>{int(time.time()) + 900 if version == 's3' else 900}", over)
    assert verdict(send(emulator, "DELETE", prolonged)) == MISMATCH
    assert emulator.client("s3").get_object(Bucket="urls", Key="k")["Body"].read() == b"content"


CHANGES: dict[str, Callable[[str], str]] = {
    "another key": lambda target: target.replace("/urls/k", "/urls/other"),
    "an operation": lambda target: f"{target}&acl",
    "a spelled operation": lambda target: f"{target}&%61cl",
    "uploads": lambda target: f"{target}&uploads",
    "a newer operation": lambda target: f"{target}&retention",
    "a newer operation, spelled": lambda target: f"{target}&legal%2Dhold=",
    "a version": lambda target: f"{target}&versionId=null",
    "a header of the answer": lambda target: f"{target}&response-content-type=text%2Fhtml",
    "an operation first": lambda target: target.replace("?", "?tagging&"),
    "the signature": lambda target: re.sub(r"(Signature=)([^&]{4})", r"\1AAAA", target),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_url_is_refused(emulator: Emulator, version: str, change: str) -> None:
    for operation, method in (("get_object", "GET"), ("put_object", "PUT"), ("delete_object", "DELETE")):
        changed = CHANGES[change](presign(emulator, version, operation))
        assert verdict(send(emulator, method, changed, body=b"changed")) == MISMATCH, operation
    assert emulator.client("s3").get_object(Bucket="urls", Key="k")["Body"].read() == b"content"


def test_a_url_is_for_one_method_and_its_signed_headers(emulator: Emulator, version: str) -> None:
    target = presign(emulator, version)
    for method in ("PUT", "DELETE", "POST", "HEAD"):
        assert send(emulator, method, target, body=b"changed" if method != "HEAD" else b"").status == 403
    put = presign(emulator, version, "put_object", key="copy")
    copied = send(emulator, "PUT", put, {"x-amz-copy-source": "/urls/other"})
    assert copied.status == 403
    assert "copy" not in {one["Key"] for one in emulator.client("s3").list_objects_v2(Bucket="urls")["Contents"]}


def test_a_signature_that_lacks_a_part_is_refused(emulator: Emulator, version: str) -> None:
    target = presign(emulator, version)
    path, _, query = target.partition("?")
    for name, _ in urllib.parse.parse_qsl(query):
        rest = "&".join(part for part in query.split("&") if not part.startswith(f"{name}="))
        refused = send(emulator, "GET", f"{path}?{rest}")
        assert refused.status == 403, name
        assert refused.body.startswith("<?xml"), name
        assert "content" not in refused.body
    if version == "s3":
        refused = send(emulator, "GET", re.sub(r"Expires=\d+", "Expires=soon", target))
        assert verdict(refused) == (403, "AccessDenied")
        assert "seconds since epoch" in refused.body


def test_a_url_of_s3_opens_no_other_service(emulator: Emulator, version: str) -> None:
    target = presign(emulator, version, "list_objects").replace("/urls?", "/?")
    headers = {"X-Amz-Target": "SageMaker.ListTrainingJobs", "Content-Type": "application/x-amz-json-1.1"}
    assert send(emulator, "POST", target, headers, b"{}").status == 403
    assert send(emulator, "GET", target.replace("/?", "/_ssm/requests?")).status == 403


def test_each_operation_that_version_2_does_not_sign_is_refused_there(version: str) -> None:
    """By the service's model: a parameter in an operation's address chooses it."""
    model = Session().get_service_model("s3")
    addresses = [model.operation_model(name).http["requestUri"] for name in model.operation_names]
    chosen = {part.partition("=")[0] for uri in addresses for part in uri.partition("?")[2].split("&") if part}
    unsigned = chosen - {*HmacV1Auth.QSAOfInterest} - {"list-type"}  # which lists the same, in another form
    assert unsigned <= presigned_v2._UNSIGNED_OPERATIONS, version
