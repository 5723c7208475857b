"""An image made available to the local daemon: found there, or pulled with whatever login its registry needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from ...core.image_builder import Say
from ...errors import InputNotFound
from .command import Docker, DockerFailed
from .login import Login, logged_in

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_ECR = re.compile(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+/(.+)")


@dataclass(frozen=True, kw_only=True)
class EcrAddress:
    """The parts of an address in ECR; ``image`` is the repository with its tag or digest."""

    account: str
    region: str
    image: str


# Gives the login for an account's registry in a region, or None where there are no credentials to ask with.
Logins = Callable[[EcrAddress], Login | None]


def nobody(_: EcrAddress) -> Login | None:
    """No login anywhere."""
    return None


def ecr_address(image: str) -> EcrAddress | None:
    """The parts of an image's address when it is in ECR, else None."""
    found = _ECR.fullmatch(image)
    return EcrAddress(account=found[1], region=found[2], image=found[3]) if found else None


def image_id(docker: Docker, image: str) -> str | None:
    """The identity of an image that the daemon has, which is a digest of its content; None for one it has not."""
    found = docker.ask("image", "inspect", "--format", "{{.Id}}", image)
    return found.strip() if found else None


def digests(docker: Docker, image: str) -> set[str]:
    """The digests (``sha256:…``) by which registries know an image that the daemon has; none for one it has not."""
    found = docker.ask("image", "inspect", "--format", "{{json .RepoDigests}}", image)
    return {name.partition("@")[2] for name in json.loads(found or "null") or []}


def bring(docker: Docker, image: str, say: Say, *, platform: str, logins: Logins = nobody, digest: str = "") -> str:
    """Have the daemon hold ``image`` under that name; gives its identity. One that is there is not asked for anywhere.

    ``digest`` is the one it must have, where it is known. Raises InputNotFound for an image that cannot be pulled.
    """
    found = image_id(docker, image)
    if found and (not digest or digest in digests(docker, image)):
        return found
    address = ecr_address(image)
    login = logins(address) if address else None
    say(f"Image: pulling {image}")
    try:
        if address and login:
            pulled = f"{login.host}/{_pinned(address.image, digest)}"
            with logged_in(docker, login) as inside:
                _pull(inside, pulled, say, platform=platform)
        else:
            pulled = image
            _pull(docker, pulled, say, platform=platform)
    except DockerFailed as error:
        told = f"The image {image} is not here and cannot be pulled.\n{error}\n{_advice(address, login)}"
        raise InputNotFound(told) from error
    if pulled != image and "@" not in image:  # a name with a digest is no name to give
        docker.do("tag", pulled, image)
    return image_id(docker, pulled) or pulled


def _pinned(image: str, digest: str) -> str:
    """The image by its digest, where that is known: the tag may have moved meanwhile."""
    return f"{image.partition('@')[0].partition(':')[0]}@{digest}" if digest else image


def _pull(docker: Docker, image: str, say: Say, *, platform: str) -> None:
    docker.follow("pull", "--platform", platform, image, say=lambda line: _tell(line, say))


def _tell(line: str, say: Say) -> None:
    """Pass on what tells how far it is: of each layer, that it is there."""
    if line and not line.endswith((": Pulling fs layer", ": Waiting", ": Verifying Checksum")):
        say(f"pull | {line}")


def _advice(address: EcrAddress | None, login: Login | None) -> str:
    if address and not login:
        return (
            "It is in Amazon ECR, which wants credentials: configure them (aws configure, AWS_PROFILE, …), or pull it "
            "yourself under that name."
        )
    if address:
        return "Check the address, and that you may pull it (ecr:BatchGetImage, ecr:GetDownloadUrlForLayer)."
    return "Check the address; for a registry that wants a login: docker login."
