"""The price of a machine, from AWS's price list: asked for only a moment, and kept for a week."""

from __future__ import annotations

import contextlib
import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from ..core.regular_files import read_plain
from ..core.retries import NO_RETRIES
from ..storage.private import replace_private

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_pricing.type_defs import FilterTypeDef

# One of its three endpoints; each answers for all regions of the partition "aws":
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
_HOME = "us-east-1"
_LONGEST_S = 2.0
_KEPT_S = 7 * 86_400
_NONE_KEPT_S = 3600  # that there is no price: most often a right that is missing
_NO_PRICE = "none"
_COMPONENTS = {"training": "Training", "processing": "Processing"}  # by the kind of job
_CONFIG = Config(connect_timeout=1, read_timeout=1, retries=NO_RETRIES.copy())


def asker(session: Session, *, region: str, cache: Path | None = None) -> Callable[[str, str], float | None]:
    """Return a function for the price of an instance type in the region, for a kind of job, in dollars an hour.

    It returns None without an answer within 2 seconds, and never raises: without permission there is no price. A price
    is kept in the process and, in the folder ``cache``, for a week; that there is none for an hour.
    """
    asked: dict[tuple[str, str], float | None] = {}

    def price(instance_type: str, kind: str) -> float | None:
        key = instance_type, _COMPONENTS[kind]
        if key not in asked:
            try:
                asked[key] = _price(session, region, *key, cache)
            except Exception:  # noqa: BLE001  a price is a courtesy: no error about it may hide how a job has ended
                asked[key] = None
        return asked[key]

    return price


def _price(session: Session, region: str, instance_type: str, component: str, cache: Path | None) -> float | None:
    """The price that is kept, else AWS's answer, where one comes in time."""
    if session.get_partition_for_region(region) != "aws":  # others have other lists, and not dollars everywhere
        return None
    file = cache / f"price-{region}-{component}-{instance_type}" if cache else None
    if file is not None and (kept := _kept(file)):
        return kept[0]
    prices: list[float | None] = []
    ask = threading.Thread(
        target=lambda: prices.append(_request_price(session, region, instance_type, component)), daemon=True
    )
    ask.start()
    ask.join(_LONGEST_S)
    price = prices[0] if prices else None
    if file is not None:
        _keep(file, price)
    return price


def _kept(file: Path) -> tuple[float | None] | None:
    """What a file of the cache says: a price, or that there was none; None where it says nothing, or is old."""
    try:
        age_s = time.time() - file.stat().st_mtime
        text = read_plain(file, most=100).decode("ascii")
        price = None if text == _NO_PRICE else float(text)
    except (OSError, ValueError):
        return None
    if age_s > (_NONE_KEPT_S if price is None else _KEPT_S):
        return None
    return (price,) if price is None or (price > 0 and math.isfinite(price)) else None


def _keep(file: Path, price: float | None) -> None:
    """Keep a price, or that there is none, in a file of the cache, which may not be writable."""
    with contextlib.suppress(OSError):
        replace_private(file, _NO_PRICE if price is None else repr(price))


def _request_price(session: Session, region: str, instance_type: str, component: str) -> float | None:
    try:
        client: Any = session.create_client("pricing", region_name=_HOME, config=_CONFIG)
        answer = client.get_products(ServiceCode="AmazonSageMaker", Filters=_filters(region, instance_type, component))
    except Exception:  # noqa: BLE001  as above: in a thread of its own nothing could catch it
        return None
    return hourly(answer["PriceList"])


def _filters(region: str, instance_type: str, component: str) -> list[FilterTypeDef]:
    fields = {"instanceName": instance_type, "regionCode": region, "component": component}
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
