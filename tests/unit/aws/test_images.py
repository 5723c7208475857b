"""A custom image for AWS: built and pushed once for each content, then found; what is said of it, and of trouble."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, cast

import pytest

from simple_sagemaker.aws.clients import Clients
from simple_sagemaker.aws.identity import Identity
from simple_sagemaker.aws.images import AwsImages
from simple_sagemaker.core.image_builder import MadeImage, Recipe
from simple_sagemaker.core.records import replace
from simple_sagemaker.errors import SsmError
from simple_sagemaker.images.docker.command import from_environment
from tests.unit.tasks.service import refused

OURS = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/r"
BASE = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch:2.6"
RECIPE = Recipe(
    text=f"FROM {BASE}\nRUN echo\n",
    bases=(BASE, "python:3.12"),
    folder=None,
    context="",
    platform="linux/amd64",
    name="n",
    repository="r",
    tag="latest",
)
# Notes each command; an image is there once it was built or pulled; what is pushed is noted for the registry.
SCRIPT = """#!/bin/sh
echo "$*" >>"$HOME/commands"
case "$1" in
image) grep -qs "^build.*--tag $5 \\\\|^pull.*$5$" "$HOME/commands" || exit 1; echo "sha256:id amd64" ;;
push) echo "abc: Preparing"; echo "abc: Waiting"; echo "abc: Pushed"; [ -n "$FAILS" ] && exit 1
  echo "$2" >>"$HOME/pushed" ;;
esac
exit 0
"""


class Registry:
    """A registry as ECR's operations show it: repositories, and images by tag; what Docker pushed is there as well."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.repositories: set[str] = set()
        self.tags: dict[str, str] = {}
        self.immutable = False
        self.base: str | None = "sha256:base"
        self.quicker = False
        self.loses = False
        self.regions: list[str] = []

    def describe_repositories(self, *, repositoryNames: list[str]) -> Any:  # noqa: N803 - the service's name
        if repositoryNames[0] not in self.repositories:
            raise refused("RepositoryNotFoundException", "no", "DescribeRepositories")
        return {"repositories": [{"repositoryUri": OURS}]}

    def create_repository(self, **request: Any) -> Any:
        assert request["imageScanningConfiguration"] == {"scanOnPush": True}
        self.repositories.add(request["repositoryName"])
        return {"repository": {"repositoryUri": OURS}}

    def batch_get_image(self, **request: Any) -> Any:
        tags = [one["imageTag"] for one in request["imageIds"]]
        if request.get("registryId") == "763104351884":
            found = {tags[0]: self.base} if self.base else {}
        else:
            if (self.home / "pushed").exists() and not self.loses:
                for name in (self.home / "pushed").read_text().splitlines():
                    self.tags.setdefault(name.rpartition(":")[2], "sha256:new")
            if self.quicker and (self.home / "commands").exists():
                self.tags.setdefault(tags[0], "sha256:quicker")
            found = {tag: self.tags[tag] for tag in tags if tag in self.tags}
        return {
            "images": [
                {"imageId": {"imageTag": tag, "imageDigest": digest}, "imageManifest": f"manifest of {digest}"}
                for tag, digest in found.items()
            ]
        }

    def put_image(self, **request: Any) -> None:
        if self.immutable and request["imageTag"] in self.tags:
            raise refused("ImageTagAlreadyExistsException", "no", "PutImage")
        self.tags[request["imageTag"]] = request["imageManifest"].removeprefix("manifest of ")

    def get_authorization_token(self, **_: Any) -> Any:
        token = base64.b64encode(b"AWS:secret").decode()
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://registry.example"}]}

    # what AwsImages has of the clients
    region = "eu-west-1"
    identity = Identity(account="123456789012", arn="arn:aws:iam::123456789012:user/me")

    def ecr_in(self, region: str) -> Registry:
        self.regions.append(region)
        return self


class Account:
    """Images of an account, with a script in place of Docker."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home, self.registry, self.lines = home, Registry(home), list[str]()
        (home / "dockerish").write_text(SCRIPT)
        (home / "dockerish").chmod(0o755)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "SSM_DOCKER": str(home / "dockerish")}
        self.environment |= environment

    @property
    def images(self) -> AwsImages:
        docker = from_environment(self.environment)
        return AwsImages(cast("Clients", self.registry), lambda: docker)

    def make(self, recipe: Recipe = RECIPE) -> MadeImage:
        self.lines.clear()
        return self.images.make(recipe, self.lines.append)

    @property
    def commands(self) -> list[str]:
        return [line.partition(" ")[0] for line in (self.home / "commands").read_text().splitlines()]


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


TAG = RECIPE.content_tag({BASE: "sha256:base"}, ())


def test_an_image_is_built_and_pushed_and_the_next_time_found(account: Account) -> None:
    assert account.make() == MadeImage(address=f"{OURS}@sha256:new", is_new=True)
    assert account.lines == [
        f"Repository: created {OURS}",
        f"Image: pulling {BASE}",
        f"Image: building {OURS}:{TAG}",
        f"Image: pushing {OURS}:{TAG}",
        "push | abc: Pushed",
    ]
    (build,) = [line for line in (account.home / "commands").read_text().splitlines() if line.startswith("build")]
    assert f"--tag n:latest --tag {OURS}:{TAG}" in build
    assert account.registry.tags == {TAG: "sha256:new", "latest": "sha256:new"}
    (account.home / "commands").unlink()
    assert account.make() == MadeImage(address=f"{OURS}@sha256:new", is_new=False)
    assert account.lines == [f"Image: {OURS}:{TAG} exists"]
    assert not (account.home / "commands").exists(), "Docker is not needed"


def test_an_image_is_built_anew_when_its_base_moves(account: Account) -> None:
    account.make()
    account.registry.base = "sha256:moved"
    assert account.make().is_new
    account.registry.base = None
    assert account.make().is_new, "a base that cannot be seen is another again"
    assert not account.make().is_new


def test_a_push_that_failed_is_not_built_again(tmp_path: Path) -> None:
    account = Account(tmp_path, FAILS="1")
    with pytest.raises(
        SsmError, match=r"The image could not be pushed\.\n[\s\S]*Run again: what was pushed stays pushed"
    ):
        account.make()
    del account.environment["FAILS"]
    assert account.make().is_new
    assert account.commands.count("build") == 1
    assert account.commands.count("push") == 2


def test_the_image_of_a_command_that_was_quicker_is_used(tmp_path: Path) -> None:
    account = Account(tmp_path, FAILS="1")
    account.registry.quicker = True
    assert account.make() == MadeImage(address=f"{OURS}@sha256:quicker", is_new=True)


def test_an_image_that_the_registry_lost_is_told(account: Account) -> None:
    account.registry.loses = True
    with pytest.raises(SsmError, match=f"{OURS}:{TAG} was pushed, and ECR does not have it"):
        account.make()


def test_a_tag_that_never_moves_is_told_unless_it_is_there_already(account: Account) -> None:
    account.registry.immutable = True
    account.make()
    assert not any("stays with another image" in line for line in account.lines)
    account.make(replace(RECIPE, text=f"FROM {BASE}\nRUN true\n"))
    assert not any("stays with another image" in line for line in account.lines), "it is the same content here"
    account.registry.tags["latest"] = "sha256:other"
    account.make()
    assert account.lines[-1] == (
        "Image: the tag latest stays with another image, because tags of r never move; the job runs sha256:new"
    )


def test_a_plan_says_what_would_be_made_and_makes_nothing(account: Account) -> None:
    plan = account.images.plan(RECIPE)
    assert plan.address == f"{OURS}:{TAG}"
    assert plan.notes == ("Repository: r would be created", f"Image: {OURS}:{TAG} would be built and pushed")
    assert account.registry.repositories == set()
    account.registry.repositories.add("r")
    assert account.images.plan(RECIPE).notes == (f"Image: {OURS}:{TAG} would be built and pushed",)
    account.make()
    plan = account.images.plan(RECIPE)
    assert (plan.address, plan.notes) == (f"{OURS}@sha256:new", (f"Image: {OURS}@sha256:new exists",))
