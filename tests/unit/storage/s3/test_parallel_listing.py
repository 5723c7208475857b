"""Long listings: all keys in their order, and several ranges of them requested at once wherever they lie in folders."""

from __future__ import annotations

from typing import Any, cast

import pytest

from simple_sagemaker.storage.s3.parallel_listing import _above, list_objects
from tests.unit.storage.s3.bucket import Bucket


@pytest.mark.parametrize(
    ("first", "last", "above"),
    [
        ("p/1", "p/2", None),
        ("p/1", "p/a/1", "p/"),
        ("p/a/1", "p/a/9", "p/"),
        ("p/a/1", "p/b/1", "p/"),
        ("p/a/x/1", "p/b/x/1", "p/"),
        ("p/a/1/x", "p/a/9/y", "p/a/"),
        ("p/a/b/1/x", "p/a/b/1/y", "p/a/b/"),
        ("p/a/b/1/x", "p/a/c/1/y", "p/a/"),
        ("p/a/b/1/x", "p/a/b/a/y", "p/a/b/"),
        ("p/a/1/x", "p/ab/1/x", "p/"),
    ],
)
def test_ranges_are_looked_for_where_the_keys_of_a_page_part(first: str, last: str, above: str | None) -> None:
    assert _above("p/", first, last) == above


@pytest.mark.parametrize("above", ["", "a/", "a/b/", "a/99/a/"])
def test_folders_are_requested_from_several_on_at_once_wherever_they_lie(above: str) -> None:
    keys = [f"p/{above}{folder:02}/{number}" for folder in range(60) for number in range(5)]
    bucket = Bucket("other", *keys, "q", full=10)
    found = [stored.key for some in list_objects(cast("Any", bucket), "b", "p/") for stored in some]
    assert found == keys
    begun = {request["StartAfter"] for _, request in bucket.requests if "StartAfter" in request}
    assert len(begun) >= 4, "the ranges after the first page"
    assert all(request["Prefix"].startswith("p/") for _, request in bucket.requests)


def test_keys_in_no_folder_are_requested_one_page_after_the_other() -> None:
    keys = [f"p/{number:03}" for number in range(95)]
    bucket = Bucket(*keys, full=10)
    assert [stored.key for some in list_objects(cast("Any", bucket), "b", "p/") for stored in some] == keys
    assert bucket.count("list") == 10
    assert not [request for _, request in bucket.requests if "StartAfter" in request]
