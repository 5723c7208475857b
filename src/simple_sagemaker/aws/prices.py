"""What a machine costs, from AWS's price list. It is asked once at the end of a job, and only answered if quickly."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.config import Config

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_pricing.type_defs import FilterTypeDef

# One of its three endpoints; each answers for all regions of the partition "aws":
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
_HOME = "us-east-1"
_LONGEST_S = 2.0
_CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


def asker(session: boto3.Session, *, region: str) -> Callable[[str], float | None]:
    """Gives the dollars an hour of an instance type's training in the region; None when nobody says within 2 seconds.

    Never raises: who may not ask, or cannot, goes without a price.
    """

    def price(instance_type: str) -> float | None:
        if session.get_partition_for_region(region) != "aws":  # others have other lists, and not dollars everywhere
            return None
        found: list[float | None] = []
        ask = threading.Thread(target=lambda: found.append(_asked(session, region, instance_type)), daemon=True)
        ask.start()
        ask.join(_LONGEST_S)
        return found[0] if found else None

    return _quietly(price)


def _quietly(price: Callable[[str], float | None]) -> Callable[[str], float | None]:
    def asked(instance_type: str) -> float | None:
        try:
            return price(instance_type)
        except Exception:  # noqa: BLE001  a price is a courtesy: nothing about it may hide how a job has ended
            return None

    return asked


def _asked(session: boto3.Session, region: str, instance_type: str) -> float | None:
    try:
        client = session.client("pricing", region_name=_HOME, config=_CONFIG)
        answer = client.get_products(ServiceCode="AmazonSageMaker", Filters=_filters(region, instance_type))
    except Exception:  # noqa: BLE001  as above: there is nobody to tell in a thread of its own
        return None
    return hourly(answer["PriceList"])


def _filters(region: str, instance_type: str) -> list[FilterTypeDef]:
    fields = {"instanceName": instance_type, "regionCode": region, "component": "Training"}
    return [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in fields.items()]


def hourly(products: list[str]) -> float | None:
    """The one price an hour in dollars that the products of an answer have; None for none or several."""
    found = {dollars for product in products for dollars in _hourly(product)}
    return found.pop() if len(found) == 1 else None


def _hourly(product: str) -> list[float]:
    """The on-demand prices above zero that a product has for an hour; none where its shape is not as we know it."""
    try:
        terms: Mapping[str, Any] = json.loads(product)["terms"]["OnDemand"]
        dimensions = [one for term in terms.values() for one in term["priceDimensions"].values()]
        found = [float(one["pricePerUnit"]["USD"]) for one in dimensions if one["unit"].lower() in {"hrs", "hours"}]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [dollars for dollars in found if dollars > 0 and math.isfinite(dollars)]
