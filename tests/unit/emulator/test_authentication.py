"""Who signed a request: what counts, until when, and in whose words it is refused. Signed by botocore."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from simple_sagemaker.emulator import authentication
from simple_sagemaker.emulator.access_keys import AccessKey, KeyRing
from simple_sagemaker.emulator.authentication import Refused, authenticate
from simple_sagemaker.emulator.http import keep_raw, raw_headers, raw_target
from tests.unit.emulator.rings import ring_of
from tests.unit.emulator.signed_requests import HOST, environ_of

USER, SECRET = "AKIAUSER", "secret"
HOUR = timedelta(hours=1)
QUERY = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}


@pytest.fixture
def keys() -> KeyRing:
    """A ring with a user's key, and temporary ones: of a role, of a session, without its user, and one that is over."""
    now = datetime.now(timezone.utc)

    def temporary(name: str, **more: Any) -> AccessKey:
        return AccessKey(**{"access_key": name, "secret": SECRET, "token": "token", "expires": now + HOUR, **more})

    return ring_of(
        AccessKey(access_key=USER, secret=SECRET),
        temporary("ASIAROLE"),
        temporary("ASIASESSION", acts_as=USER),
        temporary("ASIAORPHAN", acts_as="AKIAGONE"),
        temporary("ASIAOVER", expires=now - timedelta(seconds=1)),
    )


def signed(
    service: str = "s3",
    *,
    at: timedelta = timedelta(0),
    key: str = USER,
    secret: str = SECRET,
    token: str | None = None,
    expires_s: int | None = None,
    more: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A request that was signed some time from now, with its time in a header or, of a presigned URL, in its query."""
    request = AWSRequest(method="GET", url=f"http://{HOST}/bucket/key")
    credentials = Credentials(key, secret, token)
    moment = datetime.now(timezone.utc) + at
    module = vars(botocore.auth)
    real = module["get_current_datetime"]
    module["get_current_datetime"] = lambda *_, **__: moment.replace(tzinfo=None)
    try:
        if expires_s is not None:
            S3SigV4QueryAuth(credentials, service, "eu-west-1", expires=expires_s).add_auth(request)
        else:
            (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, "eu-west-1").add_auth(request)
    finally:
        module["get_current_datetime"] = real
    return environ_of(request, more)


def refusal(environ: dict[str, Any], keys: KeyRing) -> Refused | None:
    try:
        authenticate(environ, keys, "us-east-1")
    except Refused as refused:
        return refused
    return None


def test_a_signed_request_is_its_signers_in_the_region_and_for_the_service_it_names(keys: KeyRing) -> None:
    caller, body = authenticate(signed("sagemaker"), keys, "us-east-1")
    assert (caller.key.access_key, caller.service, caller.region, body) == (USER, "sagemaker", "eu-west-1", b"")


@pytest.mark.parametrize(
    ("key", "token", "acts_as", "token_of_moto"),
    [(USER, None, USER, None), ("ASIAROLE", "token", "ASIAROLE", "token"), ("ASIASESSION", "token", USER, None)],
)
def test_what_comes_behind_sees_whose_key_acts_and_no_signature(
    keys: KeyRing, key: str, token: str | None, acts_as: str, token_of_moto: str | None
) -> None:
    environ = signed(key=key, token=token)
    authenticate(environ, keys, "us-east-1")
    today = datetime.now(timezone.utc).strftime("%Y%m%d")
    assert environ["HTTP_AUTHORIZATION"] == (
        f"AWS4-HMAC-SHA256 Credential={acts_as}/{today}/eu-west-1/s3/aws4_request, SignedHeaders=host, "
        "Signature=checked"
    )
    assert environ.get("HTTP_X_AMZ_SECURITY_TOKEN") == token_of_moto


@pytest.mark.parametrize(
    ("key", "token", "kind"),
    [
        (USER, None, None),
        (USER, "token", "token"),  # a user's key has none
        ("ASIAROLE", "token", None),
        ("ASIAROLE", None, "key"),
        ("ASIAROLE", "other", "token"),
        ("ASIAOVER", "token", "expired token"),
        ("ASIAORPHAN", "token", "key"),  # whose user is gone
        ("AKIANOBODY", None, "key"),
    ],
)
def test_a_temporary_key_counts_with_its_token_until_its_end(
    keys: KeyRing, key: str, token: str | None, kind: str | None
) -> None:
    refused = refusal(signed(key=key, token=token), keys)
    assert (refused.kind if refused else None) == kind


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (-14.9, None),
        (14.9, None),
        (-15.1, "Signature expired: "),
        (15.1, "Signature not yet current: "),
    ],
)
def test_clocks_may_be_a_quarter_of_an_hour_apart(keys: KeyRing, minutes: float, says: str | None) -> None:
    of_sagemaker = refusal(signed("sagemaker", at=timedelta(minutes=minutes)), keys)
    of_s3 = refusal(signed(at=timedelta(minutes=minutes)), keys)
    if says is None:
        assert (of_sagemaker, of_s3) == (None, None)
        return
    assert of_sagemaker
    assert str(of_sagemaker).startswith(says)
    assert of_s3
    assert str(of_s3) == "The difference between the request time and the current time is too large."


@pytest.mark.parametrize(
    ("signed_s_ago", "expires_s", "says"),
    [
        (50, 60, None),
        (70, 60, "Request has expired"),
        (2 * 3600, 3 * 3600, None),
        (-14 * 60, 60, None),
        (-16 * 60, 60, "Request is not valid yet"),
        (0, 7 * 24 * 3600, None),
        (0, 7 * 24 * 3600 + 1, "X-Amz-Expires must be a number of seconds, at most a week"),
    ],
)
def test_a_presigned_url_counts_until_its_time_is_over(
    keys: KeyRing, signed_s_ago: int, expires_s: int, says: str | None
) -> None:
    refused = refusal(signed(at=timedelta(seconds=-signed_s_ago), expires_s=expires_s), keys)
    assert (str(refused) if refused else None) == says


def test_a_wrong_secret_is_told_apart_from_a_key_that_nobody_has(keys: KeyRing) -> None:
    wrong = refusal(signed(secret="other"), keys)
    assert wrong
    assert wrong.kind == "signature"
    nobody = refusal(signed(key="AKIANOBODY"), keys)
    assert str(nobody) == "The AWS Access Key Id you provided does not exist in our records."
    nobody = refusal(signed("sagemaker", key="AKIANOBODY"), keys)
    assert str(nobody) == "The security token included in the request is invalid."


def test_amazons_headers_have_to_be_signed(keys: KeyRing) -> None:
    environ = signed()
    raw_headers(environ)["x-amz-acl"] = "public-read"
    raw_headers(environ)["x-other"] = "may change on its way"
    refused = refusal(environ, keys)
    assert refused
    assert refused.kind == "unsigned header"
    assert str(refused).endswith("which were not signed: x-amz-acl")


@pytest.mark.parametrize(("where", "kind"), [("after", None), ("before", "signature")])
def test_of_a_parameter_that_stands_twice_in_a_presigned_url_the_first_counts(
    keys: KeyRing, where: str, kind: str | None
) -> None:
    environ = signed(expires_s=60)
    path, query = raw_target(environ)
    other = f"X-Amz-Signature={'0' * 64}"
    keep_raw(
        environ, raw_headers(environ), f"{path}?{query}&{other}" if where == "after" else f"{path}?{other}&{query}"
    )
    refused = refusal(environ, keys)
    assert (refused.kind if refused else None) == kind


@pytest.mark.parametrize("parameter", ["X-Amz-SignedHeaders=host;", "X-Amz-Content-Sha256="])
def test_letters_that_no_header_can_have_make_a_presigned_urls_signature_wrong(keys: KeyRing, parameter: str) -> None:
    environ = signed(expires_s=60)
    path, query = raw_target(environ)
    name = parameter.partition("=")[0]
    others = [one for one in query.split("&") if not one.startswith(f"{name}=")]
    keep_raw(environ, raw_headers(environ), "&".join([f"{path}?{parameter}%E2%98%83", *others]))
    refused = refusal(environ, keys)
    assert refused
    assert refused.kind == "signature"


@pytest.mark.parametrize(
    ("kind", "of_s3", "of_json", "of_query"),
    [
        ("missing", "403 AccessDenied", "403 MissingAuthenticationTokenException", "403 MissingAuthenticationToken"),
        ("malformed", "403 AccessDenied", "403 IncompleteSignatureException", "403 IncompleteSignature"),
        ("key", "403 InvalidAccessKeyId", "403 UnrecognizedClientException", "403 InvalidClientTokenId"),
        ("token", "400 InvalidToken", "403 UnrecognizedClientException", "403 InvalidClientTokenId"),
        ("expired token", "400 ExpiredToken", "403 ExpiredTokenException", "403 ExpiredToken"),
        ("signature", "403 SignatureDoesNotMatch", "403 InvalidSignatureException", "403 SignatureDoesNotMatch"),
        ("time", "403 RequestTimeTooSkewed", "403 InvalidSignatureException", "403 SignatureDoesNotMatch"),
        ("expired URL", "403 AccessDenied", "403 InvalidSignatureException", "403 SignatureDoesNotMatch"),
        ("unsigned header", "403 AccessDenied", "403 InvalidSignatureException", "403 SignatureDoesNotMatch"),
        ("body", "400 XAmzContentSHA256Mismatch", "403 InvalidSignatureException", "403 SignatureDoesNotMatch"),
        ("large body", "400 EntityTooLarge", "413 RequestEntityTooLargeException", "413 RequestEntityTooLarge"),
        ("busy", "503 SlowDown", "503 ThrottlingException", "503 Throttling"),
        ("incomplete body", "400 IncompleteBody", "400 IncompleteBody", "400 IncompleteBody"),
    ],
)
def test_each_service_refuses_in_its_own_words(kind: str, of_s3: str, of_json: str, of_query: str) -> None:
    for service, more, expected in (("s3", {}, of_s3), ("sagemaker", {}, of_json), ("iam", QUERY, of_query)):
        status, _, body = Refused(kind, "why", service).answer(signed(service, more=more))
        number, _, code = expected.partition(" ")
        assert status.startswith(f"{number} "), service
        assert (f"<Code>{code}</Code>" in body.decode()) or (f'"{code}"' in body.decode()), service
        assert "why" in body.decode()


def test_every_kind_of_refusal_has_its_words() -> None:
    kinds = [mark.args[1] for mark in test_each_service_refuses_in_its_own_words.pytestmark]  # type: ignore[attr-defined]
    assert {row[0] for row in kinds[0]} == {*authentication._CODES}


def test_s3_takes_5_gb_and_other_services_16_mb(keys: KeyRing) -> None:
    for service, most in (("s3", 5 * 1024**3), ("sagemaker", 16 * 1024**2)):
        refused = refusal(signed(service, more={"CONTENT_LENGTH": str(most + 1)}), keys)
        assert refused
        assert refused.kind == "large body", service
        refused = refusal(signed(service, more={"CONTENT_LENGTH": str(most)}), keys)
        assert refused
        assert refused.kind == "incomplete body"  # of which nothing came
