"""URLs that boto3 presigns for S3 by default: the signature of version 2, in the query.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, parse_qs

from ..core.records import dataclass
from .http import Environ, raw_headers, raw_target

_OWN_PARAMETERS = ("AWSAccessKeyId", "Signature", "Expires")


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
    """Read the query's signature; None without one, or with one that cannot be read."""
    query = {name: values[0] for name, values in parse_qs(raw_target(environ)[1]).items()}
    access_key, value, expires = (query.get(name, "") for name in _OWN_PARAMETERS)
    if not (access_key and value and re.fullmatch(r"[0-9]{1,15}", expires)):
        return None
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


def _paths(environ: Environ, path: str) -> Iterator[str]:
    """The path as it is signed: with the bucket, also where the bucket is in the host's name."""
    yield path
    bucket, dot, _ = environ.get("HTTP_HOST", "").partition(".localhost")
    if dot:
        yield f"/{bucket}{path}"
