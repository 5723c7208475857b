"""Repositories and images in ECR, as moto has it; tests/docker has a real registry behind it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.aws.ecr import Ecr, EcrImage
from simple_sagemaker.aws.images import AwsImages
from simple_sagemaker.core.image_builder import Recipe
from simple_sagemaker.errors import EngineUnavailable
from simple_sagemaker.images.docker.command import Docker, from_environment
from simple_sagemaker.images.docker.pull import ecr_address
from tests.aws.conftest import ACCOUNT, REGION, Cloud, at_once

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


def image_of(layer: str) -> EcrImage:
    """An image of one layer, so that moto tells it from others: one without layers gets one digest of 101 by chance."""
    manifest = {"schemaVersion": 2, "layers": [{"digest": "sha256:" + layer * 64, "size": 1}]}
    return EcrImage(digest="", manifest=json.dumps(manifest), media_type="application/vnd.oci.image.manifest.v1+json")


PAGE = image_of("a")


def no_docker() -> Docker:
    return from_environment({"PATH": "/nowhere"})


def recipe(text: str = "FROM scratch\n", *bases: str) -> Recipe:
    return Recipe(
        text=text,
        bases=bases,
        folder=None,
        context="",
        platform="linux/amd64",
        name="own",
        repository="own",
        tag="latest",
    )


def test_a_repository_is_found_however_many_there_are(cloud: Cloud) -> None:
    ecr = Ecr(cloud.clients())
    for number in range(104):
        ecr.make_repository(f"r{number}")
    cloud.calls.clear()
    assert ecr.repository("r103") == f"{HOST}/r103"
    assert ecr.repository("r104") is None
    assert cloud.calls == ["ecr.DescribeRepositories"] * 2


def test_commands_at_once_make_one_repository(cloud: Cloud) -> None:
    found: list[str] = []
    at_once(lambda: found.append(Ecr(cloud.clients()).make_repository("shared")), 6)
    assert found == [f"{HOST}/shared"] * 6


def test_an_image_of_the_same_content_is_found_and_gets_the_tag_without_docker(cloud: Cloud) -> None:
    ecr = Ecr(cloud.clients())
    ecr.make_repository("own")
    ecr.tag("own", PAGE, recipe().content_tag({}))
    lines: list[str] = []
    made = AwsImages(cloud.clients(), no_docker).make(recipe(), lines.append)
    both = ecr.images("own", ["latest", recipe().content_tag({})])
    assert len({one.digest for one in both.values()}) == 1
    assert made.address == f"{HOST}/own@{both['latest'].digest}"
    assert not made.is_new


def test_a_tag_that_never_moves_stays_and_it_is_said_which_image_the_job_runs(cloud: Cloud) -> None:
    ecr = Ecr(cloud.clients())
    cloud.clients().ecr_in(REGION).create_repository(repositoryName="own", imageTagMutability="IMMUTABLE")
    assert ecr.tag("own", image_of("b"), "latest")
    assert ecr.tag("own", PAGE, recipe().content_tag({}))
    theirs = ecr.images("own", ["latest"])["latest"]
    image = ecr.images("own", [recipe().content_tag({})])[recipe().content_tag({})]
    assert theirs.digest != image.digest
    assert not ecr.tag("own", image, "latest")
    assert ecr.tag("own", theirs, "latest")  # another command gave it to the same image
    lines: list[str] = []
    made = AwsImages(cloud.clients(), no_docker).make(recipe(), lines.append)
    assert made.address == f"{HOST}/own@{image.digest}"
    assert (
        f"the tag latest stays with another image, because tags of own never move; the job runs {image.digest}"
        in (lines[-1])
    )
    assert ecr.images("own", ["latest"])["latest"].digest == theirs.digest


def test_an_image_that_must_be_built_where_there_is_no_docker_names_the_ways_out(cloud: Cloud) -> None:
    with pytest.raises(EngineUnavailable, match="--image_uri"):
        AwsImages(cloud.clients(), no_docker).make(recipe("FROM scratch\nCMD other\n"), lambda _: None)


def test_a_plan_makes_nothing(cloud: Cloud) -> None:
    planned = AwsImages(cloud.clients(), no_docker).plan(recipe())
    assert planned.address == f"{HOST}/own:{recipe().content_tag({})}"
    assert planned.notes[0] == "Repository: own would be created"
    assert Ecr(cloud.clients()).repository("own") is None


def test_the_digest_of_a_base_that_nobody_shows_is_not_known(cloud: Cloud) -> None:
    ecr = Ecr(cloud.clients())
    base = ecr_address("763104351884.dkr.ecr.eu-central-1.amazonaws.com/pytorch-training:2.6")
    pinned = ecr_address(f"{HOST}/own@sha256:12")
    assert base
    assert pinned
    assert ecr.digest(base) is None
    assert ecr.digest(pinned) == "sha256:12"


def test_the_digest_of_a_base_in_another_region_is_asked_for_there(cloud: Cloud) -> None:
    far = Ecr(cloud.clients("us-east-2"))
    far.make_repository("base")
    far.tag("base", PAGE, "1")
    address = ecr_address(f"{ACCOUNT}.dkr.ecr.us-east-2.amazonaws.com/base:1")
    assert address
    assert Ecr(cloud.clients()).digest(address) == far.images("base", ["1"])["1"].digest


def test_a_login_is_for_the_account_whose_registry_it_is(cloud: Cloud) -> None:
    address = ecr_address("763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.6")
    own, theirs = Ecr(cloud.clients()).login(), Ecr(cloud.clients()).login(address)
    assert (own.host, own.user) == (HOST, "AWS")
    assert theirs.host == f"763104351884.dkr.ecr.{REGION}.amazonaws.com"
    assert theirs.password != own.password
    assert base64.b64encode(own.password.encode()).decode() not in repr(own)


def test_what_ecr_refuses_otherwise_is_not_hidden(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="RepositoryNotFound"):
        Ecr(cloud.clients()).images("nosuch", ["a"])
    with pytest.raises(ClientError):
        Ecr(cloud.clients()).make_repository("NOT LEGAL")
