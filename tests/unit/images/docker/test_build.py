"""What a build is asked for and what is said where it goes wrong. The command is a script in place of Docker."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from simple_sagemaker.core.image_builder import Recipe
from simple_sagemaker.errors import SsmError
from simple_sagemaker.images.docker import context
from simple_sagemaker.images.docker.build import build
from simple_sagemaker.images.docker.command import Docker, DockerFailed, from_environment

# Notes each command's words and, of a build, two variables; says what FAILS, ARCHITECTURE and CHANGES ask for.
SCRIPT = """#!/bin/sh
for word; do printf '%s\\n' "$word"; done >"$HOME/$1.words"
case "$1" in
build)
  echo "DEPRECATED: The legacy builder is deprecated"
  echo "step 1"
  env | grep -E '^(BUILDX|BUILDAH)_' | sort >"$HOME/variables"
  while [ "$1" != --file ]; do shift; done
  cp "$2" "$HOME/Dockerfile"
  [ -n "$CHANGES" ] && echo changed >>"$CHANGES"
  exit ${FAILS:-0} ;;
image) [ "$ARCHITECTURE" = none ] && exit 1; echo "sha256:1 ${ARCHITECTURE:-amd64}" ;;
esac
exit 0
"""
ALONE = Recipe(
    text="FROM base\n",
    bases=("base",),
    folder=None,
    context="",
    platform="linux/amd64",
    name="n",
    repository="r",
    tag="t",
)


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


def docker(folder: Path, **environment: str) -> Docker:
    file = folder / "dockerish"
    file.write_text(SCRIPT)
    file.chmod(0o755)
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "SSM_DOCKER": str(file), **environment}
    return from_environment(given)


def words(folder: Path, verb: str) -> list[str]:
    return (folder / f"{verb}.words").read_text().splitlines()


def test_a_build_has_the_platform_every_name_and_the_options_of_the_person(tmp_path: Path) -> None:
    lines: list[str] = []
    options = ("--network", "host", "--build-arg", "WHO=a b")
    assert build(docker(tmp_path), ALONE, ["n:1", "n:t"], lines.append, options=options) == "sha256:1"
    asked = words(tmp_path, "build")
    assert asked[:7] == ["build", "--platform", "linux/amd64", "--tag", "n:1", "--tag", "n:t"]
    assert asked[-5:-1] == list(options)
    assert asked[-1].endswith("empty")  # no file of this machine is sent to the daemon
    assert (tmp_path / "Dockerfile").read_text() == ALONE.text
    assert words(tmp_path, "image")[-1] == "n:1"
    assert lines == ["build | step 1"]
    assert not list((tmp_path / "tmp").iterdir())


def test_images_are_built_in_the_form_that_sagemaker_takes(tmp_path: Path) -> None:
    build(docker(tmp_path), ALONE, ["n:1"], lambda _: None)
    assert (tmp_path / "variables").read_text().split() == ["BUILDAH_FORMAT=docker", "BUILDX_NO_DEFAULT_ATTESTATIONS=1"]


def test_a_folder_is_built_from_where_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "a").write_text("a")
    recipe = dataclasses.replace(ALONE, folder=folder, context=context.digest(folder))
    build(docker(tmp_path), recipe, ["n:1"], lambda _: None)
    assert words(tmp_path, "build")[-1] == str(folder)
    with pytest.raises(SsmError, match=r"own changed while its image was built.*\n.*Run again"):
        build(docker(tmp_path, CHANGES=str(folder / "a")), recipe, ["n:1"], lambda _: None)


def test_a_failed_build_keeps_the_dockerfile_that_its_command_names(tmp_path: Path) -> None:
    with pytest.raises(DockerFailed) as failed:
        build(docker(tmp_path, FAILS="1"), ALONE, ["n:1"], lambda _: None)
    kept = words(tmp_path, "build")[words(tmp_path, "build").index("--file") + 1]
    assert kept in str(failed.value)
    assert Path(kept).read_text() == ALONE.text
    assert Path(words(tmp_path, "build")[-1]).is_dir()  # without files, for the command that repeats it
    assert "Only a folder's files can be copied" not in str(failed.value)


def test_a_folders_build_that_fails_is_not_told_to_be_a_folders(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    recipe = dataclasses.replace(ALONE, text="FROM base\nCOPY a /a\n", folder=folder, context=context.digest(folder))
    with pytest.raises(DockerFailed) as failed:
        build(docker(tmp_path, FAILS="1"), recipe, ["n:1"], lambda _: None)
    assert "Only a folder's files" not in str(failed.value)


def test_a_build_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def leave(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(docker(tmp_path), ALONE, ["n:1"], leave)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_lone_dockerfile_that_copies_is_told_why_nothing_is_there(tmp_path: Path) -> None:
    copying = dataclasses.replace(ALONE, text="FROM base\ncopy a /a\n")
    with pytest.raises(DockerFailed, match="Only a folder's files can be copied"):
        build(docker(tmp_path, FAILS="1"), copying, ["n:1"], lambda _: None)


def test_an_image_for_other_machines_is_removed_and_refused(tmp_path: Path) -> None:
    with pytest.raises(SsmError, match="built for arm64, and the job's machines need linux/amd64"):
        build(docker(tmp_path, ARCHITECTURE="arm64"), ALONE, ["n:1"], lambda _: None)
    assert words(tmp_path, "rmi") == ["rmi", "n:1"]


def test_a_builder_that_keeps_its_images_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SsmError, match="docker buildx use default"):
        build(docker(tmp_path, ARCHITECTURE="none"), ALONE, ["n:1"], lambda _: None)
