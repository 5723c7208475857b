"""Sums of a metric's values, in words."""

from __future__ import annotations

import pytest

from simple_sagemaker.jobs.metrics import Summary, best


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("loss", [3.0, 1.0, 2.0], "1 (lowest)"),
        ("accuracy", [0.1, 0.9, 0.5], "0.9 (highest)"),
        ("temperature", [2.0, 1.0, 3.0], "1 to 3"),
        ("temperature", [2.0, 2.0], "2"),
        ("temperature", [2.0], ""),
        ("temperature", [float("nan"), float("inf")], ""),
        ("temperature", [float("nan"), 2.0], "2"),
        ("loss", [], ""),
    ],
)
def test_the_best_value_or_the_range_where_the_name_tells_nothing(name: str, values: list[float], words: str) -> None:
    summary = Summary()
    for value in values:
        summary.add(value)
    assert best(name, summary) == words
    assert summary.count == len(values)
