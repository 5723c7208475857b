"""Errors in each protocol's form, read by botocore's own parsers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import OperationModel, StructureShape
from botocore.parsers import create_parser
from botocore.session import Session

from simple_sagemaker.emulator.error_forms import (
    failure_answer,
    form_of,
    not_implemented_answer,
    service_error,
    unknown_service_answer,
    without_html,
)
from simple_sagemaker.emulator.http import Answer

FORM_POST = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"HTTP_X_AMZ_TARGET": "SageMaker.ListTrainingJobs"}
CBOR = {"HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor"}
EACH: dict[str, tuple[dict[str, str], str, str]] = {
    "cbor": (CBOR, "monitoring", "smithy-rpc-v2-cbor"),
    "json": (JSON, "sagemaker", "json"),
    "query": (FORM_POST, "iam", "query"),
    "ec2": (FORM_POST, "ec2", "ec2"),
    "s3": ({"PATH_INFO": "/bucket/key"}, "s3", "rest-xml"),
    "rest-xml": ({"PATH_INFO": "/2013-04-01/hostedzone"}, "route53", "rest-xml"),
}
TEXT = 'no "such" <thing> & more: é' + "." * 300  # longer than one byte can count


def environ(values: dict[str, str]) -> dict[str, Any]:
    return {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "QUERY_STRING": "", **values}


def read(answer: Answer, protocol: str) -> tuple[str, str, int]:
    """What a client of botocore makes of an error: code, message and status."""
    status, headers, body = answer
    lengths = [int(value) for name, value in headers if name == "Content-Length"]
    assert lengths == [len(body)]
    by_name = {name.lower(): value for name, value in headers}
    response: dict[str, Any] = {"body": body, "headers": by_name, "status_code": int(status.split()[0])}
    model: OperationModel = Session().get_service_model("sagemaker").operation_model("ListTrainingJobs")
    shape = model.output_shape
    assert isinstance(shape, StructureShape)
    parsed = create_parser(protocol).parse(response, shape)
    return parsed["Error"]["Code"], parsed["Error"]["Message"], response["status_code"]


@pytest.mark.parametrize("form", EACH)
def test_a_client_reads_code_message_and_status(form: str) -> None:
    values, service, protocol = EACH[form]
    assert form_of(environ(values), service) == form
    for status in (400, 503):
        answer = service_error(environ(values), service, "SomeCode", TEXT, status)
        assert read(answer, protocol) == ("SomeCode", TEXT, status)


@pytest.mark.parametrize(
    ("form", "throttled", "broken"),
    [
        ("cbor", ("ThrottlingException", 400), ("InternalFailure", 500)),
        ("json", ("ThrottlingException", 400), ("InternalFailure", 500)),
        ("query", ("Throttling", 400), ("InternalFailure", 500)),
        ("ec2", ("Throttling", 400), ("InternalFailure", 500)),
        ("s3", ("SlowDown", 503), ("InternalError", 500)),
        ("rest-xml", ("Throttling", 400), ("InternalFailure", 500)),
    ],
)
def test_trouble_has_the_protocols_codes(form: str, throttled: tuple[str, int], broken: tuple[str, int]) -> None:
    values, service, protocol = EACH[form]
    for is_throttled, expected in ((True, throttled), (False, broken)):
        code, _, status = read(failure_answer(environ(values), service, throttled=is_throttled), protocol)
        assert (code, status) == expected


@pytest.mark.parametrize(
    ("values", "service", "form"),
    [
        ({}, "", "s3"),
        ({}, "ec2", "ec2"),
        ({}, "sts", "query"),
        ({}, "ecr", "json"),
        ({"PATH_INFO": "/_ssm/faults"}, "", "json"),
        ({"QUERY_STRING": "Action=GetCallerIdentity&Version=1"}, "", "query"),
        ({"QUERY_STRING": "prefix=x&Action=y"}, "other", "query"),
        ({"QUERY_STRING": "prefix=NoAction=y"}, "s3", "s3"),
        (CBOR | JSON, "logs", "cbor"),
    ],
)
def test_the_form_is_the_requests(values: dict[str, str], service: str, form: str) -> None:
    assert form_of(environ(values), service) == form


def test_what_is_not_served_is_named() -> None:
    code, message, status = read(unknown_service_answer(environ(JSON), "glue"), "json")
    assert (code, status) == ("UnknownOperationException", 400)
    assert "does not serve glue;" in message
    code, message, status = read(not_implemented_answer(environ(FORM_POST), "iam", "MakeIt"), "query")
    assert (code, message, status) == ("NotImplemented", "The emulator does not serve MakeIt.", 501)


HTML = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "6")]


def test_a_page_of_moto_becomes_the_services_error() -> None:
    page = ("404 Not Found", HTML, b"<html>")
    assert read(without_html(environ({}), "s3", page), "rest-xml")[::2] == ("NoSuchBucket", 404)
    assert read(without_html(environ(JSON), "logs", page), "json")[::2] == ("UnknownOperationException", 404)
    empty = ("405 Method Not Allowed", HTML, b"")
    assert read(without_html(environ({}), "s3", empty), "rest-xml")[::2] == ("MethodNotAllowed", 405)


@pytest.mark.parametrize(("form", "kind"), [("json", "application/x-amz-json-1.1"), ("query", "application/xml")])
def test_moto_names_the_services_type(form: str, kind: str) -> None:
    values, service, _ = EACH[form]
    for status in ("200 OK", "400 Bad Request"):
        _, headers, body = without_html(environ(values), service, (status, HTML, b"answer"))
        assert (dict(headers), body) == ({"Content-Type": kind, "Content-Length": "6"}, b"answer")


def test_an_objects_own_type_stays() -> None:
    page = ("200 OK", HTML, b"<html>")
    assert without_html(environ({}), "s3", page) == page
    text = ("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "6")], b"<html>")
    assert without_html(environ({}), "s3", text) == text
    head = without_html({**environ({}), "REQUEST_METHOD": "HEAD"}, "s3", ("404 Not Found", HTML, b""))
    assert (dict(head[1])["Content-Type"], head[2]) == ("application/xml", b"")


@pytest.mark.parametrize(
    ("environ", "service", "form"),
    [
        ({"HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor", "HTTP_X_AMZ_TARGET": "x"}, "", "cbor"),
        ({"HTTP_X_AMZ_TARGET": "SageMaker.ListTrainingJobs"}, "", "json"),
        ({"HTTP_X_AMZ_TARGET": "x", "CONTENT_TYPE": "application/x-www-form-urlencoded"}, "s3", "json"),
        ({"PATH_INFO": "/_ssm/requests"}, "", "json"),
        ({"PATH_INFO": "/_ssm"}, "", "s3"),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}, "", "query"),
        ({"QUERY_STRING": "Version=1&Action=ListUsers"}, "", "query"),
        ({"QUERY_STRING": "Action=ListUsers"}, "s3", "query"),
        ({"QUERY_STRING": "MyAction=x"}, "", "s3"),
        ({}, "ec2", "ec2"),
        ({}, "iam", "query"),
        ({}, "s3", "s3"),
        ({}, "", "s3"),
        ({}, "sagemaker", "json"),
    ],
)
def test_an_error_has_the_form_of_the_requests_protocol(environ: dict[str, str], service: str, form: str) -> None:
    assert form_of(environ, service) == form
