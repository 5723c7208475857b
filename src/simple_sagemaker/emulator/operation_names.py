"""What a request is called, for counting and for faults: ``service.Operation``, read from how it came."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from .http import Environ

_SCOPE = re.compile(r"Credential=([^/,]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")
_OF_BUCKET = ("acl", "encryption", "location", "policy", "publicAccessBlock", "tagging", "uploads", "versioning")


def signer(environ: Environ) -> tuple[str, str, str]:
    """The access key, region and service that a request is signed for; empty where it is not signed."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2], found[3]) if found else ("", "", "")


def called(environ: Environ, body: bytes) -> str:
    """The operation, as in ``iam.GetRole`` or ``s3.GetObject``."""
    service = signer(environ)[2] or "s3"
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return f"{service}.{target.rpartition('.')[2]}"
    if service == "s3":
        return f"s3.{_s3(environ)}"
    if found := re.search(r"/operation/(\w+)$", environ.get("PATH_INFO", "")):
        return f"{service}.{found[1]}"
    action = parse_qs(body.decode("utf-8", "replace")).get("Action", ["?"])[0]
    return f"{service}.{action}"


def _s3(environ: Environ) -> str:
    method = environ["REQUEST_METHOD"].capitalize()
    bucket, _, key = environ.get("PATH_INFO", "/").lstrip("/").partition("/")
    asked = {word.partition("=")[0] for word in environ.get("QUERY_STRING", "").split("&")}
    if not bucket:
        return "ListBuckets"
    if key:
        return f"{method}Object"
    if "delete" in asked:
        return "DeleteObjects"
    for part in _OF_BUCKET:
        if part in asked:
            return f"{method}Bucket{part[0].upper()}{part[1:]}"
    if method == "Get":
        return "ListObjectsV2"
    return {"Put": "CreateBucket"}.get(method, f"{method}Bucket")
