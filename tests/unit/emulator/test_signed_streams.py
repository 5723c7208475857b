"""Streams whose chunks are signed one by one, and requests that clients spell in their own ways."""

from __future__ import annotations

import hashlib
import hmac
import io
from datetime import datetime, timedelta, timezone
from email.message import Message
from email.utils import format_datetime
from typing import Any

import pytest

from simple_sagemaker.emulator import sigv4
from simple_sagemaker.emulator.access_keys import AccessKey, KeyRing
from simple_sagemaker.emulator.authentication import Refused, authenticate
from simple_sagemaker.emulator.http import keep_raw
from tests.unit.emulator.rings import ring_of
from tests.unit.emulator.signed_requests import Connection

USER, SECRET, REGION = "AKIAUSER", "secret", "eu-west-1"
HOST = "127.0.0.1:5000"
EMPTY = hashlib.sha256(b"").hexdigest()
SIGNED, TRAILED = sigv4.STREAMING_SIGNED


@pytest.fixture
def keys() -> KeyRing:
    return ring_of(AccessKey(access_key=USER, secret=SECRET))


class Signer:
    """Signs as AWS describes it: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html."""

    def __init__(self, service: str = "s3", at: datetime | None = None) -> None:
        moment = at or datetime.now(timezone.utc)
        self.time = moment.strftime("%Y%m%dT%H%M%SZ")
        self.date = self.time[:8]
        self.service = service
        self.scope = f"{self.date}/{REGION}/{service}/aws4_request"
        key = f"AWS4{SECRET}".encode()
        for part in (self.date, REGION, service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        self._key = key

    def sign(self, *lines: str) -> str:
        return hmac.new(self._key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()

    def request(
        self, method: str, path: str, query: str, headers: dict[str, str], payload: str, *, target: str = ""
    ) -> dict[str, Any]:
        """A signed request; ``target`` is how it is spelled on its way, where that is not what is signed."""
        names = sorted(name.lower() for name in headers)
        lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
        canonical = "\n".join((method, path, query, lines, ";".join(names), payload))
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        self.seed = self.sign("AWS4-HMAC-SHA256", self.time, self.scope, digest)
        authorization = (
            f"AWS4-HMAC-SHA256 Credential={USER}/{self.scope}, SignedHeaders={';'.join(names)}, Signature={self.seed}"
        )
        return environ(method, target or f"{path}?{query}".rstrip("?"), {**headers, "authorization": authorization})

    def chunk(self, data: bytes, previous: str) -> tuple[bytes, str]:
        """A chunk and its signature, which the next one stands on."""
        value = self.sign(
            "AWS4-HMAC-SHA256-PAYLOAD", self.time, self.scope, previous, EMPTY, hashlib.sha256(data).hexdigest()
        )
        return f"{len(data):x};chunk-signature={value}\r\n".encode() + data, value

    def trailer(self, fields: bytes, previous: str) -> bytes:
        digest = hashlib.sha256(fields).hexdigest()
        value = self.sign("AWS4-HMAC-SHA256-TRAILER", self.time, self.scope, previous, digest)
        return fields.replace(b"\n", b"\r\n") + f"x-amz-trailer-signature:{value}\r\n\r\n".encode()


def environ(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> dict[str, Any]:
    message = Message()
    path, _, query = target.partition("?")
    made: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": HOST}
    for name, value in headers.items():
        message[name] = value
        made[f"HTTP_{name.upper().replace('-', '_')}"] = value
    made |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), "werkzeug.socket": Connection()}
    keep_raw(made, message, target)
    return made


def with_body(made: dict[str, Any], body: bytes) -> dict[str, Any]:
    return {**made, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def kind(made: dict[str, Any], keys: KeyRing) -> str | None:
    try:
        authenticate(made, keys, "us-east-1")
    except Refused as refused:
        return refused.kind
    return None


def stream(parts: list[bytes], *, payload: str = SIGNED) -> tuple[Signer, dict[str, Any], list[bytes], str]:
    """A request whose body is a stream of these parts: its signer, itself, its chunks and the last signature."""
    signer = Signer()
    headers = {"host": HOST, "x-amz-date": signer.time, "x-amz-content-sha256": payload}
    made = signer.request("PUT", "/bucket/key", "", headers, payload)
    chunks, previous = [], signer.seed
    for part in [*parts, b""]:
        chunk, previous = signer.chunk(part, previous)
        chunks.append(chunk)
    return signer, made, chunks, previous


def test_a_stream_whose_chunks_are_signed_is_taken(keys: KeyRing) -> None:
    for parts in ([b"x" * 70_000, b"rest"], [b"a"], []):
        _, made, chunks, _ = stream(parts)
        body = b"\r\n".join(chunks)
        assert kind(with_body(made, body), keys) is None
        assert kind(with_body(made, body + b"\r\n"), keys) is None
        assert kind(with_body(made, body + b"\r\nmore"), keys) == "signature"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"first", b"First"),
        (b"second", b"secon!"),
        (b"5;chunk", b"4;chunk"),
        (b"5;chunk", b"x;chunk"),
        (b"\r\n0;chunk", b"\r\n1;chunk"),
        (b"first\r\n", b"first--"),
        (b"chunk-signature=", b"chunk-signatur="),
    ],
)
def test_a_stream_that_was_changed_on_its_way_is_refused(keys: KeyRing, before: bytes, after: bytes) -> None:
    _, made, chunks, _ = stream([b"first", b"second"])
    body = b"\r\n".join(chunks)
    assert kind(with_body(made, body), keys) is None
    assert before in body
    assert kind(with_body(made, body.replace(before, after, 1)), keys) == "signature"


def test_chunks_stand_in_their_order_and_none_is_left_out(keys: KeyRing) -> None:
    _, made, (first, second, last), _ = stream([b"one", b"two"])
    for order in ([second, first, last], [first, last], [first, second], [last], []):
        assert kind(with_body(made, b"\r\n".join(order)), keys) == "signature"


def test_a_trailer_is_signed_too(keys: KeyRing) -> None:
    signer, made, chunks, previous = stream([b"data"], payload=TRAILED)
    body = b"\r\n".join(chunks) + b"\r\n"
    good = signer.trailer(b"x-amz-checksum-crc32:AAAA\n", previous)
    assert kind(with_body(made, body + good), keys) is None
    for bad in (good.replace(b"AAAA", b"BBBB"), b"", b"x-amz-checksum-crc32:AAAA\r\n\r\n", good.replace(b":", b"=")):
        assert kind(with_body(made, body + bad), keys) == "signature"
    two = signer.trailer(b"x-amz-a:1\nx-amz-b:2\n", previous)
    assert kind(with_body(made, body + two), keys) is None
    assert kind(with_body(made, body + two.replace(b"x-amz-a", b"X-AMZ-A")), keys) is None


@pytest.mark.parametrize(
    ("payload", "body", "refused"),
    [
        (hashlib.sha256(b"data").hexdigest(), b"data", None),
        (hashlib.sha256(b"data").hexdigest().upper(), b"data", None),
        (hashlib.sha256(b"data").hexdigest(), b"other", "body"),
        (sigv4.UNSIGNED, b"anything", None),
        (sigv4.STREAMING_UNSIGNED, b"anything", None),
    ],
)
def test_a_body_is_what_its_hash_says_unless_it_is_left_unsigned(
    keys: KeyRing, payload: str, body: bytes, refused: str | None
) -> None:
    signer = Signer()
    headers = {"host": HOST, "x-amz-date": signer.time, "x-amz-content-sha256": payload}
    made = signer.request("PUT", "/bucket/key", "", headers, payload)
    assert kind(with_body(made, body), keys) == refused


def test_only_s3_leaves_bodies_unsigned(keys: KeyRing) -> None:
    signer = Signer("sagemaker")
    for payload, refused in ((sigv4.UNSIGNED, "body"), (SIGNED, "body"), (hashlib.sha256(b"{}").hexdigest(), None)):
        headers = {"host": HOST, "x-amz-date": signer.time, "x-amz-content-sha256": payload}
        made = signer.request("POST", "/", "", headers, payload)
        assert kind(with_body(made, b"{}"), keys) == refused


def test_a_body_is_signed_also_where_no_header_names_its_hash(keys: KeyRing) -> None:
    signer = Signer("sagemaker")
    headers = {"host": HOST, "x-amz-date": signer.time}
    made = signer.request("POST", "/", "", headers, hashlib.sha256(b"{}").hexdigest())
    assert kind(with_body(made, b"{}"), keys) is None
    assert kind(with_body(made, b"[]"), keys) == "signature"


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/bucket/a%20b", "x=1&y=2", "/bucket/a%20b?y=2&x=1"),
        ("/bucket/a~b", "x=a%20b", "/bucket/a~b?x=a+b"),
        ("/bucket/%C3%A9", "acl=", "/bucket/%c3%a9?acl"),
        ("/bucket/k", "x=", "/bucket/k?x="),
        ("/bucket/k", "x=1&x=2", "/bucket/k?x=2&x=1"),
    ],
)
def test_a_request_may_be_spelled_otherwise_than_it_is_signed(
    keys: KeyRing, path: str, query: str, target: str
) -> None:
    signer = Signer()
    headers = {"host": HOST, "x-amz-date": signer.time, "x-amz-content-sha256": EMPTY}
    assert kind(signer.request("GET", path, query, headers, EMPTY, target=target), keys) is None
    assert kind(signer.request("GET", path, query, headers, EMPTY, target=target + "z"), keys) == "signature"


def test_other_services_encode_the_path_twice_in_what_they_sign(keys: KeyRing) -> None:
    signer = Signer("logs")
    headers = {"host": HOST, "x-amz-date": signer.time, "x-amz-content-sha256": EMPTY}
    made = signer.request("GET", "/a%2520b", "", headers, EMPTY, target="/a%20b")
    assert kind(made, keys) is None
    made = signer.request("GET", "/a%20b", "", headers, EMPTY, target="/a%20b")
    assert kind(made, keys) == "signature"


def test_blanks_within_a_header_count_as_one_and_the_plain_date_counts_as_the_time(keys: KeyRing) -> None:
    moment = datetime.now(timezone.utc).replace(microsecond=0)
    signer = Signer(at=moment)
    headers = {"date": format_datetime(moment), "host": HOST, "x-amz-content-sha256": EMPTY, "x-amz-meta": " a   b "}
    assert kind(signer.request("GET", "/bucket/key", "", headers, EMPTY), keys) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("AWS4-HMAC-SHA256 ", "AWS4-ECDSA "),
        (f"Credential={USER}/", "Credential="),
        ("/aws4_request", "/aws5_request"),
        ("SignedHeaders=host;", "SignedHeaders="),
        ("Signature=", "Signatur="),
    ],
)
def test_a_signature_that_cannot_be_read_is_malformed(keys: KeyRing, before: str, after: str) -> None:
    signer = Signer()
    headers = {"host": HOST, "x-amz-content-sha256": EMPTY, "x-amz-date": signer.time}
    made = signer.request("GET", "/bucket/key", "", headers, EMPTY)
    assert before in made["HTTP_AUTHORIZATION"]
    made["HTTP_AUTHORIZATION"] = made["HTTP_AUTHORIZATION"].replace(before, after)
    assert kind(made, keys) == "malformed"


@pytest.mark.parametrize("date", ["", "20300131", "yesterday", "20301331T000000Z"])
def test_a_request_without_a_time_that_can_be_is_malformed(keys: KeyRing, date: str) -> None:
    signer = Signer()
    headers = {"host": HOST, "x-amz-content-sha256": EMPTY, "x-amz-date": date}
    assert kind(signer.request("GET", "/bucket/key", "", headers, EMPTY), keys) == "malformed"


def test_the_scopes_day_is_the_requests(keys: KeyRing) -> None:
    signer = Signer(at=datetime.now(timezone.utc) - timedelta(days=1))
    now = Signer().time
    headers = {"host": HOST, "x-amz-content-sha256": EMPTY, "x-amz-date": now}
    assert kind(signer.request("GET", "/bucket/key", "", headers, EMPTY), keys) == "malformed"
