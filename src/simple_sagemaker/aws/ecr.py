"""Amazon ECR: the person's repositories, the images in them, and who one is at a registry."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.aws_api import error_code
from ..core.aws_errors import is_denied
from ..images.docker.login import Login
from ..images.docker.pull import EcrAddress
from .clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# What an image's page in a registry may be: Docker's and OCI's, of one image or of one for each platform.
_MEDIA_TYPES = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
]


@dataclass(frozen=True, kw_only=True)
class EcrImage:
    """An image in a repository: the digest that stands for it for ever, and its page there."""

    digest: str
    manifest: str
    media_type: str


class Ecr:
    """The caller's registry in the region of the jobs, and what others let the caller see of theirs."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def repository(self, name: str) -> str | None:
        """The address of a repository of the caller's; None when there is none. Asked for by name: lists have pages."""
        try:
            found = self._client().describe_repositories(repositoryNames=[name])
        except Exception as error:
            if error_code(error) == "RepositoryNotFoundException":
                return None
            raise
        return found["repositories"][0]["repositoryUri"]

    def make_repository(self, name: str) -> str:
        """The address of a new repository, whose images are encrypted and looked through for known weaknesses.

        Another command may make it at the same time.
        """
        try:
            made = self._client().create_repository(
                repositoryName=name,
                imageScanningConfiguration={"scanOnPush": True},
                encryptionConfiguration={"encryptionType": "AES256"},
            )
        except Exception as error:
            there = self.repository(name) if error_code(error) == "RepositoryAlreadyExistsException" else None
            if there is None:
                raise
            return there
        return made["repository"]["repositoryUri"]

    def images(self, repository: str, tags: list[str]) -> dict[str, EcrImage]:
        """The images of the caller's repository that have these tags, by tag."""
        found = self._client().batch_get_image(
            repositoryName=repository,
            imageIds=[{"imageTag": tag} for tag in dict.fromkeys(tags)],
            acceptedMediaTypes=_MEDIA_TYPES,
        )
        return {
            one["imageId"]["imageTag"]: EcrImage(
                digest=one["imageId"]["imageDigest"],
                manifest=one["imageManifest"],
                media_type=one.get("imageManifestMediaType", ""),
            )
            for one in found["images"]
        }

    def tag(self, repository: str, image: EcrImage, tag: str) -> bool:
        """Give an image one more tag; False where it stays with another image, because the repository's never move."""
        given = {"imageManifestMediaType": image.media_type} if image.media_type else {}
        try:
            self._client().put_image(repositoryName=repository, imageManifest=image.manifest, imageTag=tag, **given)
        except Exception as error:
            if error_code(error) not in {"ImageTagAlreadyExistsException", "ImageAlreadyExistsException"}:
                raise
            has_it = self.images(repository, [tag]).get(tag)  # another command may have given the same image the tag
            return has_it is not None and has_it.digest == image.digest
        return True

    def digest(self, address: EcrAddress) -> str | None:
        """The digest that anybody's image has now; None where the caller may not see it, or there is none."""
        repository, _, digest = address.image.partition("@")
        if digest:
            return digest
        repository, _, tag = repository.partition(":")
        try:
            found = self._client(address.region).batch_get_image(
                registryId=address.account,
                repositoryName=repository,
                imageIds=[{"imageTag": tag or "latest"}],
                acceptedMediaTypes=_MEDIA_TYPES,
            )
        except Exception as error:
            if is_denied(error) or error_code(error) == "RepositoryNotFoundException":
                return None
            raise
        return next((one["imageId"]["imageDigest"] for one in found["images"]), None)

    def login(self, address: EcrAddress | None = None) -> Login:
        """Who the caller is at the registry of that address, or at the caller's own, for the next hours."""
        asked = {"registryIds": [address.account]} if address else {}
        found = self._client(address.region if address else None).get_authorization_token(**asked)
        data = found["authorizationData"][0]
        user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        return Login(host=data["proxyEndpoint"].partition("://")[2].rstrip("/"), user=user, password=password)

    def _client(self, region: str | None = None) -> ECRClient:
        return self._clients.ecr_in(region or self._clients.region)
