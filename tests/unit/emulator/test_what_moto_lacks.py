"""Small services and checks that moto lacks: pages of tags, prices, trust policies, documents in XML."""

from __future__ import annotations

import io
import json
from email.message import Message
from typing import Any

import pytest

from simple_sagemaker.emulator import prices, s3_requests, tagging
from simple_sagemaker.emulator.http import keep_raw
from simple_sagemaker.emulator.protocol import ServiceError
from simple_sagemaker.emulator.role_trust import _names


class TestPages:
    RESOURCES = tuple((f"arn:{number}", [{"Key": f"k{one}", "Value": "v"} for one in range(3)]) for number in range(5))

    def pages(self, **request: Any) -> list[list[str]]:
        """The ARNs of each page."""
        found: list[list[str]] = []
        token = ""
        while True:
            answer = tagging._page_of_resources([*self.RESOURCES], {**request, "PaginationToken": token})
            found.append([one["ResourceARN"] for one in answer["ResourceTagMappingList"]])
            token = answer["PaginationToken"]
            if not token:
                return found

    @pytest.mark.parametrize(
        ("request_", "sizes"),
        [
            ({}, [5]),
            ({"ResourcesPerPage": 2}, [2, 2, 1]),
            ({"ResourcesPerPage": 5}, [5]),
            ({"TagsPerPage": 6}, [2, 2, 1]),
            ({"TagsPerPage": 5}, [1, 1, 1, 1, 1]),
            ({"TagsPerPage": 1}, [1, 1, 1, 1, 1]),  # at least one
            ({"TagsPerPage": 100, "ResourcesPerPage": 3}, [3, 2]),
        ],
    )
    def test_all_resources_come_once_however_they_are_paged(self, request_: dict[str, Any], sizes: list[int]) -> None:
        found = self.pages(**request_)
        assert [len(page) for page in found] == sizes
        assert [arn for page in found for arn in page] == [arn for arn, _ in self.RESOURCES]

    def test_texts_come_in_order_a_hundred_at_once(self) -> None:
        texts = {f"{number:03}" for number in range(250)}
        first = tagging._page_of_texts("TagKeys", texts, {})
        second = tagging._page_of_texts("TagKeys", texts, {"PaginationToken": first["PaginationToken"]})
        third = tagging._page_of_texts("TagKeys", texts, {"PaginationToken": second["PaginationToken"]})
        assert [len(page["TagKeys"]) for page in (first, second, third)] == [100, 100, 50]
        assert first["TagKeys"] + second["TagKeys"] + third["TagKeys"] == sorted(texts)
        assert third["PaginationToken"] == ""
        assert (
            tagging._page_of_texts("TagKeys", {"a"} | texts - {"000"} - set(sorted(texts)[100:]), {})["PaginationToken"]
            == ""
        )

    @pytest.mark.parametrize("token", ["x", "-1", "1" * 10])
    def test_a_token_of_nobodys_is_refused(self, token: str) -> None:
        with pytest.raises(ServiceError, match="PaginationToken is not valid"):
            tagging._page_of_texts("TagKeys", ["a"], {"PaginationToken": token})

    @pytest.mark.parametrize(
        ("arn", "is_job"),
        [
            ("arn:aws:sagemaker:us-east-1:000000000000:training-job/x", True),
            ("arn:aws-cn:sagemaker:cn-north-1:000000000000:processing-job/x", True),
            ("arn:aws:sagemaker:us-east-1:000000000000:training-job/", False),
            ("arn:aws:sagemaker:us-east-1:000000000000:training-job/x/y", False),
            ("arn:aws:s3:::training-job/x", False),
        ],
    )
    def test_a_job_is_known_by_its_arn(self, arn: str, is_job: bool) -> None:
        assert (tagging._JOB.fullmatch(arn) is not None) == is_job


class TestPrices:
    def asked(self, operation: str, **request: Any) -> tuple[int, dict[str, Any]]:
        status, _, body = prices.answer(operation, request)
        return int(status.partition(" ")[0]), json.loads(body)

    def products(self, **filters: str) -> list[str]:
        request = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()]
        status, answer = self.asked("GetProducts", ServiceCode="AmazonSageMaker", Filters=request)
        assert (status, answer["FormatVersion"]) == (200, "aws_v1")
        return [json.loads(one)["product"]["attributes"]["instanceName"] for one in answer["PriceList"]]

    def test_products_are_those_that_every_filter_fits(self) -> None:
        assert self.products() == ["ml.m5.large", "ml.g5.2xlarge"]
        assert self.products(instanceName="ml.m5.large") == ["ml.m5.large"]
        assert self.products(instanceName="ml.m5.large", component="Hosting") == []
        assert self.products(regionCode="eu-west-1") == []

    def test_a_price_is_dollars_an_hour(self) -> None:
        _, answer = self.asked("GetProducts", Filters=[{"Field": "instanceName", "Value": "ml.m5.large"}])
        (term,) = json.loads(answer["PriceList"][0])["terms"]["OnDemand"].values()
        (price,) = term["priceDimensions"].values()
        assert (price["unit"], price["pricePerUnit"]) == ("Hrs", {"USD": "0.1150000000"})

    def test_its_service_is_listed_and_no_other(self) -> None:
        status, answer = self.asked("DescribeServices")
        (service,) = answer["Services"]
        assert (status, service["ServiceCode"]) == (200, "AmazonSageMaker")
        assert {"regionCode", "component", "instanceName"} <= set(service["AttributeNames"])
        assert self.asked("DescribeServices", ServiceCode="AmazonEC2")[0] == 400
        assert self.asked("ListPriceLists")[0] == 400


USER = "arn:aws:iam::111122223333:user/me"
SESSION = "arn:aws:sts::111122223333:assumed-role/worker/session"


@pytest.mark.parametrize(
    ("principal", "caller", "is_named"),
    [
        ("*", USER, True),
        ({"AWS": "*"}, USER, True),
        ({"AWS": USER}, USER, True),
        ({"AWS": [USER, "x"]}, USER, True),
        ({"AWS": "111122223333"}, USER, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, USER, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, USER, False),
        ({"AWS": USER[:-1]}, USER, False),
        ({"AWS": "arn:aws:iam::111122223333:role/worker"}, SESSION, True),
        ({"AWS": "arn:aws:iam::111122223333:role/other"}, SESSION, False),
        ({"AWS": SESSION}, SESSION, True),
        ({"Service": "sagemaker.amazonaws.com"}, USER, False),
        (None, USER, False),
        ("sagemaker.amazonaws.com", USER, False),
    ],
)
def test_whom_a_trust_policy_names(principal: Any, caller: str, is_named: bool) -> None:
    assert _names(principal, caller) == is_named


def s3(method: str, target: str, **headers: str) -> dict[str, Any]:
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    environ |= {"HTTP_HOST": "localhost:5000", "SERVER_NAME": "localhost", "SERVER_PORT": "5000"}
    environ |= {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), **headers}
    keep_raw(environ, Message(), target)
    return environ


class Platform:
    """What a caller has to be allowed."""

    def __init__(self) -> None:
        self.required: list[tuple[str, str]] = []

    def require(self, action: str, resource: str, environ: object) -> None:
        self.required.append((action, resource))


class Aws:
    """Moto, which is not asked here."""


def checked(environ: dict[str, Any], body: bytes = b"") -> list[tuple[str, str]]:
    """What has to be allowed for a request."""
    platform: Any = Platform()
    aws: Any = Aws()
    s3_requests.check(environ, body, aws, platform)
    required: list[tuple[str, str]] = platform.required
    return required


class TestS3:
    @pytest.mark.parametrize("name", ["partNumber", "part-number-marker", "max-parts", "max-keys", "max-uploads"])
    def test_numbers_are_numbers(self, name: str) -> None:
        checked(s3("GET", f"/bucket?{name}=123456789"))
        checked(s3("GET", f"/bucket?{name}="))
        for value in ("1234567890", "-1", "x", "1.5"):
            with pytest.raises(ServiceError, match=f"Provided {name} not an integer"):
                checked(s3("GET", f"/bucket?{name}={value}"))

    @pytest.mark.parametrize(
        ("source", "required"),
        [
            ("/from/a/b%20c", ("s3:GetObject", "arn:aws:s3:::from/a/b c")),
            ("from/key", ("s3:GetObject", "arn:aws:s3:::from/key")),
            ("from/key?versionId=1", ("s3:GetObjectVersion", "arn:aws:s3:::from/key")),
        ],
    )
    def test_who_copies_may_read_the_source(self, source: str, required: tuple[str, str]) -> None:
        assert checked(s3("PUT", "/to/key", HTTP_X_AMZ_COPY_SOURCE=source)) == [required]

    @pytest.mark.parametrize("source", ["", "bucket", "/bucket/", "//key", "/"])
    def test_a_source_without_bucket_or_key_is_refused(self, source: str) -> None:
        with pytest.raises(ServiceError, match="Invalid copy source object key"):
            checked(s3("PUT", "/to/key", HTTP_X_AMZ_COPY_SOURCE=source))

    @pytest.mark.parametrize(
        ("method", "target", "has_one"),
        [
            ("PUT", "/b/key?tagging", True),
            ("PUT", "/b/key?acl", True),
            ("PUT", "/b/key", False),
            ("PUT", "/b/key?partNumber=1", False),
            ("POST", "/b/key?uploadId=x", True),
            ("POST", "/b/key?tagging", False),
            ("PUT", "/b?versioning", True),
            ("PUT", "/b", True),
            ("PUT", "/b?policy", False),
            ("POST", "/b?delete", True),
            ("POST", "/b", False),
            ("GET", "/b/key?tagging", False),
            ("DELETE", "/b?delete", False),
        ],
    )
    def test_only_documents_are_read_as_such(self, method: str, target: str, has_one: bool) -> None:
        assert s3_requests.has_document(s3(method, target), b"<a/>") == has_one
        assert not s3_requests.has_document(s3(method, target), b" \n")
        streamed = s3(method, target, HTTP_X_AMZ_CONTENT_SHA256="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        assert not s3_requests.has_document(streamed, b"<a/>")

    @pytest.mark.parametrize(
        ("body", "is_taken"),
        [
            (b"<a><b/></a>", True),
            (b"<a>" * 100 + b"</a>" * 100, True),
            (b"<a>" * 101 + b"</a>" * 101, False),
            (b"<a>" + b"<b/>" * 500 + b"</a>", True),  # beside each other
            (b"<a>", False),
            (b"no document", False),
            (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', False),
            (b"<!DOCTYPE a><a/>", False),
            (b'<?xml version="1.0" encoding="nosuch"?><a/>', False),
        ],
    )
    def test_documents_are_shallow_whole_and_name_nothing_outside(self, body: bytes, is_taken: bool) -> None:
        if is_taken:
            checked(s3("POST", "/b?delete"), body)
            return
        with pytest.raises(ServiceError, match="not well-formed") as refused:
            checked(s3("POST", "/b?delete"), body)
        assert refused.value.code == "MalformedXML"

    def test_a_policy_is_json(self) -> None:
        checked(s3("PUT", "/b?policy"), b'{"Statement": []}')
        with pytest.raises(ServiceError, match="Policies must be valid JSON"):
            checked(s3("PUT", "/b?policy"), b"{")
        checked(s3("PUT", "/b/policy"), b"{")  # an object of that name
        checked(s3("GET", "/b?policy"), b"")

    @pytest.mark.parametrize(("number", "is_taken"), [("0", False), ("1", True), ("10000", True), ("10001", False)])
    def test_a_part_has_a_number_up_to_ten_thousand(self, number: str, is_taken: bool) -> None:
        platform: Any = Platform()
        query = {"partNumber": [number], "uploadId": ["x"]}
        if is_taken:
            s3_requests._check_part(s3("PUT", "/b/k"), query, "arn", platform)
        else:
            with pytest.raises(ServiceError, match="between 1 and 10000, inclusive"):
                s3_requests._check_part(s3("PUT", "/b/k"), query, "arn", platform)

    @pytest.mark.parametrize(
        ("method", "action"),
        [
            ("GET", "s3:ListMultipartUploadParts"),
            ("DELETE", "s3:AbortMultipartUpload"),
            ("POST", "s3:PutObject"),
            ("PUT", "s3:PutObject"),
        ],
    )
    def test_each_act_on_an_upload_has_its_permission(self, method: str, action: str) -> None:
        platform: Any = Platform()
        s3_requests._check_part(s3(method, "/b/k"), {"partNumber": ["1"]}, "arn", platform)
        assert platform.required == [(action, "arn")]
