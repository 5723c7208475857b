"""Which image a job runs in, and which engine the choice asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.core.image_builder import MadeImage, PlannedImage, Recipe, Report
from simple_sagemaker.core.specs import Image
from simple_sagemaker.errors import UsageError
from simple_sagemaker.images.choose import choose, default_name, dockerfile_of, get_ready, platform
from simple_sagemaker.services.choose import choose_engine

BASE = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.6-cpu-py312"


def recipe(text: str = "FROM __BASE_IMAGE__", *, kind: str = "ml.m5.large", project: str = "p", **given: str) -> Recipe:
    image = Image(docker_file=text, framework_version="2.6", **given)
    made = choose(image, dockerfile_of(image), instance_type=kind, region="eu-west-1", project=project)
    assert isinstance(made, Recipe)
    return made


def test_an_image_is_named_or_a_frameworks_or_made() -> None:
    where = {"instance_type": "ml.m5.large", "region": "eu-west-1", "project": "p"}
    assert choose(Image(uri="x:1"), None, **where) == "x:1"
    assert choose(Image(framework_version="2.6"), None, **where) == BASE
    made = recipe("RUN true")
    assert (made.text, made.bases) == (f"FROM {BASE}\nRUN true\n", (BASE,))


@pytest.mark.parametrize(
    ("given", "name", "repository"),
    [
        ({}, "simple-sagemaker/p", "simple-sagemaker/p"),
        ({"repo_name": "r"}, "r", "r"),
        ({"aws_repo_name": "a"}, "a", "a"),
        ({"repo_name": "r", "aws_repo_name": "a"}, "r", "a"),
    ],
)
def test_names_that_are_left_out_are_made(given: dict[str, str], name: str, repository: str) -> None:
    made = recipe(**given)
    assert (made.name, made.repository, made.tag) == (name, repository, "latest")


@pytest.mark.parametrize(
    ("project", "name"),
    [("My Project_2", "my-project-2"), ("...", "project"), ("ssm-ex", "ssm-ex"), ("a..b", "a-b")],
)
def test_a_projects_repository_has_a_legal_name(project: str, name: str) -> None:
    assert default_name(project) == f"simple-sagemaker/{name}"


@pytest.mark.parametrize(
    "kind", ["ml.m6g.large", "ml.c7gn.xlarge", "ml.r8gd.2xlarge", "ml.g5g.xlarge", "ml.x2gd.large"]
)
def test_graviton_types_get_images_for_arm(kind: str) -> None:
    assert platform(kind) == "linux/arm64"
    assert recipe("FROM python:3.12", kind=kind).platform == "linux/arm64"
    with pytest.raises(UsageError, match="ARM"):
        recipe(kind=kind)


@pytest.mark.parametrize(
    "kind", ["ml.m5.large", "ml.g4dn.xlarge", "ml.g6.xlarge", "ml.p4d.24xlarge", "local", "local_gpu"]
)
def test_all_others_get_images_for_intel(kind: str) -> None:
    assert platform(kind) == "linux/amd64"


def test_the_tag_of_the_content_changes_with_everything_that_an_image_is_made_from(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\nCOPY a /\n")
    (tmp_path / "a").write_text("1")
    plain = recipe(str(tmp_path))
    (tmp_path / "a").write_text("2")
    tags = {
        plain.content_tag({}),
        recipe(str(tmp_path)).content_tag({}),
        recipe("FROM x").content_tag({}),
        recipe("FROM x", kind="ml.m6g.large").content_tag({}),
        plain.content_tag({"x": "sha256:1"}),
        plain.content_tag({"x": "sha256:2"}),
        plain.content_tag({}, ("--build-arg", "A=1")),
    }
    assert len(tags) == 7
    assert recipe("FROM x", repo_name="other", image_tag="v2").content_tag({}) in tags


def test_a_folder_that_is_not_there_is_told_of_by_the_options_name() -> None:
    with pytest.raises(UsageError, match=r"--docker_file_path_or_content 'nosuch'"):
        dockerfile_of(Image(docker_file="nosuch"))


def test_this_machine_runs_own_images_in_containers() -> None:
    assert choose_engine("local", {}) == "local"
    assert choose_engine("local", {}, own_image=True) == "docker"
    assert choose_engine("local_gpu", {}, own_image=True) == "docker"
    assert choose_engine("local", {"SSM_ENGINE": "local"}, own_image=True) == "docker"
    assert choose_engine("local", {"SSM_ENGINE": "aws"}) == "local"
    assert choose_engine("local", {"SSM_ENGINE": "docker"}) == "docker"
    assert choose_engine("ml.m5.large", {}, own_image=True) == "aws"
    assert choose_engine("ml.m5.large", {"SSM_ENGINE": "docker"}) == "docker"


class Images:
    """Images that are made or pulled, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def plan(self, recipe: Recipe) -> PlannedImage:
        raise NotImplementedError

    def make(self, recipe: Recipe, report: Report) -> MadeImage:
        self.asked.append(recipe)
        report("made")
        return MadeImage(address="made:1", is_new=True)

    def pull(self, image: str, platform: str, report: Report) -> None:
        self.asked.append((image, platform))
        report("pulled")


def test_an_image_is_made_or_pulled_for_the_machines_of_the_job() -> None:
    images, said = Images(), list[str]()
    made = get_ready(recipe("FROM x"), "ml.m5.large", images, said.append)
    assert (made.address, made.is_new) == ("made:1", True)
    pulled = get_ready("mine:1", "ml.m6g.large", images, said.append)
    assert (pulled.address, pulled.is_new) == ("mine:1", False)
    assert images.asked == [recipe("FROM x"), ("mine:1", "linux/arm64")]
    assert said == ["made", "pulled"]
