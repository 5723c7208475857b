"""Images that are pulled, or are there already: which commands that takes. A script is in place of Docker."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from simple_sagemaker.errors import InputNotFound
from simple_sagemaker.images.docker.command import Docker, from_environment
from simple_sagemaker.images.docker.login import Login
from simple_sagemaker.images.docker.pull import EcrAddress, digests, image_id, pull_if_missing

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/image"
LOGIN = Login(host="123456789012.dkr.ecr.eu-west-1.amazonaws.com", user="AWS", password="word")
SCRIPT = """#!/bin/sh
echo "$*" >> {folder}/calls
case "$1 $2 $4" in
  "image inspect {{{{.Id}}}}") cat "{folder}/id of $(echo "$5" | tr / _)" 2>/dev/null ;;
  "image inspect {{{{json .RepoDigests}}}}") cat {folder}/digests 2>/dev/null ;;
  "pull --platform "*) test ! -e {folder}/nothing || exit 1
    printf 'a1: Pulling fs layer\\na1: Waiting\\na1: Verifying Checksum\\n\\na1: Pull complete\\n'
    echo sha256:pulled > "{folder}/id of $(echo "$4" | tr / _)" ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    """A daemon without images, which writes down what it is asked for."""
    file = tmp_path / "dockerish"
    file.write_text(SCRIPT.format(folder=shlex.quote(str(tmp_path))))
    file.chmod(0o755)
    return from_environment({"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SSM_DOCKER": str(file)})


def has(docker: Docker, image: str, *, digest: str = "") -> None:
    """Let the daemon have an image."""
    folder = Path(docker.command[0]).parent
    (folder / f"id of {image.replace('/', '_')}").write_text("sha256:here\n")
    if digest:
        (folder / "digests").write_text(f'["mirror.example/x@sha256:other", "{image.partition(":")[0]}@{digest}"]\n')


def changes(docker: Docker) -> list[str]:
    """What the daemon was asked for, but for questions."""
    calls = (Path(docker.command[0]).parent / "calls").read_text().splitlines()
    return [call for call in calls if not call.startswith(("image inspect", "ps", "login"))]


def pull(docker: Docker, image: str, *, login: Login | None = None, digest: str = "") -> tuple[str, list[str]]:
    lines: list[str] = []
    asked: list[EcrAddress] = []

    def log_in(address: EcrAddress) -> Login | None:
        asked.append(address)
        return login

    found = pull_if_missing(docker, image, lines.append, platform="linux/amd64", logins=log_in, digest=digest)
    assert [address.account for address in asked] == (["123456789012"] if lines and "dkr.ecr" in image else [])
    return found, lines


def test_an_image_that_is_there_is_not_pulled_and_nobody_is_asked_for_a_login(docker: Docker) -> None:
    assert image_id(docker, f"{ECR}:1") is None
    assert digests(docker, f"{ECR}:1") == set()
    has(docker, f"{ECR}:1", digest="sha256:d")
    assert digests(docker, f"{ECR}:1") == {"sha256:other", "sha256:d"}
    assert pull(docker, f"{ECR}:1", login=LOGIN) == ("sha256:here", [])
    assert pull(docker, f"{ECR}:1", login=LOGIN, digest="sha256:d") == ("sha256:here", [])
    assert changes(docker) == []


def test_an_image_is_pulled_by_its_name_and_its_progress_is_told_in_short(docker: Docker) -> None:
    found, lines = pull(docker, "quay.example/x:1")
    assert found == "sha256:pulled"
    assert lines == ["Image: pulling quay.example/x:1", "pull | a1: Pull complete"]
    assert changes(docker) == ["pull --platform linux/amd64 quay.example/x:1"]


def test_an_image_whose_tag_has_moved_is_pulled_by_its_digest_and_gets_the_name(docker: Docker) -> None:
    has(docker, f"{ECR}:1", digest="sha256:old")
    assert pull(docker, f"{ECR}:1", login=LOGIN, digest="sha256:new")[0] == "sha256:pulled"
    assert changes(docker) == [
        f"pull --platform linux/amd64 {ECR}@sha256:new",
        f"tag {ECR}@sha256:new {ECR}:1",
    ]


def test_an_image_that_is_named_by_its_digest_gets_no_other_name(docker: Docker) -> None:
    assert pull(docker, f"{ECR}@sha256:new", login=LOGIN, digest="sha256:new")[0] == "sha256:pulled"
    assert changes(docker) == [f"pull --platform linux/amd64 {ECR}@sha256:new"]


def test_without_a_login_an_image_in_ecr_is_pulled_as_it_is_named(docker: Docker) -> None:
    assert pull(docker, f"{ECR}:1")[0] == "sha256:pulled"  # the person may have logged in
    assert changes(docker) == [f"pull --platform linux/amd64 {ECR}:1"]


@pytest.mark.parametrize(
    ("image", "login", "advice"),
    [
        (f"{ECR}:1", None, "which needs credentials: configure them"),
        (f"{ECR}:1", LOGIN, "that you may pull it (ecr:BatchGetImage"),
        ("quay.example/x:1", None, "for a registry that needs a login: docker login."),
    ],
)
def test_an_image_that_cannot_be_pulled_comes_with_what_to_do(
    docker: Docker, image: str, login: Login | None, advice: str
) -> None:
    (Path(docker.command[0]).parent / "nothing").touch()
    with pytest.raises(InputNotFound) as told:
        pull(docker, image, login=login)
    assert str(told.value).startswith(f"The image {image} is not here and cannot be pulled.\n")
    assert advice in str(told.value)
