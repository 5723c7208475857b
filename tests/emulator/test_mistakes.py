"""Signed requests with a mistake get AWS's own error, never a 500."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator
from tests.emulator.raw import send, signed
from tests.emulator.test_signatures import FORM, TARGET, code_of

BOMB = (
    b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'
)
DOCUMENTS = {
    "entities": BOMB,
    "doctype": b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><Delete/>',
    "no end": b"<Delete>",
    "no XML": b"{}",
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "other": b"<Other/>",
}
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture(scope="module")
def s3(emulator: Emulator) -> Any:
    client = emulator.client("s3")
    for bucket in ("first", "second"):
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket="first", Key="k", Body=b"x")
    return client


def test_parts_of_another_upload_are_unknown(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="first", Key="k")["UploadId"]
    other = s3.create_multipart_upload(Bucket="second", Key="k")["UploadId"]
    right = {"Bucket": "first", "Key": "k", "UploadId": upload}
    etag = s3.upload_part(**right, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"ETag": etag, "PartNumber": 1}]}
    for change in ({"UploadId": "unknown"}, {"UploadId": other}, {"Key": "another"}, {"Bucket": "second"}):
        calls: tuple[Callable[[Any], object], ...] = (
            lambda wrong: s3.upload_part(**wrong, PartNumber=1, Body=b"x"),
            lambda wrong: s3.upload_part_copy(**wrong, PartNumber=1, CopySource="first/k"),
            lambda wrong: s3.complete_multipart_upload(**wrong, MultipartUpload=parts),
            lambda wrong: s3.list_parts(**wrong),
            lambda wrong: s3.abort_multipart_upload(**wrong),
        )
        for call in calls:
            with pytest.raises(ClientError) as unknown:
                call(right | change)
            assert unknown.value.response["Error"]["Code"] == "NoSuchUpload", change
            assert unknown.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    for number in (0, 10_001):
        with pytest.raises(ClientError) as invalid:
            s3.upload_part(**right, PartNumber=number, Body=b"x")
        assert invalid.value.response["Error"]["Code"] == "InvalidArgument"
    s3.complete_multipart_upload(**right, MultipartUpload=parts)
    assert s3.get_object(Bucket="first", Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_xml_that_cannot_be_used_is_malformed(emulator: Emulator, s3: Any, document: str) -> None:
    body = DOCUMENTS[document]
    upload = s3.create_multipart_upload(Bucket="first", Key="k")["UploadId"]
    targets = [("POST", "/first?delete="), ("PUT", "/first/k?tagging="), ("POST", f"/first/k?uploadId={upload}")]
    if document != "other":
        targets += [("PUT", "/third"), ("PUT", "/first?tagging="), ("PUT", "/first?cors=")]
    for method, target in targets:
        refused = send(emulator, method, target, signed(emulator, "s3", method, target, {}, body), body)
        assert (refused.status, code_of(refused)) == (400, "MalformedXML"), (method, target)
    s3.put_object(Bucket="first", Key="document", Body=body)  # the bytes of an object are anybody's


def test_json_of_any_depth_is_refused(emulator: Emulator, s3: Any) -> None:
    for depth in (DEEP, b'{"a":' + DEEP + b"}", b'{"a":' + b"[" * 500 + b"]" * 500 + b"}"):
        for service, target in (
            ("sagemaker", "SageMaker.ListTrainingJobs"),
            ("logs", "Logs_20140328.DescribeLogGroups"),
            ("pricing", "AWSPriceListService.GetProducts"),
        ):
            headers = signed(emulator, service, "POST", "/", TARGET | {"X-Amz-Target": target}, depth)
            refused = send(emulator, "POST", "/", headers, depth)
            assert (refused.status, code_of(refused)) == (400, "SerializationException")
    body = b"Action=CreatePolicy&Version=2010-05-08&PolicyName=x&PolicyDocument=" + DEEP
    refused = send(emulator, "POST", "/", signed(emulator, "iam", "POST", "/", FORM, body), body)
    assert refused.status == 400
    policy = signed(emulator, "s3", "PUT", "/first?policy=", {}, DEEP)
    refused = send(emulator, "PUT", "/first?policy=", policy, DEEP)
    assert (refused.status, code_of(refused)) == (400, "MalformedPolicy")


@pytest.mark.parametrize("number", ["x", "9" * 5000, "-1"])
def test_numbers_that_are_none_are_refused(emulator: Emulator, s3: Any, number: str) -> None:
    upload = s3.create_multipart_upload(Bucket="first", Key="k")["UploadId"]
    for method, target in (
        ("GET", f"/first?list-type=2&max-keys={number}"),
        ("PUT", f"/first/k?uploadId={upload}&partNumber={number}"),
        ("GET", f"/first/k?uploadId={upload}&max-parts={number}"),
    ):
        refused = send(emulator, method, target, signed(emulator, "s3", method, target))
        assert (refused.status, code_of(refused)) == (400, "InvalidArgument"), target
    body = json.dumps({"ResourceTypeFilters": ["sagemaker:training-job"], "PaginationToken": number}).encode()
    tagging = TARGET | {"X-Amz-Target": "ResourceGroupsTaggingAPI_20170126.GetResources"}
    headers = signed(emulator, "tagging", "POST", "/", tagging, body)
    assert send(emulator, "POST", "/", headers, body).status == 400
    for plan in (f"seed={number}", f"slow=0.1:{number}x"):
        body = plan.encode()
        headers = signed(emulator, "sagemaker", "POST", "/_ssm/faults", {}, body)
        assert send(emulator, "POST", "/_ssm/faults", headers, body).status == 400
