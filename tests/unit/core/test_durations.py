"""Lengths of time as people read them, at each bound."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.durations import age, duration


@pytest.mark.parametrize(
    ("seconds", "whole", "rough"),
    [
        (-5, "0s", "0s"),
        (0, "0s", "0s"),
        (59.4, "59s", "59s"),
        (59.6, "1m00s", "1m"),
        (60, "1m00s", "1m"),
        (200, "3m20s", "3m"),
        (3599, "59m59s", "59m"),
        (3600, "1h00m", "1h"),
        (3900, "1h05m", "1h"),
        (86_399, "23h59m", "23h"),
        (86_400, "1d0h", "1d"),
        (86_400 * 2 + 3 * 3600 + 59, "2d3h", "2d"),
    ],
)
def test_a_length_of_time_has_two_units_and_an_age_one(seconds: float, whole: str, rough: str) -> None:
    assert (duration(seconds), age(seconds)) == (whole, rough)
