"""URLs with the older signature, as boto3 presigns them by default. Signed by botocore."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from simple_sagemaker.emulator import presigned_v2
from simple_sagemaker.emulator.access_keys import AccessKey, KeyRing
from simple_sagemaker.emulator.authentication import authenticate
from simple_sagemaker.emulator.http import keep_raw, raw_headers, raw_target
from tests.unit.emulator.rings import ring_of
from tests.unit.emulator.signed_requests import HOST, environ_of
from tests.unit.emulator.test_authentication import SECRET, USER, refusal

URL = f"http://{HOST}/bucket/key"


@pytest.fixture
def keys() -> KeyRing:
    return ring_of(AccessKey(access_key=USER, secret=SECRET))


def signed(url: str = URL, *, method: str = "GET", expires_s: int = 60, secret: str = SECRET) -> dict[str, Any]:
    request = AWSRequest(method=method, url=url)
    HmacV1QueryAuth(Credentials(USER, secret), expires=expires_s).add_auth(request)
    return environ_of(request)


def changed(environ: dict[str, Any], before: str, after: str) -> dict[str, Any]:
    """The same request with another text in its target."""
    path, query = raw_target(environ)
    target = f"{path}?{query}".replace(before, after)
    keep_raw(environ, raw_headers(environ), target)
    environ["PATH_INFO"], _, environ["QUERY_STRING"] = target.partition("?")
    return environ


def kind(environ: dict[str, Any], keys: KeyRing) -> str | None:
    refused = refusal(environ, keys)
    return refused.kind if refused else None


def test_it_is_its_signers_request_of_s3_in_the_emulators_region(keys: KeyRing) -> None:
    caller, _ = authenticate(signed(), keys, "eu-west-3")
    assert (caller.key.access_key, caller.service, caller.region) == (USER, "s3", "eu-west-3")


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("/bucket/key", "/bucket/other", "signature"),
        ("Signature=", "Signature=x", "signature"),
        (f"AWSAccessKeyId={USER}", "AWSAccessKeyId=AKIANOBODY", "key"),
        (f"AWSAccessKeyId={USER}", "", "malformed"),
        ("Signature=", "Other=", "malformed"),
        ("Expires=", "Expires=1", "signature"),  # later than what was signed
        ("Expires=", "Ends=", "malformed"),
        ("Expires=", "Expires=x", "malformed"),
    ],
)
def test_what_was_not_signed_is_refused(keys: KeyRing, before: str, after: str, refused: str) -> None:
    assert kind(changed(signed(), before, after), keys) == refused


def test_it_counts_until_its_time_is_over(keys: KeyRing) -> None:
    assert kind(signed(expires_s=-2), keys) == "expired URL"
    assert kind(signed(expires_s=5), keys) is None
    assert kind(signed(secret="other"), keys) == "signature"
    made = presigned_v2.read(signed(expires_s=100))
    assert made
    assert abs(made.expires - time.time() - 100) < 10


@pytest.mark.parametrize("operation", ["acl", "uploads", "versioning"])
def test_an_operation_that_is_signed_counts(keys: KeyRing, operation: str) -> None:
    assert kind(signed(f"{URL}?{operation}"), keys) is None
    added = changed(signed(), "?", f"?{operation}&")
    assert kind(added, keys) == "signature"


@pytest.mark.parametrize("operation", ["retention", "legal-hold", "encryption", "attributes=1", "%61cl"])
def test_an_operation_that_no_such_signature_covers_is_refused(keys: KeyRing, operation: str) -> None:
    assert kind(changed(signed(), "?", f"?{operation}&"), keys) == "signature"


def test_parameters_that_choose_no_operation_may_be_added(keys: KeyRing) -> None:
    assert kind(changed(signed(), "?", "?x-id=GetObject&"), keys) is None


def test_a_bucket_may_be_in_the_hosts_name(keys: KeyRing) -> None:
    environ = changed(signed(), "/bucket/key", "/key")
    assert kind(environ, keys) == "signature"
    environ = changed(signed(), "/bucket/key", "/key")
    environ["HTTP_HOST"] = "bucket.localhost:5000"
    assert kind(environ, keys) is None
    environ = signed(f"http://{HOST}/bucket/")
    assert kind(changed(environ, "/bucket/?", "/bucket?"), keys) is None  # without the slash that is signed


def test_without_any_part_it_is_no_such_url() -> None:
    request = AWSRequest(method="GET", url=f"{URL}?Expires=5")
    assert presigned_v2.read(environ_of(request)) is None
