"""The ranges of a tuning job: read from the service's words, or refused with what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.requests.tuning import BadRange, read_space
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer


def one(low: str, high: str, scale: str | None = None) -> list[dict[str, str]]:
    return [{"Name": "x", "MinValue": low, "MaxValue": high, **({"ScalingType": scale} if scale else {})}]


def test_ranges_come_in_the_services_order_with_their_scales() -> None:
    ranges = {
        "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b", "a"]}],
        "ContinuousParameterRanges": one("0.5", "0.9", "ReverseLogarithmic") + one("1", "2"),
        "IntegerParameterRanges": one("1", "10", "Logarithmic") + one("-3", "3", "Auto"),
    }
    assert list(read_space(ranges)) == [
        Integer(name="x", low=1, high=10, scale="log"),
        Integer(name="x", low=-3, high=3, scale="linear"),
        Continuous(name="x", low="0.5", high="0.9", scale="reverselog"),
        Continuous(name="x", low="1", high="2", scale="linear"),
        Categorical(name="kind", values=("a", "b")),
    ]


@pytest.mark.parametrize(
    ("kind", "members", "why"),
    [
        ("Integer", one("1", "two"), "MinValue and MaxValue of x must be numbers."),
        ("Integer", one("nan", "2"), "MinValue and MaxValue of x must be numbers."),
        ("Continuous", one("0", "Infinity"), "MinValue and MaxValue of x must be numbers."),
        ("Continuous", one("0", "1e999"), "MinValue and MaxValue of x must be numbers."),
        ("Integer", one("1", "2.5"), "MinValue and MaxValue of x must be integers."),
        ("Integer", one("0.5", "2"), "MinValue and MaxValue of x must be integers."),
        ("Integer", one("2", "2"), "MinValue 2 of x must be less than MaxValue 2."),
        ("Continuous", one("3", "2"), "MinValue 3 of x must be less than MaxValue 2."),
        ("Integer", one("0", "2", "Logarithmic"), "ScalingType Logarithmic of x needs a MinValue greater than 0."),
        ("Continuous", one("-1", "2", "Logarithmic"), "ScalingType Logarithmic of x needs a MinValue greater than 0."),
        (
            "Integer",
            one("1", "2", "ReverseLogarithmic"),
            "ScalingType ReverseLogarithmic of x is for continuous ranges only.",
        ),
        (
            "Continuous",
            one("0", "1", "ReverseLogarithmic"),
            "ScalingType ReverseLogarithmic of x needs a range within 0 <= x < 1.",
        ),
        (
            "Continuous",
            one("-0.1", "0.5", "ReverseLogarithmic"),
            "ScalingType ReverseLogarithmic of x needs a range within 0 <= x < 1.",
        ),
    ],
)
def test_a_range_that_no_value_can_be_taken_from_is_refused(kind: str, members: Any, why: str) -> None:
    with pytest.raises(BadRange) as refused:
        list(read_space({f"{kind}ParameterRanges": members}))
    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("Integer", one("2.0", "3")),
        ("Continuous", one("1e-300", "1e300", "Logarithmic")),
        ("Continuous", one("0", "0.999", "ReverseLogarithmic")),
    ],
)
def test_the_widest_ranges_are_taken(kind: str, members: Any) -> None:
    assert len(list(read_space({f"{kind}ParameterRanges": members}))) == 1
