"""Which image a job runs in: one that is named, a framework's, or one of the person's own that has to be made."""

from __future__ import annotations

import re

from ..core.image_builder import Images, MadeImage, Recipe, Say
from ..core.specs import Image
from ..errors import UsageError
from .docker import dockerfile
from .docker.dockerfile import Dockerfile
from .frameworks import framework_image, is_arm


def dockerfile_of(image: Image) -> Dockerfile | None:
    """The Dockerfile that was asked for, with a digest of everything it is built from. Raises UsageError."""
    if image.docker_file is None:
        return None
    try:
        return dockerfile.read(image.docker_file)
    except UsageError as error:
        raise UsageError.naming("{docker_file_path_or_content} {error}", error=error) from error


def choose(image: Image, own: Dockerfile | None, *, instance_type: str, region: str, project: str) -> str | Recipe:
    """The image's address, or the recipe of one of the person's own (``own``). Raises UsageError for no such image."""
    if image.uri:
        return image.uri
    if own is None:
        return _framework_image(image, instance_type, region)
    base = _framework_image(image, instance_type, region) if own.needs_base else ""
    text = own.on(base)
    name = default_name(project)
    return Recipe(
        text=text,
        bases=tuple(dockerfile.bases(text)),
        folder=own.folder,
        context=own.context,
        platform=platform(instance_type),
        name=image.repo_name or image.aws_repo_name or name,
        repository=image.aws_repo_name or image.repo_name or name,
        tag=image.image_tag,
    )


def get_ready(image: str | Recipe, instance_type: str, images: Images, say: Say) -> MadeImage:
    """The image where jobs run: brought there, or made, unless it is there already. ``say`` is told how it goes."""
    if isinstance(image, Recipe):
        return images.made(image, say)
    images.bring(image, platform(instance_type), say)
    return MadeImage(address=image, is_new=False)


def platform(instance_type: str) -> str:
    """Docker's word for what an instance type's processors run, whatever this machine's are."""
    return "linux/arm64" if is_arm(instance_type) else "linux/amd64"


def default_name(project: str) -> str:
    """The repository of a project's images, where none is named.

    "sagemaker" in it is what AWS's own policies for SageMaker ask for. Repositories have few letters.
    """
    clean = re.sub(r"[^a-z0-9]+", "-", project.lower()).strip("-")
    return f"simple-sagemaker/{clean or 'project'}"


def _framework_image(image: Image, instance_type: str, region: str) -> str:
    return framework_image(
        image.framework,
        version=image.framework_version,
        py_version=image.py_version,
        instance_type=instance_type,
        region=region,
    )
