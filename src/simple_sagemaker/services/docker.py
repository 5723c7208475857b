"""Docker as the environment has it: the command, the options of builds, and images for containers of this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..errors import NoCredentials, UsageError

if TYPE_CHECKING:
    from ..images.docker.command import Docker
    from ..images.docker.login import Login
    from ..images.docker.maker import LocalImages
    from ..images.docker.pull import EcrAddress


def find_docker(environment: Mapping[str, str]) -> Callable[[], Docker]:
    """Finds the Docker command when the first image needs it."""

    def find() -> Docker:
        from ..images.docker import command

        return command.from_environment(environment)

    return find


def build_options(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Further words of every build, which SSM_DOCKER_BUILD has. Raises UsageError for quotes that do not end."""
    import shlex

    text = environment.get("SSM_DOCKER_BUILD", "")
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"SSM_DOCKER_BUILD={text!r} cannot be read as words: {error}.") from error


def local_images(environment: Mapping[str, str]) -> LocalImages:
    """Images for containers of this machine; those in ECR are pulled with the credentials that there are."""
    from ..images.docker.maker import LocalImages

    def login(address: EcrAddress) -> Login | None:
        from ..aws.clients import connect
        from ..aws.ecr import Ecr

        try:
            return Ecr(connect({**environment, "AWS_REGION": address.region}, "SSM_ENGINE=local")).login(address)
        except NoCredentials:
            return None

    return LocalImages(find_docker(environment), logins=login, options=build_options(environment))
