"""Which tuning jobs can be parents of a new one, at the bounds of what AWS documents."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.api.tuning.warm_start import _compare, parent_names
from simple_sagemaker.local.requests.tuning import Definition, read_definitions

INPUT = {"DataSource": {"S3DataSource": {"S3Uri": "s3://b/k"}}}


def definition(
    *,
    searched: tuple[str, ...] = ("a", "b"),
    kind: str = "Integer",
    static: dict[str, str] | None = None,
    goal: str = "Minimize",
    metric: str = "loss",
    image: str = "image:1",
    channels: tuple[str, ...] = ("train", "test"),
) -> Definition:
    ranges = [{"Name": name, "MinValue": "1", "MaxValue": "9"} for name in searched]
    member = {
        "TuningObjective": {"Type": goal, "MetricName": metric},
        "HyperParameterRanges": {f"{kind}ParameterRanges": ranges},
        "StaticHyperParameters": {"s": "1"} if static is None else static,
        "AlgorithmSpecification": {"TrainingImage": image},
        "InputDataConfig": [{"ChannelName": name, **INPUT} for name in channels],
        "DefinitionName": "d",
    }
    config = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    return read_definitions({"HyperParameterTuningJobConfig": config, "TrainingJobDefinitions": [member]})[0]


def numbered(count: int, value: str = "1", begin: int = 0) -> dict[str, str]:
    return {f"x{number}": value for number in range(begin, begin + count)}


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (definition(), definition(), None),
        (definition(metric="acc"), definition(), "the objective metric is not the same."),
        (definition(goal="Maximize"), definition(), "the objective metric is not the same."),
        (definition(static={}), definition(), "the number of static and searched hyperparameters together"),
        (definition(searched=("a",), static={"b": "2", "s": "1"}), definition(), None),  # one is static now
        (definition(searched=("a", "b", "s"), static={}), definition(), None),  # and one searched
        (definition(kind="Continuous"), definition(), "the type of the range changed: a, b."),
        (definition(static={"s": "2"}), definition(), None),
        (definition(static=numbered(10, "2")), definition(static=numbered(10)), None),
        (
            definition(static=numbered(11, "2")),
            definition(static=numbered(11)),
            "11 static values changed; at most 10 can.",
        ),
        (
            definition(searched=("a",), static=numbered(10)),
            definition(searched=("a", *numbered(10)), static={}),
            None,
        ),
        (
            definition(searched=("a",), static=numbered(11)),
            definition(searched=("a", *numbered(11)), static={}),
            "11 searched hyperparameters are static; at most 10 can.",
        ),
    ],
)
def test_what_may_have_changed_since_a_parent(new: Definition, old: Definition, why: str | None) -> None:
    for is_identical in (False, True):
        found = _compare(new, old, is_identical=is_identical)
        assert (found is None) == (why is None), found
        assert why is None or str(found).startswith(why)


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"channels": ("test", "train")}, True),
        ({"image": "image:2"}, False),
        ({"channels": ("train",)}, False),
    ],
)
def test_data_and_image_are_the_same_where_that_was_said(changes: dict[str, Any], is_same: bool) -> None:
    new, old = definition(**changes), definition()
    assert _compare(new, old, is_identical=False) is None
    assert (_compare(new, old, is_identical=True) is None) == is_same


def test_parents_are_named_in_the_request() -> None:
    parents = [{"HyperParameterTuningJobName": "a"}, {"HyperParameterTuningJobName": "b"}]
    assert parent_names({"WarmStartConfig": {"ParentHyperParameterTuningJobs": parents}}) == ["a", "b"]
    assert parent_names({}) == parent_names({"WarmStartConfig": {}}) == []
