"""What Docker itself does with our recipes: by each client that is here, and beside our own reading of a context."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from simple_sagemaker.core.image_builder import MadeImage, Recipe
from simple_sagemaker.core.specs import Image
from simple_sagemaker.errors import SsmError
from simple_sagemaker.images import choose as imagechoice
from simple_sagemaker.images.docker.context import files
from simple_sagemaker.services import docker as services
from tests.docker import base
from tests.docker.daemon import Daemon

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

_NUMBERS = itertools.count()


def recipe(docker_file: str | Path, *, project: str = "", instance_type: str = "ml.m5.large") -> Recipe:
    image = Image(docker_file=str(docker_file), framework="tensorflow")
    project = project or f"{os.getpid()}-{next(_NUMBERS)}"
    own = imagechoice.dockerfile_of(image)
    chosen = imagechoice.choose(image, own, instance_type=instance_type, region=base.REGION, project=project)
    assert isinstance(chosen, Recipe)
    return chosen


def context(folder: Path, text: str, **content: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(text)
    for name, what in content.items():
        (folder / name).write_text(what)
    return folder


def make(made_from: Recipe, **environment: str) -> tuple[MadeImage, list[str]]:
    """The image, and what was said while it was made."""
    lines: list[str] = []
    return services.local_images({**os.environ, **environment}).make(made_from, lines.append), lines


def builders() -> list[tuple[str, str]]:
    """The clients that are here, each with what ``DOCKER_BUILDKIT`` can be: one needs a plugin for BuildKit."""
    clients = {shutil.which("docker", path=folder) for folder in ("/usr/bin", "/usr/local/bin")} - {None}
    found = []
    for client in sorted(str(one) for one in clients):
        asked = subprocess.run(
            [client, "build"], env={"DOCKER_BUILDKIT": "1"}, capture_output=True, text=True, check=False
        )
        found += [(client, "0")] + ([(client, "1")] if "buildx component is missing" not in asked.stderr else [])
    return found


def test_every_client_and_builder_that_is_here_makes_the_image(docker: Daemon, tmp_path: Path) -> None:
    assert builders()
    for client, buildkit in builders():
        text = f"FROM __BASE_IMAGE__\nLABEL by={client.replace('/', '-')}{buildkit}\nCOPY a.txt /\n"
        folder = context(tmp_path / "image", text, **{"a.txt": "copied"})
        settings = {"SSM_DOCKER": client, "DOCKER_BUILDKIT": buildkit}
        first, said = make(recipe(folder, project="clients"), **settings)
        assert first.is_new
        assert any(line.startswith("build | ") for line in said)
        assert docker.docker("run", "--rm", "--network", "none", first.address, "cat", "/a.txt") == "copied"
        again, said = make(recipe(folder, project="clients"), **settings)
        assert (again.is_new, again.address) == (False, first.address)
        assert said == [f"Image: {first.address} exists"]


def test_the_image_has_the_persons_tag_too_and_the_newest_one_has_it(docker: Daemon, tmp_path: Path) -> None:
    addresses = []
    for content in ("1", "2"):
        folder = context(tmp_path / "image", "FROM __BASE_IMAGE__\nCOPY a /a\n", a=content)
        addresses.append(make(recipe(folder, project="tagged"))[0].address)
        assert docker.docker("run", "--rm", "--network", "none", addresses[-1], "cat", "/a") == content
    newest = docker.docker("image", "inspect", "--format", "{{.Id}}", "simple-sagemaker/tagged:latest")
    assert newest == docker.docker("image", "inspect", "--format", "{{.Id}}", addresses[-1])


def test_an_image_on_a_base_that_changed_is_made_anew(docker: Daemon, tmp_path: Path) -> None:
    addresses = []
    for content in ("old", "new"):
        text = f"FROM {base.aws_names()[1]}\nRUN echo {content} >/which\n"
        docker.docker("build", "--network", "host", "--tag", "changing-base", str(context(tmp_path / "base", text)))
        addresses.append(make(recipe("FROM changing-base\nRUN cp /which /copy", project="on-base"))[0].address)
    found = [docker.docker("run", "--rm", "--network", "none", one, "cat", "/copy") for one in addresses]
    assert found == ["old\n", "new\n"]


def test_further_words_of_the_build_are_passed_and_count_as_content(docker: Daemon) -> None:
    own = recipe("FROM __BASE_IMAGE__\nARG WHO\nRUN echo $WHO >/who", project="words")
    first, _ = make(own, SSM_DOCKER_BUILD="--network host --build-arg WHO=me")
    second, _ = make(own, SSM_DOCKER_BUILD="--network host --build-arg WHO=you")
    found = [docker.docker("run", "--rm", "--network", "none", one.address, "cat", "/who") for one in (first, second)]
    assert found == ["me\n", "you\n"]


def test_an_image_for_arm_says_so(docker: Daemon) -> None:
    buildkit = {"SSM_DOCKER": "/usr/bin/docker", "DOCKER_BUILDKIT": "1"}
    made_for_arm, _ = make(recipe("FROM scratch\nCMD x", instance_type="ml.m6g.large"), **buildkit)
    for_intel, _ = make(recipe("FROM scratch\nCMD x", instance_type="ml.g4dn.xlarge"), **buildkit)
    found = [docker.docker("image", "inspect", "--format", "{{.Architecture}}", one.address)
             for one in (made_for_arm, for_intel)]  # fmt: skip
    assert found == ["arm64\n", "amd64\n"]


def test_an_image_that_the_jobs_machines_could_not_run_is_refused(docker: Daemon) -> None:
    text = f"FROM --platform=linux/amd64 {base.aws_names()[1]}\nCMD y"
    with pytest.raises(SsmError, match="was built for amd64, and the job's machines need linux/arm64"):
        make(recipe(text, instance_type="ml.m6g.large"), DOCKER_BUILDKIT="0")


def test_a_base_that_is_not_here_is_pulled_first(docker: Daemon) -> None:
    there = f"{docker.registry}/{base.repository(base.aws_names()[1])}"
    mine = f"{docker.registry}/only-there:1"
    docker.docker("tag", there, mine)
    docker.docker("push", mine)
    docker.docker("rmi", mine)
    planned = services.local_images(os.environ).plan(recipe(f"FROM {mine}"))
    assert f"Image: {mine} would be pulled" in planned.notes
    _, said = make(recipe(f"FROM {mine}"))
    assert f"Image: pulling {mine}" in said
    assert docker.docker("image", "inspect", mine)


def test_a_context_that_changes_while_it_is_built_is_told_of(docker: Daemon, tmp_path: Path) -> None:
    folder = context(tmp_path / "image", "FROM __BASE_IMAGE__\nCOPY a /a\nRUN sleep 2\n", a="1")
    own = recipe(folder)
    change = threading.Timer(1, lambda: (folder / "a").write_text("2"))
    change.start()
    with pytest.raises(SsmError, match="changed while its image was built"):
        make(own)
    change.join()


RULES = {
    "none": "",
    "stars": "*.md\n**/deep.txt\nsub/*/x\n",
    "everything but": "*\n!sub\n!Dockerfile\nsub/*.md\n",
    "taken back below": "sub\n!sub/deep/deep.txt\n",
    "odd names": "[ab].txt\n\\*\n# a comment\n/c?.txt\n!  b.txt\n./sub/../link\n",
    "itself": ".dockerignore\nDockerfile\n",
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@pytest.mark.parametrize("buildkit", ["0", "1"])
def test_what_we_read_of_a_context_is_what_docker_copies(
    docker: Daemon, tmp_path: Path, rules: str, buildkit: str
) -> None:
    folder = context(tmp_path / "image", "FROM scratch\nCOPY . /in/\n", **{".dockerignore": rules})
    for name in ("a.txt", "b.txt", "cc.txt", "top.md", "*", "sub/s.md", "sub/t.txt", "sub/deep/deep.txt", "sub/deep/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("a.txt")
    image, _ = make(recipe(folder), SSM_DOCKER="/usr/bin/docker", DOCKER_BUILDKIT=buildkit)
    container = docker.docker("create", image.address, "nothing").strip()
    docker.docker("export", "--output", str(tmp_path / "all.tar"), container)
    docker.docker("rm", container)
    with tarfile.open(tmp_path / "all.tar") as archive:
        inside = [member for member in archive if member.name.startswith("in/")]
    copied = {one.name.removeprefix("in/") for one in inside if not one.isdir() or one.name == "in/empty"}
    assert copied == {name for name in files(folder) if not (folder / name).is_dir() or name == "empty"}
