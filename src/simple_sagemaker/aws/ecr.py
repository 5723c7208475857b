"""Amazon ECR: the user's repositories, the images in them, and logins to a registry."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from ..core.aws_api import error_code
from ..core.aws_errors import is_denied
from ..core.records import dataclass
from ..images.docker.login import Login
from ..images.docker.pull import EcrAddress
from .clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# The types of manifests: Docker's and OCI's, of one image or of one for each platform.
_MEDIA_TYPES = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
]


@dataclass(frozen=True, kw_only=True)
class EcrImage:
    """An image in a repository: its digest and its manifest."""

    digest: str
    manifest: str
    media_type: str


class Ecr:
    """The caller's registry in the region of the jobs, and those images of others that the caller may read."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def repository(self, name: str) -> str | None:
        """The address of a repository of the caller's; None if there is none. Requested by name: lists have pages."""
        try:
            response = self._client().describe_repositories(repositoryNames=[name])
        except Exception as error:
            if error_code(error) == "RepositoryNotFoundException":
                return None
            raise
        return response["repositories"][0]["repositoryUri"]

    def make_repository(self, name: str) -> str:
        """Create a repository whose images are encrypted and scanned for known vulnerabilities; return its address.

        Another command may create it at the same time.
        """
        try:
            response = self._client().create_repository(
                repositoryName=name,
                imageScanningConfiguration={"scanOnPush": True},
                encryptionConfiguration={"encryptionType": "AES256"},
            )
        except Exception as error:
            existing = self.repository(name) if error_code(error) == "RepositoryAlreadyExistsException" else None
            if existing is None:
                raise
            return existing
        return response["repository"]["repositoryUri"]

    def images(self, repository: str, tags: list[str]) -> dict[str, EcrImage]:
        """The images of the caller's repository that have these tags, by tag."""
        response = self._client().batch_get_image(
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
            for one in response["images"]
        }

    def tag(self, repository: str, image: EcrImage, tag: str) -> bool:
        """Add a tag to an image; False if it stays with another image, because the repository's tags are immutable."""
        media_type = {"imageManifestMediaType": image.media_type} if image.media_type else {}
        try:
            self._client().put_image(
                repositoryName=repository, imageManifest=image.manifest, imageTag=tag, **media_type
            )
        except Exception as error:
            if error_code(error) not in {"ImageTagAlreadyExistsException", "ImageAlreadyExistsException"}:
                raise
            has_it = self.images(repository, [tag]).get(tag)  # another command may have tagged the same image
            return has_it is not None and has_it.digest == image.digest
        return True

    def digest(self, address: EcrAddress) -> str | None:
        """The current digest of any account's image; None if the caller may not see it, or it does not exist."""
        repository, _, digest = address.image.partition("@")
        if digest:
            return digest
        repository, _, tag = repository.partition(":")
        try:
            response = self._client(address.region).batch_get_image(
                registryId=address.account,
                repositoryName=repository,
                imageIds=[{"imageTag": tag or "latest"}],
                acceptedMediaTypes=_MEDIA_TYPES,
            )
        except Exception as error:
            if is_denied(error) or error_code(error) == "RepositoryNotFoundException":
                return None
            raise
        return next((one["imageId"]["imageDigest"] for one in response["images"]), None)

    def login(self, address: EcrAddress | None = None) -> Login:
        """The login to the registry of that address, or to the caller's own; valid for some hours."""
        registry = {"registryIds": [address.account]} if address else {}
        response = self._client(address.region if address else None).get_authorization_token(**registry)
        data = response["authorizationData"][0]
        user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        return Login(host=data["proxyEndpoint"].partition("://")[2].rstrip("/"), user=user, password=password)

    def _client(self, region: str | None = None) -> ECRClient:
        return self._clients.ecr_in(region or self._clients.region)
