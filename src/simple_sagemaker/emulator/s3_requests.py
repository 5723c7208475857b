"""What moto does not check in a request to S3: a copy's source, a part's upload, numbers, documents in XML."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse
from xml.parsers import expat

from ..local.job.home import ACCOUNT
from .http import Environ, raw_target
from .mock_aws import MockAws
from .platform import Platform
from .protocol import ServiceError, decode

_NUMBERS = ("partNumber", "part-number-marker", "max-parts", "max-keys", "max-uploads")
_MOST_PARTS = 10_000
_DEEPEST = 100  # elements; S3's own documents have less than ten
_UPLOAD_ACTIONS = {"GET": "s3:ListMultipartUploadParts", "DELETE": "s3:AbortMultipartUpload"}
_DOCUMENTS_OF_KEYS = {
    "PUT": {"acl", "tagging", "retention", "legal-hold"},
    "POST": {"uploadId", "restore", "select"},
}

Query = dict[str, list[str]]


def check(environ: Environ, body: bytes, aws: MockAws, platform: Platform) -> None:
    """Check a request before moto sees it. Raises ServiceError."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    for name in _NUMBERS:
        number = query.get(name, [""])[0]
        if number and not re.fullmatch(r"[0-9]{1,9}", number):
            raise ServiceError("InvalidArgument", f"Provided {name} not an integer or within integer range")
    bucket, key = _bucket_and_key(environ)
    if "uploadId" in query and key:
        _check_part(environ, query, f"arn:aws:s3:::{bucket}/{key}", platform)
        _check_upload(query["uploadId"][0], bucket, key, aws)
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:
        _check_copy_source(environ, platform)
    if environ["REQUEST_METHOD"] == "PUT" and "policy" in query and not key:
        _check_policy(body)
    if has_document(environ, body):
        _check_document(body)


def _bucket_and_key(environ: Environ) -> tuple[str, str]:
    from moto.s3.responses import S3Response
    from werkzeug.wrappers import Request

    path = unquote(raw_target(environ)[0]).removeprefix("/")
    if S3Response.subdomain_based_buckets(Request(environ)):
        return environ["HTTP_HOST"].partition(".")[0], path
    bucket, _, key = path.partition("/")
    return bucket, key


def _check_part(environ: Environ, query: Query, resource: str, platform: Platform) -> None:
    method = environ["REQUEST_METHOD"]
    platform.require(_UPLOAD_ACTIONS.get(method, "s3:PutObject"), resource, environ)
    if method == "PUT" and not 1 <= int(query.get("partNumber", [""])[0] or 0) <= _MOST_PARTS:
        raise ServiceError("InvalidArgument", f"Part number must be an integer between 1 and {_MOST_PARTS}, inclusive")


def _check_upload(upload_id: str, bucket: str, key: str, aws: MockAws) -> None:
    from moto.s3.models import s3_backends

    with aws.lock():
        found: Any = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
        if found is None:
            return  # moto says so
        upload = found.multiparts.get(upload_id)
    if upload is None or upload.key_name != key:
        message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
        raise ServiceError("NoSuchUpload", f"{message}aborted or completed.", 404)


def _check_copy_source(environ: Environ, platform: Platform) -> None:
    """Whoever copies reads the source, which is taken from the header exactly as moto takes it."""
    try:
        source = urlparse(environ["HTTP_X_AMZ_COPY_SOURCE"])
    except ValueError as error:
        raise ServiceError("InvalidArgument", "Invalid copy source encoding.") from error
    bucket, slash, key = unquote(source.path).lstrip("/").partition("/")
    if not slash or not bucket or not key:
        raise ServiceError("InvalidArgument", "Invalid copy source object key")
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (a version of its own needs the other action)
    action = "s3:GetObjectVersion" if parse_qs(source.query).get("versionId") else "s3:GetObject"
    platform.require(action, f"arn:aws:s3:::{bucket}/{key}", environ)


def has_document(environ: Environ, body: bytes) -> bool:
    """Whether a request has a document in XML, not an object's bytes or a policy."""
    method = environ["REQUEST_METHOD"]
    if method not in _DOCUMENTS_OF_KEYS or not body.strip():
        return False
    if environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STREAMING-"):
        return False
    names = {*parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)}
    if _bucket_and_key(environ)[1]:
        return bool(names & _DOCUMENTS_OF_KEYS[method])
    return "policy" not in names if method == "PUT" else "delete" in names


def malformed_document() -> ServiceError:
    """S3's error about XML that it cannot use."""
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return ServiceError("MalformedXML", message)


def _check_policy(body: bytes) -> None:
    """Moto keeps any policy, and fails at the next request to the bucket."""
    try:
        decode(body)
    except ServiceError as error:
        message = "Policies must be valid JSON and the first byte must be '{'"
        raise ServiceError("MalformedPolicy", message) from error


def _check_document(body: bytes) -> None:
    parser = expat.ParserCreate()
    depth = 0

    def refuse(*_: object) -> None:
        raise malformed_document()

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise malformed_document()

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise malformed_document() from error
