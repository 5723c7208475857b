"""Which image a job runs in: a named one, a framework's, or a custom one to be built."""

from __future__ import annotations

import re

from ..core.image_builder import Images, MadeImage, Recipe, Report
from ..core.specs import Image
from ..errors import UsageError
from .docker.dockerfile import Dockerfile, base_images, read_dockerfile
from .frameworks import framework_image, is_arm


def dockerfile_of(image: Image) -> Dockerfile | None:
    """The task's Dockerfile, with a digest of its build context; None if the task has none. Raises UsageError."""
    if image.docker_file is None:
        return None
    try:
        return read_dockerfile(image.docker_file)
    except UsageError as error:
        raise UsageError.naming("{docker_file_path_or_content} {error}", error=error) from error


def choose(
    image: Image, dockerfile: Dockerfile | None, *, instance_type: str, region: str, project: str
) -> str | Recipe:
    """The image's address, or the recipe of an image built from ``dockerfile``. Raises UsageError for no such image."""
    if image.uri:
        return image.uri
    if image.built_in:
        from .built_in import built_in_image

        name, _, version = image.built_in.partition(":")
        return built_in_image(name, version, region)
    if dockerfile is None:
        return _framework_image(image, instance_type, region)
    base = _framework_image(image, instance_type, region) if dockerfile.needs_base else ""
    text = dockerfile.on(base)
    name = default_name(project)
    return Recipe(
        text=text,
        bases=tuple(base_images(text)),
        folder=dockerfile.folder,
        context=dockerfile.context,
        platform=platform(instance_type),
        name=image.repo_name or image.aws_repo_name or name,
        repository=image.aws_repo_name or image.repo_name or name,
        tag=image.image_tag,
    )


def get_ready(image: str | Recipe, instance_type: str, images: Images, report: Report) -> MadeImage:
    """Build or pull the image unless it is available where jobs run; ``report`` is called with lines about progress."""
    if isinstance(image, Recipe):
        return images.make(image, report)
    images.pull(image, platform(instance_type), report)
    return MadeImage(address=image, is_new=False)


def platform(instance_type: str) -> str:
    """Docker's name of an instance type's platform, independent of this machine's."""
    return "linux/arm64" if is_arm(instance_type) else "linux/amd64"


def default_name(project: str) -> str:
    """The default repository of a project's images.

    It contains "sagemaker", as AWS's own policies for SageMaker require. Few characters are legal in repositories.
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
