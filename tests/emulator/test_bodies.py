"""Bodies of requests cost no memory before their sender is known, and end where they say that they end."""

from __future__ import annotations

import hashlib
import select
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.emulated import Emulator
from tests.emulator.raw import Raw, exchange, send, signed
from tests.emulator.test_signatures import FORM, TARGET, code_of

CHUNKED = {"Transfer-Encoding": "chunked"}
HUGE = "999999999999999"


def wrong_secret(emulator: Emulator) -> Credentials:
    return Credentials(emulator.environment["AWS_ACCESS_KEY_ID"], "wrong")


def post(emulator: Emulator, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Raw:
    """Send a request whose headers say how long its body is."""
    every = {"Host": urlsplit(emulator.url).netloc, **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in every.items()), "", ""]
    return exchange(emulator, "\r\n".join(lines).encode() + body)


def put_headers(
    emulator: Emulator, keys: Credentials | None = None, payload: str = "UNSIGNED-PAYLOAD", key: str = "k"
) -> dict[str, str]:
    """The headers of a PUT that say what the hash of the body is."""

    class Signer(S3SigV4Auth):
        def payload(self, request: object) -> str:
            return payload

    request = AWSRequest(method="PUT", url=f"{emulator.url}/bodies/{key}")
    environment = emulator.environment
    keys = keys or Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    Signer(keys, "s3", "us-east-1").add_auth(request)
    return dict(request.headers)


def memory_mb(emulator: Emulator) -> int:
    status = Path(f"/proc/{emulator.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


@pytest.fixture(scope="module", autouse=True)
def bucket(emulator: Emulator) -> None:
    emulator.client("s3").create_bucket(Bucket="bodies")


@pytest.mark.parametrize(
    "body",
    [
        b"ffffffffffffff\r\nabc",
        b"10\r\nabc",
        b"3\r\nabc",
        b"3\r\nabc\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\r\n0\r\n",
        b"0" * 5000 + b"3\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_end_early_are_a_400_for_who_signed_and_the_verdict_for_others(
    emulator: Emulator, body: bytes
) -> None:
    before = memory_mb(emulator)
    refused = post(emulator, "PUT", "/bodies/k", put_headers(emulator, wrong_secret(emulator)) | CHUNKED, body)
    assert (refused.status, code_of(refused)) == (403, "SignatureDoesNotMatch")
    known = post(emulator, "PUT", "/bodies/k", put_headers(emulator) | CHUNKED, body)
    assert (known.status, code_of(known)) in {(400, "IncompleteBody"), (400, "EntityTooLarge")}
    form = {**signed(emulator, "iam", "POST", "/", FORM, b"abc"), **CHUNKED}
    assert post(emulator, "POST", "/", form, body).status in {400, 413}
    assert memory_mb(emulator) < before + 100


def test_chunks_are_put_together_and_their_trailer_is_dropped(emulator: Emulator) -> None:
    body = b"3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nname: value\r\n\r\n"
    assert post(emulator, "PUT", "/bodies/whole", put_headers(emulator, key="whole") | CHUNKED, body).status == 200
    assert emulator.client("s3").get_object(Bucket="bodies", Key="whole")["Body"].read() == b"abcde"


@pytest.mark.parametrize("length", [HUGE, str(5 * 1024**3 + 1)])
def test_a_length_that_nobody_takes_is_refused_before_the_body_comes(emulator: Emulator, length: str) -> None:
    huge = {"Content-Length": length}
    known = post(emulator, "PUT", "/bodies/k", put_headers(emulator) | huge, b"abc")
    assert (known.status, code_of(known)) == (400, "EntityTooLarge")
    refused = post(emulator, "PUT", "/bodies/k", put_headers(emulator, wrong_secret(emulator)) | huge, b"abc")
    assert (refused.status, code_of(refused)) == (403, "SignatureDoesNotMatch")
    for service, headers, code in (
        ("sagemaker", TARGET, "RequestEntityTooLargeException"),
        ("iam", FORM, "RequestEntityTooLarge"),
    ):
        other = post(emulator, "POST", "/", {**signed(emulator, service, "POST", "/", headers), **huge}, b"abc")
        assert (other.status, code_of(other)) == (413, code)


def test_a_body_that_ends_before_its_length_is_a_400(emulator: Emulator) -> None:
    known = post(emulator, "PUT", "/bodies/k", put_headers(emulator) | {"Content-Length": "1000"}, b"abc")
    assert (known.status, code_of(known)) == (400, "IncompleteBody")


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", hashlib.sha256(b"other").hexdigest()])
def test_a_wrong_signature_is_refused_without_its_body(emulator: Emulator, payload: str) -> None:
    """The verdict comes while the client has sent nothing but the headers."""
    headers = put_headers(emulator, wrong_secret(emulator), payload) | {"Content-Length": "1000000"}
    address = urlsplit(emulator.url)
    lines = ["PUT /bodies/k HTTP/1.1", f"Host: {address.netloc}", *(f"{name}: {headers[name]}" for name in headers)]
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 403 ")


def test_what_must_be_read_before_the_verdict_is_little(emulator: Emulator) -> None:
    body = b"a" * (17 * 1024 * 1024)
    for service, headers, status in (("logs", TARGET, 413), ("iam", FORM, 413)):
        wrong = signed(emulator, service, "POST", "/", headers, keys=wrong_secret(emulator))
        assert send(emulator, "POST", "/", {**wrong, "Content-Length": str(len(body))}, b"").status == status
    without_hash = {**put_headers(emulator), "Content-Length": str(len(body))}
    del without_hash["X-Amz-Content-SHA256"]
    without_hash["Authorization"] = without_hash["Authorization"].replace("x-amz-content-sha256;", "")
    refused = post(emulator, "PUT", "/bodies/k", without_hash, b"")
    assert (refused.status, code_of(refused)) == (400, "EntityTooLarge")


@pytest.mark.parametrize(
    "line", ["Origin : x", "no colon", ": no name", " folded", "X-A: b\r\n folded", "From somebody", "X-A: b\0"]
)
def test_headers_that_cannot_be_read_are_a_400(emulator: Emulator, line: str) -> None:
    host = urlsplit(emulator.url).netloc
    for lines in ((f"Host: {host}", line, "X-B: c"), (f"Host: {host}", line), (line, f"Host: {host}")):
        text = "\r\n".join(["GET /_ssm/health HTTP/1.1", *lines, "", ""])
        assert exchange(emulator, text.encode()).status == 400, lines


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000 + "1"])
def test_numbers_of_any_length_in_a_query_are_a_403(emulator: Emulator, number: str) -> None:
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{emulator.environment['AWS_ACCESS_KEY_ID']}/{now[:8]}/us-east-1/s3/aws4_request"
    newer = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-SignedHeaders=host&X-Amz-Date={now}"
    for query in (
        f"AWSAccessKeyId=x&Signature=x&Expires={number}",
        f"{newer}&X-Amz-Signature=x&X-Amz-Expires={number}",
    ):
        refused = send(emulator, "GET", f"/bodies/k?{query}")
        assert (refused.status, code_of(refused)) == (403, "AccessDenied")


def begin_large(emulator: Emulator, count: int) -> list[socket.socket]:
    """Connections with all but the end of a large body each, which must be read before it can be refused."""
    size = 15 * 1024 * 1024
    head = {**signed(emulator, "logs", "POST", "/", TARGET, keys=wrong_secret(emulator)), "Content-Length": str(size)}
    address = urlsplit(emulator.url)
    lines = ["POST / HTTP/1.1", f"Host: {address.netloc}", *(f"{name}: {head[name]}" for name in head), "", ""]
    connections = []
    for _ in range(count):
        connections.append(socket.create_connection((address.hostname or "", address.port or 0), timeout=60))
        with suppress(ConnectionError):  # it may be refused meanwhile
            connections[-1].sendall("\r\n".join(lines).encode() + b"a" * (size - 1))
    return connections


def large_request(emulator: Emulator) -> Raw:
    body = b'{"x": "' + b"a" * (8 * 1024 * 1024) + b'"}'
    return send(emulator, "POST", "/", signed(emulator, "sagemaker", "POST", "/", TARGET, body), body)


def test_who_knows_a_keys_identifier_alone_costs_little_memory_however_often_he_comes(emulator: Emulator) -> None:
    before = memory_mb(emulator)
    connections = begin_large(emulator, 24)
    try:
        until = time.monotonic() + 60
        while len(select.select(connections, [], [], 1)[0]) < 15:
            assert time.monotonic() < until
        assert memory_mb(emulator) < before + 200
        assert emulator.client("logs").describe_log_groups()["logGroups"] is not None  # small requests are served
        while (answer := large_request(emulator)).status != 503:
            assert time.monotonic() < until
        assert code_of(answer) == "ThrottlingException"
    finally:
        for connection in connections:
            connection.close()
    until = time.monotonic() + 60
    while (status := large_request(emulator).status) == 503:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert status == 400  # it is read, and has no such member
