"""Build an image from a recipe with the Docker command, reporting its output line by line."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ...core.image_builder import Recipe, Report
from ...errors import SsmError
from . import context
from .command import Docker, DockerFailed
from .dockerfile import NAME

# Images that all registries and SageMaker accept: in Docker's format, without an index with attestations around them.
_SETTINGS = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDAH_FORMAT": "docker"}
_NOISE = ("DEPRECATED: The legacy builder", "Install the buildx component", "https://docs.docker.com/go/buildx")


def build(docker: Docker, recipe: Recipe, names: list[str], report: Report, *, options: tuple[str, ...] = ()) -> str:
    """Build the image under all of these names; return its ID.

    Raises DockerFailed with the output of the step that failed and the command that repeats it, for which the
    Dockerfile stays where that command expects it.
    """
    folder = Path(tempfile.mkdtemp(prefix="ssm-image-"))
    try:
        _run(docker, _arguments(recipe, names, folder, options), report)
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
            f"{recipe.folder} changed while its image was built, so the image's content is unknown.\nRun again."
        )
    return _check(docker, recipe, names[0])


def _check(docker: Docker, recipe: Recipe, name: str) -> str:
    """Check that the image was built for the platform of the jobs; return its ID. Raises SsmError."""
    description = docker.ask("image", "inspect", "--format", "{{.Id}} {{.Architecture}}", name)
    if description is None:
        raise SsmError(
            f"The image was built, and {docker.command_line('image', 'ls')} does not show it: the builder in use keeps "
            "its images to itself.\nChoose another one: docker buildx use default."
        )
    identity, _, architecture = description.strip().partition(" ")
    if architecture != recipe.platform.partition("/")[2]:
        docker.do("rmi", name)
        raise SsmError(
            f"The image was built for {architecture}, and the job's machines need {recipe.platform}.\n"
            "Name a base for that platform, or build with a newer Docker (BuildKit)."
        )
    return identity


_ALONE = (
    "Only a folder's files can be copied: give the folder that has the Dockerfile, rather than the file or its text."
)


def _arguments(recipe: Recipe, names: list[str], folder: Path, options: tuple[str, ...]) -> list[str]:
    """The command's arguments; the Dockerfile is written to ``folder``."""
    file, empty = folder / NAME, folder / "empty"
    file.write_bytes(recipe.text.encode("utf-8", "surrogateescape"))
    if recipe.folder is None:
        empty.mkdir()
    tags = [argument for name in names for argument in ("--tag", name)]
    where = recipe.folder or empty
    return ["build", "--platform", recipe.platform, *tags, "--file", str(file), *options, str(where)]


def _run(docker: Docker, arguments: list[str], report: Report) -> None:
    def tell(line: str) -> None:
        if line and not line.strip().startswith(_NOISE):
            report(f"build | {line}")

    docker.with_environment(_SETTINGS).follow(*arguments, report=tell)
