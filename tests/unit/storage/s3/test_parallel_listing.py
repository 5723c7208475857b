"""Long listings: all keys in their order, and several ranges of them requested at once wherever they lie in folders."""

from __future__ import annotations

from typing import Any, cast

import pytest

from simple_sagemaker.errors import SsmError
from simple_sagemaker.storage.s3 import parallel_listing
from simple_sagemaker.storage.s3.parallel_listing import _above, list_objects
from tests.unit.storage.s3.bucket import Bucket, refused


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


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_listing, "_PAGE", 10)
    monkeypatch.setattr(parallel_listing, "_SPARE", 1)


def listed(bucket: Bucket, below: list[str], name: str = "b") -> list[str]:
    return [stored.key for some in list_objects(cast("Any", bucket), name, "p/", below) for stored in some]


def test_ranges_of_known_keys_are_requested_from_the_start(small_pages: None) -> None:
    keys = [f"p/{number:03}" for number in range(100)]
    bucket = Bucket("other", *keys, "q", full=10)
    assert listed(bucket, [key[2:] for key in keys]) == keys
    first = [request for _, request in bucket.requests if "ContinuationToken" not in request]
    assert [request.get("StartAfter", "") for request in sorted(first, key=lambda one: one.get("StartAfter", ""))] == [
        "",
        "p/018",
        "p/037",
        "p/056",
        "p/075",
        "p/094",
    ]
    assert not [request for request in first if "Delimiter" in request]
    assert bucket.count("list") <= 12


@pytest.mark.parametrize("known", [range(10), range(11), range(0, 1000, 2), range(300, 320), range(2000, 3000)])
def test_what_was_known_changes_no_listing(small_pages: None, known: range) -> None:
    keys = [f"p/{number:04}" for number in range(0, 1000, 3)]
    assert listed(Bucket("o", *keys, "q", full=10), [f"{number:04}" for number in known]) == keys


def test_nothing_is_listed_where_everything_known_has_gone(small_pages: None) -> None:
    assert listed(Bucket("o", "q", full=10), [f"{number:04}" for number in range(50)]) == []


@pytest.mark.parametrize(("known", "requests"), [(10, 1), (11, 2)])
def test_a_page_of_known_keys_is_one_request(small_pages: None, known: int, requests: int) -> None:
    bucket = Bucket("p/1", full=10)
    assert listed(bucket, [f"{number:02}" for number in range(known)]) == ["p/1"]
    assert bucket.count("list") == requests


def test_a_directory_bucket_is_asked_for_no_ranges(small_pages: None) -> None:
    keys = [f"p/{number:03}" for number in range(60)]
    bucket = Bucket(*keys, full=10)
    assert listed(bucket, [key[2:] for key in keys], "b--use1-az4--x-s3") == keys
    assert not [request for _, request in bucket.requests if "StartAfter" in request]


class Stuck(Bucket):
    """A bucket of a server whose second page is its third one too."""

    def _page(self, contents: list[str], folders: list[str], token: str) -> Any:
        return super()._page(contents, folders, token and "p/010")


@pytest.mark.parametrize("known", [0, 100])
def test_a_page_that_leads_to_itself_is_an_error(small_pages: None, known: int) -> None:
    keys = [f"p/{number:03}" for number in range(100)]
    with pytest.raises(SsmError, match="A list does not end: its next page is the same again"):
        listed(Stuck(*keys, full=10), [key[2:] for key in keys[:known]])


def test_an_error_of_any_range_is_raised(small_pages: None) -> None:
    bucket = Bucket(full=10)
    bucket.errors["list"] = [refused("NoSuchBucket", 404) for _ in range(9)]
    with pytest.raises(FileNotFoundError):
        listed(bucket, [f"{number:02}" for number in range(60)])
