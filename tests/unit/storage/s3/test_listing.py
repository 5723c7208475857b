"""Listings of any length: every key once, in order, whatever folders there are; and S3's answers as they are parsed."""

from __future__ import annotations

import random
from typing import Any

import pytest

from simple_sagemaker.storage.s3 import listing
from simple_sagemaker.storage.s3.listing import FOLDERS, FOUND, _read, folders, objects
from tests.unit.storage.s3.bucket import Bucket, refused, store_of


def keys(bucket: Bucket, prefix: str) -> list[str]:
    return [one.key for one in store_of(bucket).list("b", prefix)]


@pytest.mark.parametrize("seed", range(60))
def test_any_listing_has_each_key_once_and_in_order(seed: int) -> None:
    chance = random.Random(seed)
    folders = [f"p/{chance.choice(['', 'x/', 'x/y/'])}f{number:03}/" for number in range(chance.randint(1, 60))]
    some = {f"{chance.choice([*folders, 'p/', 'q/'])}k{chance.randint(0, 40)}" for _ in range(chance.randint(1, 600))}
    bucket = Bucket(*some, full=chance.choice([1, 2, 5, 20, 1000]))
    for prefix in ("p/", "p/x/", "p", "", "none/"):
        assert keys(bucket, prefix) == sorted(key for key in some if key.startswith(prefix)), prefix


def test_the_first_object_costs_one_request_and_an_end_of_reading_stops_the_others() -> None:
    bucket = Bucket(*(f"p/f{number:04}/k" for number in range(3000)), full=10)
    found = store_of(bucket).list("b", "p/")
    assert next(found).key == "p/f0000/k"
    assert bucket.count("list") == 1
    for _ in range(30):
        next(found)
    found.close()  # type: ignore[attr-defined]
    assert bucket.count("list") < 60


def test_an_error_in_any_part_of_a_listing_is_told() -> None:
    for number in range(6):
        bucket = Bucket(*(f"p/f{number:03}/k" for number in range(200)), full=10)
        store = store_of(bucket)
        found = store.list("b", "p/")
        next(found)
        bucket.errors = {"list": [*[refused("503", 503)] * (number + 1)]}
        with pytest.raises(Exception, match="503"):
            list(found)


def test_a_listing_without_folders_is_read_one_page_after_the_other() -> None:
    bucket = Bucket(*(f"k{number:03}" for number in range(50)), full=10)
    assert keys(bucket, "") == sorted(bucket.objects)
    assert bucket.count("list") == 5


def contents(key: str, *, size: int = 3, time: str = "2026-11-25T13:40:03.250Z", tag: str = "&quot;ab&quot;") -> str:
    return (
        f"<Contents><Key>{key}</Key><LastModified>{time}</LastModified><ETag>{tag}</ETag><Size>{size}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def parsed(body: str, status: int = 200) -> tuple[dict[str, Any], str]:
    """What our parser makes of an answer: the page, and what it leaves for botocore."""
    page: dict[str, Any] = {}
    response = {"body": body.encode(), "status_code": status}
    _read(response, page)
    left = response["body"]
    assert isinstance(left, bytes)
    return page, left.decode()


HEAD = "<ListBucketResult><Name>b</Name>"


@pytest.mark.parametrize("tag", ["&quot;ab&quot;", "&#34;ab&#34;", '"ab"', "ab"])
def test_objects_are_read_out_of_an_answer(tag: str) -> None:
    rows = [contents("a", tag=tag), contents("b &amp; c", size=12, time="1970-01-01T00:01:00Z", tag=tag)]
    page, left = parsed(HEAD + "\n ".join(rows) + "<KeyCount>2</KeyCount></ListBucketResult>")
    assert [tuple(one) for one in objects(page)] == [("a", 3, 1795614003.25, "ab"), ("b & c", 12, 60.0, "ab")]
    assert left == HEAD + "<KeyCount>2</KeyCount></ListBucketResult>"
    assert folders(page) == []


def test_keys_are_decoded_where_the_answer_says_so() -> None:
    encoded = "<EncodingType>url</EncodingType>"
    prefix = "<CommonPrefixes><Prefix>d%2Be/</Prefix></CommonPrefixes>"
    page, _ = parsed(HEAD + encoded + contents("a%2Bb+c") + prefix + "</ListBucketResult>")
    assert ([one.key for one in objects(page)], folders(page)) == (["a+b c"], ["d+e/"])
    page, _ = parsed(HEAD + contents("a%2Bb+c") + prefix + "</ListBucketResult>")
    assert ([one.key for one in objects(page)], folders(page)) == (["a%2Bb+c"], ["d%2Be/"])


def test_folders_alone_are_read_too() -> None:
    prefix = "<CommonPrefixes>\n<Prefix>d/</Prefix>\n</CommonPrefixes>"
    page, left = parsed(f"{HEAD}{prefix}{prefix.replace('d/', 'e/')}</ListBucketResult>")
    assert (page[FOUND], page[FOLDERS]) == ([], ["d/", "e/"])
    assert left == f"{HEAD}</ListBucketResult>"


@pytest.mark.parametrize(
    "body",
    [
        f"{HEAD}</ListBucketResult>",
        HEAD + contents("a").replace("<Size>3</Size>", "") + "</ListBucketResult>",
        HEAD + contents("a").replace("</Contents>", "<Owner><Key>x</Key></Owner></Contents>") + "</ListBucketResult>",
        HEAD + contents("a") + "<Other/>" + contents("b") + "</ListBucketResult>",
        HEAD + contents("a") + " " + contents("b") + "  " + contents("c") + "</ListBucketResult>",
        HEAD + contents("a").replace("</Contents>", ""),
        HEAD + contents("a").replace("<Size>3</Size>", "<Size>three</Size>") + "</ListBucketResult>",
        HEAD + contents("a").replace("T", "") + "</ListBucketResult>",
    ],
)
def test_an_unusual_answer_is_left_to_botocore(body: str) -> None:
    assert parsed(body) == ({}, body)


def test_an_error_is_left_to_botocore() -> None:
    body = HEAD + contents("a") + "</ListBucketResult>"
    assert parsed(body, status=503) == ({}, body)
    page: dict[str, Any] = {}
    response = {"body": b"\xff<Contents>", "status_code": 200}
    _read(response, page)
    assert (page, response["body"]) == ({}, b"\xff<Contents>")


def test_a_page_is_requested_with_what_it_begins_at() -> None:
    bucket = Bucket("a")
    listing.request_page(bucket, "b", "p", delimiter="/", after="x", token="t", most=7)  # type: ignore[arg-type]
    listing.request_page(bucket, "b", "p")  # type: ignore[arg-type]
    whole = {"Delimiter": "/", "StartAfter": "x", "ContinuationToken": "t", "MaxKeys": 7}
    assert [request for _, request in bucket.requests] == [
        {"Bucket": "b", "Prefix": "p", **whole},
        {"Bucket": "b", "Prefix": "p"},
    ]
