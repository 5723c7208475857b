"""AWS's JSON protocol: requests read, operations called, errors and answers in its form; the price list by it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.emulator import prices
from simple_sagemaker.emulator.protocol import ServiceError, call, decode, encode


def test_members_that_are_null_are_left_out_at_every_depth() -> None:
    body = b'{"a": null, "b": [1, null, {"c": null, "d": false}], "e": {"f": 0}}'
    assert decode(body) == {"b": [1, {"d": False}], "e": {"f": 0}}
    assert decode(b"") == {}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "is nested too deeply"),
    ],
)
def test_a_body_that_is_no_request_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ServiceError, match=why) as refused:
        decode(body)
    assert (refused.value.code, refused.value.status) == ("SerializationException", 400)
    assert decode(b'{"a":' * 199 + b"1" + b"}" * 199)


def test_an_operation_gets_its_members_and_its_answer_is_without_boto3s() -> None:
    def describe(**request: Any) -> Any:
        return {**request, "ResponseMetadata": {}}

    assert call({"Describe": describe}, "Describe", {"A": 1}) == {"A": 1}


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("CreateEndpoint", "There are no endpoints"),
        ("CreatePipeline", "There are no pipelines"),
        ("CreateModelPackage", "There is no model registry"),
        ("CreateApp", "and the names of experiments and trials."),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is_instead(name: str, instead: str) -> None:
    with pytest.raises(ServiceError, match=f"The emulator does not serve {name}; ") as refused:
        call({}, name, {})
    assert refused.value.code == "UnknownOperationException"
    assert instead in str(refused.value)


def test_the_services_own_errors_are_passed_on_and_faults_are_not_hidden() -> None:
    def refuses(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ResourceInUse", "Message": "taken"}}, "Create")

    def breaks(**_: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ServiceError, match="taken") as refused:
        call({"Create": refuses}, "Create", {})
    assert refused.value.code == "ResourceInUse"
    with pytest.raises(ZeroDivisionError):
        call({"Create": breaks}, "Create", {})


def test_times_are_seconds_since_the_epoch() -> None:
    moment = datetime(1970, 1, 2, tzinfo=timezone.utc)
    assert encode({"At": moment, "N": 1}) == b'{"At": 86400.0, "N": 1}'
    with pytest.raises(TypeError):
        encode({"At": object()})


def asked(operation: str, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    status, _, body = prices.answer(operation, request)
    return status, json.loads(body)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], ["ml.m5.large", "ml.g5.2xlarge"]),
        ([("instanceName", "ml.g5.2xlarge")], ["ml.g5.2xlarge"]),
        ([("instanceName", "ml.g5.2xlarge"), ("regionCode", "us-east-1")], ["ml.g5.2xlarge"]),
        ([("instanceName", "ml.g5.2xlarge"), ("regionCode", "eu-west-1")], []),
    ],
)
def test_prices_are_found_by_all_filters_together(filters: list[tuple[str, str]], found: list[str]) -> None:
    request = {
        "ServiceCode": "AmazonSageMaker",
        "Filters": [{"Field": name, "Value": value} for name, value in filters],
    }
    status, answer = asked("GetProducts", request)
    products = [json.loads(one) for one in answer["PriceList"]]
    assert status == "200 OK"
    assert [one["product"]["attributes"]["instanceName"] for one in products] == found
    dollars = {"ml.m5.large": 0.115, "ml.g5.2xlarge": 1.515}
    for product in products:
        (term,) = product["terms"]["OnDemand"].values()
        (price,) = term["priceDimensions"].values()
        assert float(price["pricePerUnit"]["USD"]) == dollars[product["product"]["attributes"]["instanceName"]]


def test_the_price_list_is_sagemakers_alone() -> None:
    status, answer = asked("GetProducts", {"ServiceCode": "AmazonEC2"})
    assert (status, answer["__type"]) == ("400 Bad Request", "InvalidParameterException")
    assert asked("GetAttributeValues", {})[1]["__type"] == "UnknownOperationException"
    (service,) = asked("DescribeServices", {})[1]["Services"]
    assert service["ServiceCode"] == "AmazonSageMaker"
    assert "instanceName" in service["AttributeNames"]
