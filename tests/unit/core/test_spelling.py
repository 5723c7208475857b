"""Names of buckets that are probably mistyped, and those that are others."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.spelling import is_same_but_for_a_slip, nearest


@pytest.mark.parametrize(
    "typed", ["my-bukcet", "my-buckt", "my-buckeet", "my-bucker", "mybucket", "my.bucket", "my--bucket", "my-bucket-"]
)
def test_a_slip_is_known(typed: str) -> None:
    assert is_same_but_for_a_slip(typed, "my-bucket")
    assert is_same_but_for_a_slip("my-bucket", typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("my-bucket", "my-bucket"),
        ("my-bucket1", "my-bucket2"),
        ("my-bucket", "my-bucket2"),
        ("data-2025", "data-2026"),
        ("team-a", "team-b"),
        ("team-eu", "team-us"),
        ("app-dev", "app-den"),
        ("my-bucket", "my-basket"),
        ("my-bucket", "our-bucket"),
    ],
)
def test_other_names_are_others(one: str, other: str) -> None:
    assert not is_same_but_for_a_slip(one, other)


@pytest.mark.parametrize(("typed", "meant"), [("tun", "tune"), ("rum", "run"), ("mr", "rm"), ("rn", "run")])
def test_of_names_as_near_the_one_that_begins_alike_is_meant(typed: str, meant: str) -> None:
    assert nearest(typed, ["rm", "run", "stop", "tune"]) == meant
