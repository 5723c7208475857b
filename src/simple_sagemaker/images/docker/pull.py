"""Make an image available to the local daemon: pull it if it is missing, with the login that its registry needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from ...core.image_builder import Report
from ...core.records import dataclass
from ...errors import InputNotFound
from .command import Docker, DockerFailed
from .login import Login, log_in

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_ECR = re.compile(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+/(.+)")


@dataclass(frozen=True, kw_only=True)
class EcrAddress:
    """The parts of an address in ECR; ``image`` is the repository with its tag or digest."""

    account: str
    region: str
    image: str


# Returns the login for an account's registry in a region, or None without credentials.
Logins = Callable[[EcrAddress], Login | None]


def no_login(_: EcrAddress) -> Login | None:
    """Return no login."""
    return None


def ecr_address(image: str) -> EcrAddress | None:
    """The parts of an image's address if it is in ECR, else None."""
    match = _ECR.fullmatch(image)
    return EcrAddress(account=match[1], region=match[2], image=match[3]) if match else None


def image_id(docker: Docker, image: str) -> str | None:
    """The ID of an image in the daemon, which is a digest of its content; None if it is not there."""
    identity = docker.ask("image", "inspect", "--format", "{{.Id}}", image)
    return identity.strip() if identity else None


def digests(docker: Docker, image: str) -> set[str]:
    """The digests (``sha256:…``) that registries have for an image in the daemon; none if it is not there."""
    names = docker.ask("image", "inspect", "--format", "{{json .RepoDigests}}", image)
    return {name.partition("@")[2] for name in json.loads(names or "null") or []}


def pull_if_missing(
    docker: Docker, image: str, report: Report, *, platform: str, logins: Logins = no_login, digest: str = ""
) -> str:
    """Pull ``image`` unless the daemon has it under that name; return its ID. For an existing one there is no request.

    ``digest`` is the one it must have, if it is known. Raises InputNotFound for an image that cannot be pulled.
    """
    identity = image_id(docker, image)
    if identity and (not digest or digest in digests(docker, image)):
        return identity
    address = ecr_address(image)
    login = logins(address) if address else None
    report(f"Image: pulling {image}")
    try:
        if address and login:
            pulled = f"{login.host}/{_by_digest(address.image, digest)}"
            with log_in(docker, login) as inside:
                _pull(inside, pulled, report, platform=platform)
        else:
            pulled = image
            _pull(docker, pulled, report, platform=platform)
    except DockerFailed as error:
        message = f"The image {image} is not here and cannot be pulled.\n{error}\n{_advice(address, login)}"
        raise InputNotFound(message) from error
    if pulled != image and "@" not in image:  # a name with a digest cannot be a tag
        docker.do("tag", pulled, image)
    return image_id(docker, pulled) or pulled


def _by_digest(image: str, digest: str) -> str:
    """The image's name by its digest, if that is known: the tag may have moved meanwhile."""
    return f"{image.partition('@')[0].partition(':')[0]}@{digest}" if digest else image


def _pull(docker: Docker, image: str, report: Report, *, platform: str) -> None:
    docker.follow("pull", "--platform", platform, image, report=lambda line: _report_line(line, report))


def _report_line(line: str, report: Report) -> None:
    """Report a line if it shows progress: of each layer, only that it is complete."""
    if line and not line.endswith((": Pulling fs layer", ": Waiting", ": Verifying Checksum")):
        report(f"pull | {line}")


def _advice(address: EcrAddress | None, login: Login | None) -> str:
    if address and not login:
        return (
            "It is in Amazon ECR, which needs credentials: configure them (aws configure, AWS_PROFILE, …), or pull it "
            "yourself under that name."
        )
    if address:
        return "Check the address, and that you may pull it (ecr:BatchGetImage, ecr:GetDownloadUrlForLayer)."
    return "Check the address; for a registry that needs a login: docker login."
