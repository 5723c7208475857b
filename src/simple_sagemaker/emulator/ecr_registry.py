"""ECR's images as a real registry has them: moto knows of repositories, and of nothing that is pushed.

Whether a caller may ask, and whether a repository of the account's own is there, moto says first. Repositories of other
accounts (AWS's own images) are those of the registry.
https://distribution.github.io/distribution/spec/api/ is how a registry is asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from ..local.job.home import ACCOUNT
from .http import Answer, error_answer, json_answer

OPERATIONS = ("ecr.BatchGetImage", "ecr.PutImage")
_HOST = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_MEDIA_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


@dataclass(frozen=True)
class Registry:
    """The registry at ``HOST:PORT``, reached without TLS, as the user and with the token that ECR's answers give."""

    address: str

    def pointed_to(self, body: bytes) -> bytes:
        """An answer of ECR's whose addresses are this registry's."""
        text = _HOST.sub(self.address, body.decode())
        return text.replace(f"https://{self.address}", f"http://{self.address}").encode()

    def answer(self, name: str, body: bytes, of_moto: Answer) -> Answer:
        """What ECR says of images; ``of_moto`` is what moto said, which stands where it refuses."""
        asked: dict[str, Any] = json.loads(body)
        own = asked.get("registryId", ACCOUNT) == ACCOUNT
        status, _, said = of_moto
        refused = not status.startswith("200") and (own or b"RepositoryNotFound" not in said)
        if refused:
            return of_moto
        try:
            if name == "ecr.PutImage":
                self._put(asked)
                return of_moto
            return json_answer(200, json.dumps(self._images(asked)).encode())
        except (urllib.error.URLError, OSError) as error:
            return error_answer("ServerException", f"The registry at {self.address}: {error}", 500)

    def _images(self, asked: dict[str, Any]) -> dict[str, Any]:
        account, repository = asked.get("registryId", ACCOUNT), asked["repositoryName"]
        images, failures = [], []
        for wanted in asked["imageIds"]:
            there = self._manifest(account, repository, wanted.get("imageDigest") or wanted["imageTag"])
            if there is None:
                reason = {"failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
                failures.append({"imageId": wanted, **reason})
                continue
            manifest, media_type = there
            digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
            found = {"imageManifest": manifest.decode(), "imageManifestMediaType": media_type}
            image_id = {**wanted, "imageDigest": digest}
            images.append({"registryId": account, "repositoryName": repository, "imageId": image_id, **found})
        return {"images": images, "failures": failures}

    def _manifest(self, account: str, repository: str, reference: str) -> tuple[bytes, str] | None:
        asked = self._request(account, repository, reference)
        asked.add_header("Accept", ", ".join(_MEDIA_TYPES))
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - a registry on http, as asked for
                return answer.read(), answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def _put(self, asked: dict[str, Any]) -> None:
        """Give the image one more tag: its page once more, under another name."""
        manifest = asked["imageManifest"].encode()
        media_type = asked.get("imageManifestMediaType") or json.loads(manifest).get("mediaType", _MEDIA_TYPES[0])
        put = self._request(ACCOUNT, asked["repositoryName"], asked["imageTag"], manifest)
        put.add_header("Content-Type", media_type)
        urllib.request.urlopen(put, timeout=30).close()  # noqa: S310 - as above

    def _request(
        self, account: str, repository: str, reference: str, body: bytes | None = None
    ) -> urllib.request.Request:
        where = f"http://{self.address}/v2/{urllib.parse.quote(repository)}/manifests/{urllib.parse.quote(reference)}"
        made = urllib.request.Request(where, data=body, method="PUT" if body else "GET")
        token = base64.b64encode(f"AWS:{account}-auth-token".encode()).decode()
        made.add_header("Authorization", f"Basic {token}")
        return made
