"""ECR's image operations, answered by a real registry: moto knows repositories, but none of the images pushed to them.

moto answers first: it decides whether the caller is allowed, and whether a repository of this account exists.
Repositories of other accounts (AWS's own images) are looked up in the registry alone.
Registry API: https://distribution.github.io/distribution/spec/api/
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from ..core.records import dataclass
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
    """A registry at ``HOST:PORT``, without TLS, with the user name and token that ECR's answers contain."""

    address: str

    def redirect(self, body: bytes) -> bytes:
        """Replace ECR's addresses in one of its answers by this registry's."""
        text = _HOST.sub(self.address, body.decode())
        return text.replace(f"https://{self.address}", f"http://{self.address}").encode()

    def answer(self, name: str, body: bytes, moto_answer: Answer) -> Answer:
        """Answer an operation on images from the registry. Where moto refused, ``moto_answer`` is returned as it is."""
        request: dict[str, Any] = json.loads(body)
        is_own_account = request.get("registryId", ACCOUNT) == ACCOUNT
        status, _, error_body = moto_answer
        refused = not status.startswith("200") and (is_own_account or b"RepositoryNotFound" not in error_body)
        if refused:
            return moto_answer
        try:
            if name == "ecr.PutImage":
                self._put(request)
                return moto_answer
            return json_answer(200, json.dumps(self._images(request)).encode())
        except (urllib.error.URLError, OSError) as error:
            return error_answer("ServerException", f"The registry at {self.address}: {error}", 500)

    def _images(self, request: dict[str, Any]) -> dict[str, Any]:
        account, repository = request.get("registryId", ACCOUNT), request["repositoryName"]
        images, failures = [], []
        for image_id in request["imageIds"]:
            stored = self._manifest(account, repository, image_id.get("imageDigest") or image_id["imageTag"])
            if stored is None:
                reason = {"failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
                failures.append({"imageId": image_id, **reason})
                continue
            manifest, media_type = stored
            digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
            content = {"imageManifest": manifest.decode(), "imageManifestMediaType": media_type}
            full_id = {**image_id, "imageDigest": digest}
            images.append({"registryId": account, "repositoryName": repository, "imageId": full_id, **content})
        return {"images": images, "failures": failures}

    def _manifest(self, account: str, repository: str, reference: str) -> tuple[bytes, str] | None:
        request = self._request(account, repository, reference)
        request.add_header("Accept", ", ".join(_MEDIA_TYPES))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - a registry on http, as asked for
                return answer.read(), answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def _put(self, request: dict[str, Any]) -> None:
        """Tag the image: its manifest is put once more, under the new tag."""
        manifest = request["imageManifest"].encode()
        media_type = request.get("imageManifestMediaType") or json.loads(manifest).get("mediaType", _MEDIA_TYPES[0])
        put = self._request(ACCOUNT, request["repositoryName"], request["imageTag"], manifest)
        put.add_header("Content-Type", media_type)
        urllib.request.urlopen(put, timeout=30).close()  # noqa: S310 - as above

    def _request(
        self, account: str, repository: str, reference: str, body: bytes | None = None
    ) -> urllib.request.Request:
        url = f"http://{self.address}/v2/{urllib.parse.quote(repository)}/manifests/{urllib.parse.quote(reference)}"
        request = urllib.request.Request(url, data=body, method="PUT" if body else "GET")
        token = base64.b64encode(f"AWS:{account}-auth-token".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        return request
