"""Images that are made for this machine and stay on it. The command is a script in place of Docker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.core.image_builder import Recipe
from simple_sagemaker.images.docker.command import Docker, from_environment
from simple_sagemaker.images.docker.maker import LocalImages

# An image is a file whose content is its ID; commands that change something are noted.
SCRIPT = """#!/bin/sh
images="$HOME/images"; mkdir -p "$images"
name() { printf '%s' "$1" | tr / _; }
case "$1" in
ps) exit 0 ;;
image)
  for last; do :; done
  file="$images/$(name "$last")"
  [ -f "$file" ] || exit 1
  case "$4" in *Architecture*) echo "$(cat "$file") amd64" ;; *) cat "$file" ;; esac ;;
pull) echo "$@" >>"$HOME/changes"; echo "sha256:pulled-$4" >"$images/$(name "$4")" ;;
tag) echo "$@" >>"$HOME/changes"; cp "$images/$(name "$2")" "$images/$(name "$3")" ;;
build)
  echo "build $*" | sed 's/--file .*Dockerfile/FILE/; s/ [^ ]*empty$//' >>"$HOME/changes"
  echo "sha256:built" >"$images/$(name "$5")" ;;
esac
"""
RECIPE = Recipe(
    text="FROM base:1\n", bases=("base:1",), folder=None, context="", platform="linux/amd64", name="n", repository="r",
    tag="t",
)  # fmt: skip
OPTIONS = ("--network", "host")


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    file = tmp_path / "dockerish"
    file.write_text(SCRIPT)
    file.chmod(0o755)
    return from_environment({"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SSM_DOCKER": str(file)})


def changes(folder: Path) -> list[str]:
    file = folder / "changes"
    done = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return done


def test_an_image_is_built_once_and_has_a_name_for_people_too(docker: Docker, tmp_path: Path) -> None:
    images = LocalImages(lambda: docker, options=OPTIONS)
    tag = RECIPE.content_tag({"base:1": "sha256:pulled-base:1"}, OPTIONS)
    said: list[str] = []
    made = images.make(RECIPE, said.append)
    assert (made.address, made.is_new) == (f"n:{tag}", True)
    assert said == ["Image: pulling base:1", f"Image: building n:{tag}"]
    pulled, built, named = changes(tmp_path)
    assert pulled == "pull --platform linux/amd64 base:1"
    assert built == f"build build --platform linux/amd64 --tag n:{tag} FILE --network host"
    assert named == f"tag n:{tag} n:t"
    said.clear()
    made = images.make(RECIPE, said.append)
    assert (made.address, made.is_new) == (f"n:{tag}", False)
    assert said == [f"Image: n:{tag} exists"]
    assert changes(tmp_path) == [named]


def test_a_plan_says_what_would_be_done_and_does_nothing(docker: Docker, tmp_path: Path) -> None:
    images = LocalImages(lambda: docker)
    without = RECIPE.content_tag({})
    planned = images.plan(RECIPE)
    assert planned.address == f"n:{without}"
    assert planned.notes == ("Image: base:1 would be pulled", f"Image: n:{without} would be built")
    assert changes(tmp_path) == []
    images.pull("base:1", "linux/amd64", lambda _: None)
    tag = RECIPE.content_tag({"base:1": "sha256:pulled-base:1"})
    assert images.plan(RECIPE).notes == (f"Image: n:{tag} would be built",)
    made = images.make(RECIPE, lambda _: None)
    planned = images.plan(RECIPE)
    assert (planned.address, planned.notes) == (made.address, (f"Image: n:{tag} exists",))


def test_options_of_the_build_make_another_image(docker: Docker) -> None:
    plain = LocalImages(lambda: docker).make(RECIPE, lambda _: None)
    other = LocalImages(lambda: docker, options=OPTIONS)
    assert other.plan(RECIPE).address != plain.address
    assert other.make(RECIPE, lambda _: None).is_new


def test_an_image_that_is_there_is_not_pulled_again(docker: Docker, tmp_path: Path) -> None:
    images = LocalImages(lambda: docker)
    images.pull("x:1", "linux/arm64", lambda _: None)
    images.pull("x:1", "linux/arm64", lambda _: None)
    assert changes(tmp_path) == ["pull --platform linux/arm64 x:1"]
