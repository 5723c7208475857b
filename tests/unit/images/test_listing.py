"""The images that AWS publishes, as they are listed: for a framework, a machine and a region."""

from __future__ import annotations

import re

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.images.built_in import algorithm_of, built_in_image
from simple_sagemaker.images.frameworks import framework_image
from simple_sagemaker.images.listing import check_region, image_list, known_regions
from simple_sagemaker.images.published import facts, frameworks, version_numbers


def test_a_list_says_where_its_data_is_from() -> None:
    made = image_list("pytorch", instance_type=None, region="eu-west-1")
    origin = facts("pytorch")["from"]
    assert (made.region, made.read) == ("eu-west-1", origin["read"])
    assert made.source == f"{origin['package']} {origin['version']}"
    assert {image.framework for image in made.images} == {"pytorch"}
    assert {image.framework for image in image_list(None, instance_type=None, region="eu-west-1").images} == {
        *frameworks()
    }


@pytest.mark.parametrize(("machine", "processor"), [("ml.m5.large", "cpu"), ("ml.g5.xlarge", "gpu")])
def test_images_are_those_of_the_machine_with_the_address_that_a_job_gets(machine: str, processor: str) -> None:
    images = image_list("pytorch", instance_type=machine, region="eu-west-1").images
    assert {image.processor for image in images} == {processor}
    both = {image.processor for image in image_list("pytorch", instance_type=None, region="eu-west-1").images}
    assert {"cpu", "gpu"} <= both
    newest = next(image for image in images if image.address and image.is_for_training)
    assert newest.address == framework_image(
        "pytorch", version=newest.version, py_version=newest.python, instance_type=machine, region="eu-west-1"
    )


def test_an_image_without_a_kind_of_machine_is_every_machines() -> None:
    spark = image_list("spark", instance_type=None, region="eu-west-1").images
    every = {
        image.processor
        for name in frameworks()
        for image in image_list(name, instance_type=None, region="us-east-1").images
    }
    assert every <= {None, "cpu", "gpu", "trn"}
    assert spark
    assert not spark[0].is_for_training


def test_where_an_image_is_not_published_it_has_no_address() -> None:
    found = image_list("sagemaker-geospatial", instance_type=None, region="eu-west-1").images
    assert [image.address for image in found] == [None] * len(found)
    assert found


def test_a_region_without_any_image_is_refused_with_three_like_it() -> None:
    check_region("eu-west-1", "--aws_region")
    with pytest.raises(
        UsageError, match=r"^--aws_region 'eu-west-9': no image is published there\. Regions are eu-west-"
    ):
        check_region("eu-west-9", "--aws_region")
    with pytest.raises(UsageError) as refused:
        check_region("eu-west-9", "--aws_region")
    assert len(str(refused.value).partition("Regions are ")[2].split(", ")) == 3
    with pytest.raises(UsageError) as refused:
        check_region("?", "--aws_region")
    assert len(str(refused.value).partition("Regions are ")[2].split(", ")) == len(known_regions())


def test_a_built_in_algorithm_in_another_region_names_those_that_are_near() -> None:
    assert built_in_image("xgboost", "1.7-1", "eu-west-1").endswith("/sagemaker-xgboost:1.7-1")
    with pytest.raises(UsageError) as refused:
        built_in_image("xgboost", "1.7-1", "eu-west-9")
    first, _ = str(refused.value).splitlines()
    near = re.fullmatch(r"xgboost:1\.7-1 is not published in the region 'eu-west-9'\. It is in (.*) …\.", first)
    assert near
    regions = near[1].split(", ")
    assert len(regions) == 6
    assert all(region.startswith("eu-") for region in regions)


@pytest.mark.parametrize(
    ("image", "algorithm"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1", "xgboost"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1", "xgboost"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/linear-learner:1", "linear-learner"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine:1", None),
        ("quay.example/xgboost:1", None),
        ("xgboost", None),
        ("", None),
    ],
)
def test_an_algorithm_is_known_by_the_repository_of_its_image(image: str, algorithm: str | None) -> None:
    assert algorithm_of(image) == algorithm


def test_the_newest_image_comes_first_and_what_one_does_not_have_is_none() -> None:
    pytorch = image_list("pytorch", instance_type=None, region="eu-west-1").images
    numbers = [version_numbers(image.version) for image in pytorch]
    assert numbers == sorted(numbers, reverse=True)
    assert {image.base for image in pytorch} == {None}
    spark = image_list("spark", instance_type=None, region="eu-west-1").images
    assert [image.address.partition("/")[2] for image in spark[:2] if image.address] == [
        *("sagemaker-spark-processing:3.5-cpu-py312-v1", "sagemaker-spark-processing:3.5-cpu-py39-v1")
    ]
    huggingface = image_list("huggingface", instance_type=None, region="eu-west-1").images
    assert str(huggingface[0].base).startswith("pytorch")
    vw = image_list("vw", instance_type=None, region="us-east-1").images
    assert {image.python for image in vw} == {None}


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1.10.2", (1, 10, 2)), ("py3", (3, -1)), ("py36", (3, 6)), ("py312", (3, 12)), ("0.90-1", (0, 90, 1))],
)
def test_versions_are_compared_by_their_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(version) == numbers
