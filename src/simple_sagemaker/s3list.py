"""Listings, their answers read in a tenth of the time that botocore takes, by botocore's own event for it.

Everything around it stays botocore's: the request, its signature, its repetition, and answers that are not as usual.
"""

from __future__ import annotations

import html
import re
from calendar import timegm
from collections.abc import Iterator, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from .s3errors import told
from .storage import Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOUND = "Found"  # where the objects are in the answer
_FIELDS = [re.compile(rb"<%s>([^<]*)</%s>" % (name, name)) for name in (b"Key", b"Size", b"LastModified", b"ETag")]
_OBJECT = re.compile(rb"<Contents>.*?</Contents>", re.DOTALL)
_OPENS, _CLOSES = b"<Contents>", b"</Contents>"


def read_fast(client: S3Client) -> None:
    """Let the answers of this client hold their objects as ``FOUND``, a list of Stored."""
    client.meta.events.register("before-parse.s3.ListObjectsV2", _read)


def pages(client: S3Client, bucket: str, prefix: str, *, delimiter: str = "") -> Iterator[Any]:
    """Every answer of a listing; one may be empty and not the last. From the second on the next one comes meanwhile."""
    request: Any = {"Bucket": bucket, "Prefix": prefix} | ({"Delimiter": delimiter} if delimiter else {})
    page = _page(client, request)
    yield page  # whoever wants only the first objects causes no second request
    with ThreadPoolExecutor(1) as ahead:
        coming = _next_page(ahead, client, request, page)
        while coming:
            page = coming.result()
            coming = _next_page(ahead, client, request, page)
            yield page


def _next_page(ahead: ThreadPoolExecutor, client: S3Client, request: Any, page: Any) -> Future[Any] | None:
    token = page.get("NextContinuationToken")
    return ahead.submit(_page, client, {**request, "ContinuationToken": token}) if token else None


def _page(client: S3Client, request: Any) -> Any:
    return told(partial(client.list_objects_v2, **request), request["Bucket"], request["Prefix"], "s3:ListBucket")


def objects(page: Any) -> list[Stored]:
    """The objects of an answer, however it was read."""
    if FOUND in page:
        found: list[Stored] = page[FOUND]
        return found
    return [
        Stored(
            key=one["Key"],
            size=one["Size"],
            modified=one["LastModified"].timestamp(),
            tag=one.get("ETag", "").strip('"'),
        )
        for one in page.get("Contents", ())
    ]


def _read(response_dict: dict[str, Any], customized_response_dict: MutableMapping[str, Any], **_: Any) -> None:
    body = response_dict["body"]
    count = body.count(_OPENS)
    if response_dict["status_code"] != 200 or not count:
        return
    fields = [field.findall(body) for field in _FIELDS]
    if any(len(field) != count for field in fields):
        return  # an owner with a Key, an object without a tag: botocore reads it
    response_dict["body"] = rest = _without_objects(body, count)
    is_encoded = b"<EncodingType>url</EncodingType>" in rest
    customized_response_dict[FOUND] = [
        Stored(
            key=_key(key.decode(), is_encoded=is_encoded),
            size=int(size),
            modified=_seconds(modified[:19]) + float(modified[19:-1] or 0),
            tag=tag.decode().replace("&quot;", "").replace("&#34;", "").strip('"'),
        )
        for key, size, modified, tag in zip(*fields, strict=True)
    ]


def _without_objects(body: bytes, count: int) -> bytes:
    if body.count(_CLOSES + _OPENS) == count - 1:  # one behind the other
        return body[: body.index(_OPENS)] + body[body.rindex(_CLOSES) + len(_CLOSES) :]
    return _OBJECT.sub(b"", body)


def _key(text: str, *, is_encoded: bool) -> str:
    text = html.unescape(text) if "&" in text else text
    return unquote_plus(text) if is_encoded and ("%" in text or "+" in text) else text


@lru_cache(maxsize=1000)  # many are written in one second
def _seconds(text: bytes) -> int:
    """Seconds since the epoch of ``2026-11-25T13:40:03``."""
    date, time = text.split(b"T")
    return timegm((*map(int, date.split(b"-")), *map(int, time.split(b":")), 0, 0, 0))
