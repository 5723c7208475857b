"""Whose metrics a job has: its request's, and those of a built-in algorithm whose image runs by itself."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.requests.metric_definitions import metric_definitions

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
OWN = {"Name": "validation:rmse", "Regex": "mine=(.*)"}


def names(request: dict[str, Any]) -> list[str]:
    return [one["Name"] for one in metric_definitions(request)]


def of_image(image: str, *asked: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"AlgorithmSpecification": {"TrainingImage": image, "MetricDefinitions": [*asked], **more}}


def test_an_algorithms_own_metrics_stand_beside_those_asked_for() -> None:
    plain = names(of_image(XGBOOST))
    assert {"train:rmse", "validation:rmse", "validation:auc"} <= {*plain}
    other = {"Name": "mine", "Regex": "mine=(.*)"}
    assert names(of_image(XGBOOST, other)) == ["mine", *plain]


def test_a_metric_asked_for_by_an_algorithms_name_is_the_requests() -> None:
    found = metric_definitions(of_image(XGBOOST, OWN))
    assert [one for one in found if one["Name"] == OWN["Name"]] == [OWN]


@pytest.mark.parametrize(
    "request_",
    [
        of_image("123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1", OWN),
        of_image(XGBOOST, OWN, ContainerEntrypoint=["python", "t.py"]),
        {**of_image(XGBOOST, OWN), "HyperParameters": {"sagemaker_program": "t.py"}},
        {**of_image(XGBOOST, OWN), "StaticHyperParameters": {"sagemaker_program": "t.py"}},
    ],
    ids=["own image", "entrypoint", "script", "script of trials"],
)
def test_somebodys_code_has_only_the_metrics_asked_for(request_: dict[str, Any]) -> None:
    assert metric_definitions(request_) == [OWN]


def test_a_request_without_metrics_has_none() -> None:
    assert metric_definitions({}) == []
    assert metric_definitions({"AlgorithmSpecification": {"AlgorithmName": "mine"}}) == []
