"""Who signed a request: AWS's own refusal unless a known key did, over the request as it arrived.

Signatures in headers, in the query (presigned URLs) and of streams are read. Only presigned URLs of S3 may have the
older signature, version 2, which boto3 still makes by default.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta, timezone

from ..core.records import dataclass
from . import presigned_v2, sigv4
from .access_keys import AccessKey, KeyRing
from .bodies import BodyTooLarge, Budget, BudgetSpent, IncompleteBody, Loan, read_body
from .error_forms import form_of, service_error
from .http import Answer, Environ
from .sigv4 import Malformed, Signature

_SKEW = timedelta(minutes=15)
_MOST_OF_S3 = 5 * 1024**3  # bytes in one PUT
_MOST_OF_OTHERS = 16 * 1024**2  # no other service takes as much; S3 neither, where the signature needs the body
# What comes with the identifier of a known key, which is no secret, before the signature shows who sent it.
_UNVERIFIED = Budget(most=128 * 1024**2, reserve=64 * 1024**2)
_INVALID_TOKEN = "The security token included in the request is invalid."
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_STATUSES = {"large body": 413, "incomplete body": 400, "busy": 503}  # of services beside S3; the others are 403
# kind of refusal: the code in JSON and CBOR, in the query protocols, and S3's with its status
_CODES = {
    "missing": ("MissingAuthenticationTokenException", "MissingAuthenticationToken", "AccessDenied", 403),
    "malformed": ("IncompleteSignatureException", "IncompleteSignature", "AccessDenied", 403),
    "key": ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", 403),
    "token": ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidToken", 400),
    "expired token": ("ExpiredTokenException", "ExpiredToken", "ExpiredToken", 400),
    "signature": ("InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch", 403),
    "time": ("InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", 403),
    "expired URL": ("InvalidSignatureException", "SignatureDoesNotMatch", "AccessDenied", 403),
    "unsigned header": ("InvalidSignatureException", "SignatureDoesNotMatch", "AccessDenied", 403),
    "body": ("InvalidSignatureException", "SignatureDoesNotMatch", "XAmzContentSHA256Mismatch", 400),
    "large body": ("RequestEntityTooLargeException", "RequestEntityTooLarge", "EntityTooLarge", 400),
    "busy": ("ThrottlingException", "Throttling", "SlowDown", 503),
    "incomplete body": ("IncompleteBody", "IncompleteBody", "IncompleteBody", 400),
}


class Refused(Exception):
    """A request that AWS would not take. ``service`` is the one it is signed for, as far as it says so."""

    def __init__(self, kind: str, message: str, service: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.service = service

    def answer(self, environ: Environ) -> Answer:
        """The service's own error."""
        form = form_of(environ, self.service)
        json_code, query_code, s3_code, s3_status = _CODES[self.kind]
        if form == "s3":
            return service_error(environ, self.service, s3_code, str(self), s3_status)
        code = json_code if form in {"json", "cbor"} else query_code
        return service_error(environ, self.service, code, str(self), _STATUSES.get(self.kind, 403))


@dataclass(frozen=True)
class Caller:
    """Who signed a request, and for which service and region."""

    key: AccessKey
    service: str
    region: str


def authenticate(environ: Environ, keys: KeyRing, region: str) -> tuple[Caller, bytes]:
    """Return the caller and the body. Raises Refused.

    The body is read after the check of the signature; only a small one, of a known key, is read before, where the
    signature is over a hash that the headers do not have. ``region`` is the one of signatures that name none.
    """
    try:
        signature = sigv4.read_signature(environ)
    except Malformed as error:
        raise Refused("malformed", str(error)) from error
    if signature is None:
        return _authenticate_v2(environ, keys, region), _read(environ, "s3", _MOST_OF_S3)
    key = _key(keys, signature.access_key, signature.token, signature.service)
    _check_time(signature)
    if unsigned := sigv4.unsigned_headers(environ, signature):
        message = f"There were headers present in the request which were not signed: {', '.join(unsigned)}"
        raise Refused("unsigned header", message, signature.service)
    with _UNVERIFIED.lend() as loan:
        body = _read(environ, signature.service, _MOST_OF_OTHERS, loan) if sigv4.needs_body(signature) else b""
        is_valid = sigv4.is_valid(environ, signature, key.secret, body)
    if not is_valid:
        raise Refused("signature", _MISMATCH, signature.service)
    if not sigv4.needs_body(signature):
        body = _read(environ, signature.service, _most(signature))
    _check_body(signature, key.secret, body)
    caller = Caller(key, signature.service, signature.region)
    _put_into_headers(environ, caller, signature.date)
    return caller, body


def _most(signature: Signature) -> int:
    if signature.service != "s3":
        return _MOST_OF_OTHERS
    is_stream = signature.payload in {sigv4.STREAMING_UNSIGNED, *sigv4.STREAMING_SIGNED}
    return _MOST_OF_S3 + (_MOST_OF_S3 // 64 if is_stream else 0)  # each 8 KiB of a stream have a line with a signature


def _read(environ: Environ, service: str, most: int, loan: Loan | None = None) -> bytes:
    try:
        return read_body(environ, most, loan)
    except BudgetSpent as error:
        raise Refused("busy", str(error), service) from error
    except BodyTooLarge as error:
        raise Refused("large body", str(error), service) from error
    except IncompleteBody as error:
        raise Refused("incomplete body", str(error), service) from error


def _authenticate_v2(environ: Environ, keys: KeyRing, region: str) -> Caller:
    try:
        presigned = presigned_v2.read(environ)
    except presigned_v2.Unreadable as error:
        raise Refused("malformed", str(error), "s3") from error
    if presigned is None:
        raise Refused("missing", "Request is missing Authentication Token")
    key = _key(keys, presigned.access_key, presigned.token, "s3")
    if presigned.has_expired():
        raise Refused("expired URL", "Request has expired", "s3")
    if not presigned_v2.is_valid(environ, presigned, key.secret):
        raise Refused("signature", _MISMATCH, "s3")
    caller = Caller(key, "s3", region)
    _put_into_headers(environ, caller, f"{datetime.now(timezone.utc):%Y%m%d}")
    return caller


def _key(keys: KeyRing, access_key: str, token: str, service: str) -> AccessKey:
    key = keys.find(access_key)
    if key is None or (key.token and not token):
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise Refused("key", message if service == "s3" else _INVALID_TOKEN, service)
    if not hmac.compare_digest(key.token.encode(), token.encode("utf-8", "replace")):
        raise Refused("token", _INVALID_TOKEN, service)
    if key.has_expired():
        raise Refused("expired token", "The security token included in the request is expired", service)
    return key


def _check_time(signature: Signature) -> None:
    now = datetime.now(timezone.utc)
    age = now - signature.moment
    if signature.expires_s is not None:
        if age > timedelta(seconds=signature.expires_s):
            raise Refused("expired URL", "Request has expired", signature.service)
        if age < -_SKEW:
            raise Refused("expired URL", "Request is not valid yet", signature.service)
    elif abs(age) > _SKEW:
        late = "Signature expired" if age > timedelta(0) else "Signature not yet current"
        message = f"{late}: {signature.moment:%Y%m%dT%H%M%SZ}, and it is {now:%Y%m%dT%H%M%SZ} (15 min. are allowed)"
        if signature.service == "s3":
            message = "The difference between the request time and the current time is too large."
        raise Refused("time", message, signature.service)


def _check_body(signature: Signature, secret: str, body: bytes) -> None:
    """Compare the body with the hash that was signed, or with its chunks' signatures. Raises Refused."""
    claimed = signature.payload
    if claimed in sigv4.STREAMING_SIGNED and signature.service == "s3":
        if not sigv4.is_valid_stream(signature, secret, body):
            raise Refused("signature", _MISMATCH, signature.service)
    elif claimed is None or (signature.service == "s3" and claimed in {sigv4.UNSIGNED, sigv4.STREAMING_UNSIGNED}):
        return
    elif claimed.lower() != hashlib.sha256(body).hexdigest():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise Refused("body", message, signature.service)


def _put_into_headers(environ: Environ, caller: Caller, date: str) -> None:
    """Leave moto one form to read: the caller's key and scope in the header, whose signature has been checked."""
    key = caller.key.acts_as or caller.key.access_key
    scope = f"{key}/{date}/{caller.region}/{caller.service}/aws4_request"
    environ["HTTP_AUTHORIZATION"] = f"{sigv4.ALGORITHM} Credential={scope}, SignedHeaders=host, Signature=checked"
    environ.pop("HTTP_X_AMZ_SECURITY_TOKEN", None)
    if caller.key.token and caller.key.acts_as is None:
        environ["HTTP_X_AMZ_SECURITY_TOKEN"] = caller.key.token
