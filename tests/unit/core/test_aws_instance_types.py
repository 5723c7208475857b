"""Which types a mistyped one may stand for, nearest first and not too many."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.aws_instance_types import is_known, names_of_types, nearest_types


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("qqqqqq", ["ml.m5.large", "ml.g5.xlarge"]),
        ("ml.r5", [f"ml.r5.{size}" for size in ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge"]]),
        ("ml.r5.", [f"ml.r5.{size}" for size in ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge"]]),
        ("r5.large", ["ml.r5.large"]),
        ("ml.r5.12", ["ml.r5.12xlarge"]),
        ("ml.r5.x", ["ml.r5.xlarge"]),
        (
            "ml.r5.qqqqqqqq",
            [f"ml.r5.{size}" for size in ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge"]],
        ),
        ("ML.R5.LARGE", ["ml.r5.large"]),
        ("ml.r5.5xlarge", ["ml.r5.xlarge"]),
        ("ml.r11i.large", []),
        ("ml.r12i.large", ["ml.m5.large", "ml.g5.xlarge"]),
        ("ml.r5.96xlarge", []),
    ],
)
def test_the_nearest_types_are_advised(typed: str, near: list[str]) -> None:
    found = nearest_types(typed, processing=False)
    if typed == "ml.r5.5xlarge":  # one of several as near
        assert len(found) == 1
        assert is_known(found[0], processing=False)
    else:
        assert found == near


def test_types_are_known_by_their_whole_name() -> None:
    for processing in (False, True):
        for name in names_of_types(processing=processing):
            assert is_known(name, processing=processing)
    for name in ("r5.large", "ml.r5", "ml.r5.large.x", "xx.r5.large", "ml.r5.huge", "ml.none.large", ""):
        assert not is_known(name, processing=False)
