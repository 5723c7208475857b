"""Addresses of built-in algorithms, held against what AWS's own SDK answered (``images_recorded.json``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.images.built_in import algorithm_of, built_in_image, built_in_versions, is_advised_against

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("images_recorded.json").read_text(encoding="utf-8"))
XGBOOST = [row for row in RECORDED["answers"] if row[0] == "xgboost"]


@pytest.mark.parametrize("row", RECORDED["built_ins"], ids=lambda row: f"{row[0]}-{row[1]}")
def test_every_recorded_address_is_ours(row: list[Any]) -> None:
    name, version, image, hosts = row
    assert version in built_in_versions(name)
    for region, host in hosts.items():
        assert built_in_image(name, version, region) == f"{host}/{image}"
        assert algorithm_of(f"{host}/{image}") == name


def test_sixteen_algorithms_beside_xgboost_are_recorded_and_most_of_them_in_37_regions() -> None:
    regions = {row[0]: len(row[3]) for row in RECORDED["built_ins"]}
    assert len(regions) == 16
    assert regions.pop("lda") == 16
    assert {*regions.values()} == {37}


@pytest.mark.parametrize("row", XGBOOST, ids=lambda row: row[2])
def test_every_recorded_address_of_xgboost_is_ours(row: list[Any]) -> None:
    _, _, region, host, answers = row
    for answer in answers:
        version, _, image = answer.split(" ")
        assert built_in_image("xgboost", version, region) == f"{host}/{image}"
        assert algorithm_of(f"{host}/{image}") == "xgboost"


def test_xgboosts_versions_are_in_order_and_the_old_ones_are_advised_against() -> None:
    versions = built_in_versions("xgboost")
    assert versions[0] == "0.90-1"
    assert versions[-1] == "3.2-0"
    assert is_advised_against("xgboost", "latest")
    assert is_advised_against("xgboost", "1")
    assert not is_advised_against("kmeans", "1")


def test_a_region_without_the_algorithm_is_refused_with_others() -> None:
    with pytest.raises(UsageError) as error:
        built_in_image("lda", "1", "eu-south-2")
    assert "eu-central-1" in str(error.value)
    assert "--aws_region" in str(error.value)


def test_another_image_is_no_algorithm() -> None:
    assert algorithm_of("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6") is None
    assert algorithm_of("kmeans:1") is None
