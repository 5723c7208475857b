"""The name of a request's operation, ``service.Operation``, used to count requests and to inject faults."""

from __future__ import annotations

import re
import threading
from collections import Counter
from urllib.parse import parse_qs

from .http import Environ

_SCOPE = re.compile(r"Credential=([^/,]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")
_OF_BUCKET = ("acl", "encryption", "location", "policy", "publicAccessBlock", "tagging", "uploads", "versioning")

_RUNTIME_PATHS = {  # of SageMaker's other endpoints, which are signed as it is
    "/async-invocations": "InvokeEndpointAsync",
    "/invocations-response-stream": "InvokeEndpointWithResponseStream",
    "/invocations": "InvokeEndpoint",
    "/BatchPutMetrics": "BatchPutMetrics",
    "/BatchGetRecord": "BatchGetRecord",
    "/FeatureGroup/": "FeatureStoreRuntime",
}


class RequestCounts:
    """How often each operation was called."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """Count one call."""
        with self._lock:
            self._counts[name] += 1

    def read(self, *, reset: bool) -> dict[str, int]:
        """The counts so far; ``reset`` begins again at zero."""
        with self._lock:
            counts = dict(self._counts)
            if reset:
                self._counts.clear()
        return counts


def signer(environ: Environ) -> tuple[str, str, str]:
    """The access key, region and service that a request is signed for; empty strings if it is not signed."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (scope[1], scope[2], scope[3]) if scope else ("", "", "")


def operation_name(environ: Environ, body: bytes) -> str:
    """The operation that a request calls, as in ``iam.GetRole`` or ``s3.GetObject``."""
    service = signer(environ)[2] or "s3"
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return f"{service}.{target.rpartition('.')[2]}"
    if service == "s3":
        return f"s3.{_s3(environ)}"
    if path := re.search(r"/operation/(\w+)$", environ.get("PATH_INFO", "")):
        return f"{service}.{path[1]}"
    for path_part, operation in _RUNTIME_PATHS.items():
        if path_part in environ.get("PATH_INFO", ""):
            return f"{service}.{operation}"
    action = parse_qs(body.decode("utf-8", "replace")).get("Action", ["?"])[0]
    return f"{service}.{action}"


def _s3(environ: Environ) -> str:
    method = environ["REQUEST_METHOD"].capitalize()
    bucket, _, key = environ.get("PATH_INFO", "/").lstrip("/").partition("/")
    parameters = {parameter.partition("=")[0] for parameter in environ.get("QUERY_STRING", "").split("&")}
    if not bucket:
        return "ListBuckets"
    if key:
        return f"{method}Object"
    if "delete" in parameters:
        return "DeleteObjects"
    for part in _OF_BUCKET:
        if part in parameters:
            return f"{method}Bucket{part[0].upper()}{part[1:]}"
    if method == "Get":
        return "ListObjectsV2"
    return {"Put": "CreateBucket"}.get(method, f"{method}Bucket")
