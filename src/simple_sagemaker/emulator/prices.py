"""A small price list: the few prices that we have a source for, so that a command's question has an answer at once.

Dollars an hour in us-east-1, as AWS's list had them in August 2026; every other type has no entry.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

from __future__ import annotations

import json
from typing import Any

from .http import Answer, error_answer, json_answer

_SERVICE = "AmazonSageMaker"
_HOURLY = {"ml.m5.large": "0.1150000000", "ml.g5.2xlarge": "1.5150000000"}
_REGION, _USAGE = "us-east-1", "USE1"


def answer(operation: str, request: dict[str, Any]) -> Answer:
    """Answer an operation of the price list service."""
    if request.get("ServiceCode") not in {_SERVICE, None}:
        return error_answer("InvalidParameterException", f"The emulator has prices of {_SERVICE} only.", 400)
    if operation == "DescribeServices":
        names = sorted(_product("ml.m5.large")["product"]["attributes"])
        return _page({"Services": [{"ServiceCode": _SERVICE, "AttributeNames": names}]})
    if operation == "GetProducts":
        filters = {(one.get("Field"), one.get("Value")) for one in request.get("Filters") or ()}
        products = [_product(kind) for kind in _HOURLY]
        return _page({"PriceList": [json.dumps(product) for product in products if _matches(product, filters)]})
    return error_answer("UnknownOperationException", f"The emulator does not serve pricing.{operation}.", 400)


def _page(members: dict[str, Any]) -> Answer:
    return json_answer(200, json.dumps({"FormatVersion": "aws_v1", **members}).encode())


def _matches(product: dict[str, Any], filters: set[tuple[Any, Any]]) -> bool:
    attributes = product["product"]["attributes"]
    return all(attributes.get(name) == value for name, value in filters)


def _product(instance_type: str) -> dict[str, Any]:
    price = {
        "unit": "Hrs",
        "description": f"${_HOURLY[instance_type]} per {instance_type} hour",
        "beginRange": "0",
        "endRange": "Inf",
        "pricePerUnit": {"USD": _HOURLY[instance_type]},
    }
    attributes = {
        "servicecode": _SERVICE,
        "regionCode": _REGION,
        "component": "Training",
        "instanceName": instance_type,
        "instanceType": f"{instance_type}-Training",
        "usagetype": f"{_USAGE}-Train:{instance_type}",
    }
    sku = f"EMULATED-{instance_type}"
    return {
        "product": {"productFamily": "ML Instance", "sku": sku, "attributes": attributes},
        "serviceCode": _SERVICE,
        "terms": {"OnDemand": {f"{sku}.1": {"priceDimensions": {f"{sku}.1.1": price}}}},
    }
