"""Signature Version 4 as the server's side computes it, from a request as it came over the wire.

Clients differ in how they spell a path or a query that they sign (as sent, or encoded once more in AWS's canonical
form). Both spell the same request, so either is accepted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote_plus, unquote_to_bytes

from ..core.records import dataclass
from .http import Environ, raw_headers, raw_target

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
STREAMING_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING_SIGNED = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
_EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_TIME = "%Y%m%dT%H%M%SZ"
_CREDENTIAL = re.compile(r"(.+)/([0-9]{8})/([A-Za-z0-9_-]+)/([A-Za-z0-9_-]+)/aws4_request")


class Malformed(Exception):
    """A signature that cannot be read. The message names what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a request says about how it is signed. ``expires_s`` is that of a presigned URL, else None."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    moment: datetime
    token: str
    payload: str | None
    expires_s: int | None = None

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_signature(environ: Environ) -> Signature | None:
    """Read the signature in a request's headers or, of a presigned URL, its query; None without one.

    Raises Malformed.
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    query = parse_qs(raw_target(environ)[1], keep_blank_values=True)
    if header:
        if "X-Amz-Signature" in query:
            raise Malformed("Only one auth mechanism allowed")
        return _from_header(environ, header)
    return _from_query(environ, {name: values[0] for name, values in query.items()})


def _from_header(environ: Environ, header: str) -> Signature:
    scheme, _, text = header.partition(" ")
    if scheme != ALGORITHM:
        raise Malformed(f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}.")
    parts: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        parts[name] = value
    headers = raw_headers(environ)
    date = headers.get("X-Amz-Date") or headers.get("Date")
    if not date:
        raise Malformed("AWS authentication requires a valid Date or x-amz-date header")
    return _signature(
        parts.get("Credential", ""),
        parts.get("SignedHeaders", ""),
        parts.get("Signature", ""),
        _parse_date(date),
        token=headers.get("X-Amz-Security-Token") or "",
        payload=headers.get("X-Amz-Content-Sha256"),
    )


def _from_query(environ: Environ, query: dict[str, str]) -> Signature | None:
    if "X-Amz-Signature" not in query:
        return None
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise Malformed(f"X-Amz-Algorithm only supports {ALGORITHM}")
    expires = query.get("X-Amz-Expires", "")
    if not re.fullmatch(r"[0-9]{1,6}", expires) or int(expires) > 7 * 24 * 3600:
        raise Malformed("X-Amz-Expires must be a number of seconds, at most a week")
    return _signature(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query["X-Amz-Signature"],
        _parse_date(query.get("X-Amz-Date", "")),
        token=query.get("X-Amz-Security-Token", ""),
        payload=query.get("X-Amz-Content-Sha256") or raw_headers(environ).get("X-Amz-Content-Sha256"),
        expires_s=int(expires),
    )


def _signature(
    credential: str,
    signed_headers: str,
    value: str,
    moment: datetime,
    *,
    token: str,
    payload: str | None,
    expires_s: int | None = None,
) -> Signature:
    scope = _CREDENTIAL.fullmatch(credential)
    names = tuple(signed_headers.split(";"))
    if scope is None or not value:
        raise Malformed("The authorization needs a Credential with a scope, SignedHeaders and a Signature.")
    if "host" not in names:
        raise Malformed("The header host must be signed.")
    if scope[2] != moment.strftime("%Y%m%d"):
        raise Malformed("The date in the credential scope is not the one of the request.")
    return Signature(
        access_key=scope[1],
        date=scope[2],
        region=scope[3],
        service=scope[4],
        signed_headers=names,
        value=value,
        moment=moment,
        token=token,
        payload=payload,
        expires_s=expires_s,
    )


def _parse_date(text: str) -> datetime:
    try:
        if re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text):
            return datetime.strptime(text, _TIME).replace(tzinfo=timezone.utc)
        return parsedate_to_datetime(text).astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError) as error:
        raise Malformed("AWS authentication requires a valid Date or x-amz-date header") from error


def unsigned_headers(environ: Environ, signature: Signature) -> list[str]:
    """Headers that AWS wants signed and that are not."""
    names = {name.lower() for name in raw_headers(environ).keys()}  # noqa: SIM118 - a message's own iteration
    return sorted(name for name in names - {*signature.signed_headers} if name.startswith("x-amz-"))


def is_valid(environ: Environ, signature: Signature, secret: str, body: bytes) -> bool:
    """Whether the signature is that of this request by this secret key. The body's own hash is compared elsewhere."""
    key = _signing_key(secret, signature.date, signature.region, signature.service)
    headers = _canonical_headers(environ, signature)
    payload = _payload(signature, body)
    for path in _paths(environ, signature):
        for query in _queries(environ):
            text = "\n".join(
                (environ["REQUEST_METHOD"], path, query, headers, ";".join(signature.signed_headers), payload)
            )
            digest = hashlib.sha256(text.encode("latin-1", "xmlcharrefreplace")).hexdigest()  # a query may have any
            if _matches(key, (ALGORITHM, _time(signature), signature.scope, digest), signature.value):
                return True
    return False


def _time(signature: Signature) -> str:
    return signature.moment.strftime(_TIME)


def _matches(key: bytes, lines: tuple[str, ...], value: str) -> bool:
    expected = hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), value.encode("latin-1", "replace"))


@lru_cache(maxsize=1024)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def needs_body(signature: Signature) -> bool:
    """Whether the signature is over the body's hash without naming it."""
    return not signature.payload and (signature.service != "s3" or signature.expires_s is None)


def _payload(signature: Signature, body: bytes) -> str:
    if needs_body(signature):
        return hashlib.sha256(body).hexdigest()
    return signature.payload or UNSIGNED


def _canonical_headers(environ: Environ, signature: Signature) -> str:
    headers = raw_headers(environ)
    lines = []
    for name in signature.signed_headers:
        values = headers.get_all(name) or [""]
        lines.append(f"{name}:{','.join(' '.join(value.split()) for value in values)}\n")
    return "".join(lines)


def _paths(environ: Environ, signature: Signature) -> Iterator[str]:
    path = raw_target(environ)[0] or "/"
    if signature.service != "s3":  # encoded twice, except by clients whose path needs no encoding
        yield quote(path, safe="/~")
        return
    yield path
    encoded = quote(unquote_to_bytes(path.encode("latin-1")), safe="/~")
    if encoded != path:
        yield encoded


def _queries(environ: Environ) -> Iterator[str]:
    pairs = [pair.partition("=")[::2] for pair in raw_target(environ)[1].split("&") if pair]
    pairs = [(name, value) for name, value in pairs if name != "X-Amz-Signature"]
    as_sent = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    yield as_sent
    encoded_pairs = sorted((_encode(name), _encode(value)) for name, value in pairs)
    encoded = "&".join(f"{name}={value}" for name, value in encoded_pairs)
    if encoded != as_sent:
        yield encoded


def _encode(text: str) -> str:
    return quote(unquote_plus(text), safe="~")


def is_valid_stream(signature: Signature, secret: str, body: bytes) -> bool:
    """Whether each chunk of a signed stream, and its trailer, is signed.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    key = _signing_key(secret, signature.date, signature.region, signature.service)
    previous, at = signature.value, 0
    while True:
        end = body.find(b"\r\n", at)
        header = re.fullmatch(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})", body[at : max(end, 0)])
        if header is None:
            return False
        size, value = int(header[1], 16), header[2].decode()
        chunk = memoryview(body)[end + 2 : end + 2 + size]
        hashes = (_EMPTY_HASH, hashlib.sha256(chunk).hexdigest())
        lines = (f"{ALGORITHM}-PAYLOAD", _time(signature), signature.scope, previous, *hashes)
        if len(chunk) != size or not _matches(key, lines, value):
            return False
        previous, at = value, end + 2 + size
        if not size:
            break
        if body[at : at + 2] != b"\r\n":
            return False
        at += 2
    rest = body[at:]
    return (
        rest in {b"", b"\r\n"}
        if signature.payload == STREAMING_SIGNED[0]
        else _is_valid_trailer(signature, key, previous, rest)
    )


def _is_valid_trailer(signature: Signature, key: bytes, previous: str, trailer: bytes) -> bool:
    lines = [line.strip() for line in trailer.split(b"\n") if line.strip()]
    if not lines or not lines[-1].startswith(b"x-amz-trailer-signature:"):
        return False
    fields = sorted(line.partition(b":")[::2] for line in lines[:-1])
    text = b"".join(name.strip().lower() + b":" + value.strip() + b"\n" for name, value in fields)
    digest = hashlib.sha256(text).hexdigest()
    value = lines[-1].partition(b":")[2].decode("latin-1")
    return _matches(key, (f"{ALGORITHM}-TRAILER", _time(signature), signature.scope, previous, digest), value)
