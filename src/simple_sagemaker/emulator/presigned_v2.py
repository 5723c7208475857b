"""URLs that boto3 presigns for S3 by default: the signature of version 2, in the query.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote_plus

from ..core.records import dataclass
from .http import Environ, raw_headers, raw_target

_OWN_PARAMETERS = ("AWSAccessKeyId", "Signature", "Expires")
# The parameters that choose another operation, newer than this signature, which does not cover them.
_UNSIGNED_OPERATIONS = frozenset(
    {"abac", "annotation", "attributes", "encryption", "intelligent-tiering", "legal-hold", "metadataAnnotationTable"}
    | {"metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable", "ownershipControls"}
    | {"policyStatus", "publicAccessBlock", "renameObject", "retention", "session"}
)


class Unreadable(Exception):
    """A signature of this version that lacks a part. The message is S3's own."""


@dataclass(frozen=True, kw_only=True)
class Presigned:
    """What the query says. ``expires`` is in seconds since the epoch."""

    access_key: str
    value: str
    expires: int
    token: str

    def has_expired(self) -> bool:
        """Whether the URL's time is over."""
        return time.time() > self.expires


def read(environ: Environ) -> Presigned | None:
    """Read the query's signature; None without one. Raises Unreadable."""
    query = {name: values[0] for name, values in parse_qs(raw_target(environ)[1]).items()}
    access_key, value, expires = (query.get(name, "") for name in _OWN_PARAMETERS)
    if not (access_key or value):
        return None
    if not (access_key and value and expires):
        raise Unreadable("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    if not re.fullmatch(r"[0-9]{1,15}", expires):
        raise Unreadable(f"Invalid date (should be seconds since epoch): {expires[:20]}")
    token = query.get("x-amz-security-token") or raw_headers(environ).get("x-amz-security-token") or ""
    return Presigned(access_key=access_key, value=value, expires=int(expires), token=token)


def is_valid(environ: Environ, presigned: Presigned, secret: str) -> bool:
    """Whether the signature is that of this request by this secret key."""
    from botocore.auth import HmacV1Auth
    from botocore.compat import HTTPHeaders
    from botocore.credentials import Credentials

    class Verifier(HmacV1Auth):
        def _get_date(self) -> str:
            return str(presigned.expires)

    verifier = Verifier(Credentials(presigned.access_key, secret, presigned.token or None))
    path, query = raw_target(environ)
    if not _is_covered(query, {*HmacV1Auth.QSAOfInterest}):
        return False
    for signed_path in _paths(environ, path):
        headers: Any = HTTPHeaders()
        for name, header in raw_headers(environ).items():
            if name.lower().startswith("x-amz-") or name.lower() in {"content-md5", "content-type"}:
                headers[name] = header
        url: Any = SplitResult("", "", signed_path, query, "")
        expected = verifier.get_signature(environ["REQUEST_METHOD"], url, headers)
        if hmac.compare_digest(expected.encode(), presigned.value.encode("utf-8", "replace")):
            return True
    return False


def _is_covered(query: str, signed: set[str]) -> bool:
    """Whether each parameter that chooses an operation is one that is signed, spelled as it is signed."""
    for parameter in query.split("&"):
        sent = parameter.partition("=")[0]
        name = unquote_plus(sent)
        if name in _UNSIGNED_OPERATIONS or (name != sent and name in signed):
            return False
    return True


def _paths(environ: Environ, path: str) -> Iterator[str]:
    """The path as it is signed: with the bucket, also where the bucket is in the host's name, and a slash after it."""
    yield path
    if path.count("/") == 1:
        yield f"{path}/"
    bucket, dot, _ = environ.get("HTTP_HOST", "").partition(".localhost")
    if dot:
        yield f"/{bucket}{path}"
