# ruff: noqa: E501 - a row a line
"""The operators of a search's filters, on each kind of value, as SageMaker compares them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from simple_sagemaker.local.api.search import _COMPARE

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("operator", "value", "operand", "is_so"),
    [
        ("Equals", "a", "a", True), ("Equals", "a", "b", False), ("Equals", None, "a", False), ("Equals", True, "true", True),
        ("Equals", 3, "3", True), ("Equals", NOON, "2030-01-31T12:00:00+00:00", True),
        ("NotEquals", "a", "a", False), ("NotEquals", "a", "b", True), ("NotEquals", None, "a", True),
        ("Contains", "abc", "b", True), ("Contains", "abc", "x", False), ("Contains", None, "x", False),
        ("In", "a", "b,a", True), ("In", "a", "ab,c", False), ("In", None, "a", False),
        ("GreaterThan", 3, "2.5", True), ("GreaterThan", 3, "3", False), ("GreaterThan", None, "3", False),
        ("GreaterThanOrEqualTo", 3, "3", True), ("GreaterThanOrEqualTo", 2, "3", False),
        ("LessThan", "0.1", "0.20", True), ("LessThan", "10", "9", False),  # hyperparameters are texts
        ("LessThan", "abc", "abd", True), ("LessThan", 3, "3", False), ("LessThan", None, "3", False),
        ("LessThanOrEqualTo", 3, "3", True), ("LessThanOrEqualTo", "b", "a", False),
        ("GreaterThan", NOON, "2030-01-31T11:59:59Z", True), ("GreaterThan", NOON, "2030-01-31T12:00:00", False),
        ("LessThan", NOON, "2030-01-31T13:30:00+01:00", True),
    ],
)  # fmt: skip
def test_values_are_compared_as_what_they_are(operator: str, value: Any, operand: str, is_so: bool) -> None:
    assert bool(_COMPARE[operator](value, operand)) is is_so


def test_a_number_is_not_compared_with_a_word() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        _COMPARE["GreaterThan"](3, "many")
    with pytest.raises(ValueError, match="Invalid isoformat"):
        _COMPARE["GreaterThan"](NOON, "noon")
