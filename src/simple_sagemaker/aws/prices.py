"""The price of a machine, from AWS's price list: requested once at the end of a job, and only for a moment."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from ..core.retries import NO_RETRIES

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_pricing.type_defs import FilterTypeDef

# One of its three endpoints; each answers for all regions of the partition "aws":
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
_HOME = "us-east-1"
_LONGEST_S = 2.0
_CONFIG = Config(connect_timeout=1, read_timeout=1, retries=NO_RETRIES)


def asker(session: boto3.Session, *, region: str) -> Callable[[str], float | None]:
    """Return a function for the training price of an instance type in the region, in dollars an hour.

    It returns None without an answer within 2 seconds, and never raises: without permission there is no price.
    """

    def price(instance_type: str) -> float | None:
        if session.get_partition_for_region(region) != "aws":  # others have other lists, and not dollars everywhere
            return None
        prices: list[float | None] = []
        ask = threading.Thread(
            target=lambda: prices.append(_request_price(session, region, instance_type)), daemon=True
        )
        ask.start()
        ask.join(_LONGEST_S)
        return prices[0] if prices else None

    return _quietly(price)


def _quietly(price: Callable[[str], float | None]) -> Callable[[str], float | None]:
    def price_or_none(instance_type: str) -> float | None:
        try:
            return price(instance_type)
        except Exception:  # noqa: BLE001  a price is a courtesy: no error about it may hide how a job has ended
            return None

    return price_or_none


def _request_price(session: boto3.Session, region: str, instance_type: str) -> float | None:
    try:
        client = session.client("pricing", region_name=_HOME, config=_CONFIG)
        answer = client.get_products(ServiceCode="AmazonSageMaker", Filters=_filters(region, instance_type))
    except Exception:  # noqa: BLE001  as above: in a thread of its own nothing could catch it
        return None
    return hourly(answer["PriceList"])


def _filters(region: str, instance_type: str) -> list[FilterTypeDef]:
    fields = {"instanceName": instance_type, "regionCode": region, "component": "Training"}
    return [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in fields.items()]


def hourly(products: list[str]) -> float | None:
    """The one price in dollars an hour of the products in a response; None for none or several."""
    prices = {dollars for product in products for dollars in _hourly(product)}
    return prices.pop() if len(prices) == 1 else None


def _hourly(product: str) -> list[float]:
    """The on-demand prices an hour above zero of a product; none if its format is unknown."""
    try:
        terms: Mapping[str, Any] = json.loads(product)["terms"]["OnDemand"]
        dimensions = [one for term in terms.values() for one in term["priceDimensions"].values()]
        prices = [float(one["pricePerUnit"]["USD"]) for one in dimensions if one["unit"].lower() in {"hrs", "hours"}]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [dollars for dollars in prices if dollars > 0 and math.isfinite(dollars)]
