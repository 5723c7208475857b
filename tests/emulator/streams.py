"""Uploads as S3's streaming clients sign them, written from AWS's page and not from our own reader.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_stream(
    url: str, path: str, keys: Credentials, chunks: Sequence[bytes], *, trailer: str = "", kind: str = ""
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a PUT whose chunks, the last one empty, are signed one after the other."""
    kind = kind or "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")

    class Signer(S3SigV4Auth):
        def payload(self, request: object) -> str:
            return kind

    headers = {
        "X-Amz-Decoded-Content-Length": str(sum(map(len, chunks))),
        **({"Content-Encoding": "aws-chunked"} if chunks else {}),
        **({"X-Amz-Trailer": trailer.partition(":")[0]} if trailer else {}),
    }
    request = AWSRequest(method="PUT", url=f"{url}{path}", headers=headers)
    Signer(keys, "s3", "us-east-1").add_auth(request)
    scope = request.headers["Authorization"].partition("Credential=")[2].partition(",")[0].partition("/")[2]
    previous = request.headers["Authorization"].rpartition("Signature=")[2]
    moment = request.headers["X-Amz-Date"]
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()

    def sign(*lines: str) -> str:
        return hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()

    empty = hashlib.sha256(b"").hexdigest()
    body = b""
    for chunk in chunks:
        digest = hashlib.sha256(chunk).hexdigest()
        previous = sign("AWS4-HMAC-SHA256-PAYLOAD", moment, scope, previous, empty, digest)
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk
        body += b"" if trailer and not chunk else b"\r\n"
    if trailer:
        digest = hashlib.sha256(f"{trailer}\n".encode()).hexdigest()
        last = sign("AWS4-HMAC-SHA256-TRAILER", moment, scope, previous, digest)
        body += f"{trailer}\r\nx-amz-trailer-signature:{last}\r\n\r\n".encode()
    return {**dict(request.headers), "Host": urlsplit(url).netloc}, body
