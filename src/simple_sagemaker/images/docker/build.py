"""An image built from a recipe by the Docker command, its lines told as they come."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ...core.image_builder import Recipe, Say
from ...errors import SsmError
from . import context
from .command import Docker, DockerFailed
from .dockerfile import NAME

# Images as registries and SageMaker have always taken them: no index with attestations around them, Docker's format.
_SETTINGS = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDAH_FORMAT": "docker"}
_NOISE = ("DEPRECATED: The legacy builder", "Install the buildx component", "https://docs.docker.com/go/buildx")


def build(docker: Docker, recipe: Recipe, names: list[str], say: Say, *, options: tuple[str, ...] = ()) -> str:
    """Build the image under all of these names; gives its identity.

    Raises DockerFailed with the lines of the step that failed and the command that repeats it: for that the Dockerfile
    as it was built stays where the command names it.
    """
    folder = Path(tempfile.mkdtemp(prefix="ssm-image-"))
    try:
        _run(docker, _words(recipe, names, folder, options), say)
    except DockerFailed as error:
        if recipe.folder is None and "COPY" in recipe.text.upper():
            raise DockerFailed(f"{error}\n{_ALONE}", error.output) from error
        raise
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)
    if recipe.folder and context.digest(recipe.folder) != recipe.context:
        raise SsmError(
            f"{recipe.folder} changed while its image was built, so that nobody knows what is in it.\nRun again."
        )
    return _checked(docker, recipe, names[0])


def _checked(docker: Docker, recipe: Recipe, name: str) -> str:
    """The identity of the image that was built, once it is known to be there and to run where jobs do."""
    found = docker.ask("image", "inspect", "--format", "{{.Id}} {{.Architecture}}", name)
    if found is None:
        raise SsmError(
            f"The image was built, and {docker.typed('image', 'ls')} does not have it: the builder in use keeps its "
            "images to itself.\nChoose one that does not: docker buildx use default."
        )
    identity, _, architecture = found.strip().partition(" ")
    if architecture != recipe.platform.partition("/")[2]:
        docker.do("rmi", name)
        raise SsmError(
            f"The image was built for {architecture}, and the job's machines need {recipe.platform}.\n"
            "Name a base for that platform, or build with a newer Docker (BuildKit)."
        )
    return identity


_ALONE = (
    "Only a folder's files can be copied: give --docker_file_path_or_content the folder that has the Dockerfile, "
    "rather than the file or its text."
)


def _words(recipe: Recipe, names: list[str], folder: Path, options: tuple[str, ...]) -> list[str]:
    """The command's words; the Dockerfile is written to ``folder``."""
    file, empty = folder / NAME, folder / "empty"
    file.write_bytes(recipe.text.encode("utf-8", "surrogateescape"))
    if recipe.folder is None:
        empty.mkdir()
    tags = [word for name in names for word in ("--tag", name)]
    where = recipe.folder or empty
    return ["build", "--platform", recipe.platform, *tags, "--file", str(file), *options, str(where)]


def _run(docker: Docker, words: list[str], say: Say) -> None:
    def tell(line: str) -> None:
        if line and not line.strip().startswith(_NOISE):
            say(f"build | {line}")

    docker.with_environment(_SETTINGS).follow(*words, say=tell)
