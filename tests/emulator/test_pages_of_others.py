"""What a page of another site can make a browser send, as bytes on a socket; ``test_browser`` has the browser."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.emulated import Emulator, request
from tests.emulator.raw import exchange, send, signed

CREATE = {"X-Amz-Target": "SageMaker.CreateTrainingJob", "Content-Type": "application/x-amz-json-1.1"}
PATHS = ("/", "/_ssm/health", "/_ssm/faults", "/bucket/key", "/moto-api/reset", "/_ssm/credentials/guess")


def port(emulator: Emulator) -> int:
    found = urlsplit(emulator.url).port
    assert found
    return found


@pytest.mark.parametrize("path", PATHS)
def test_no_page_of_another_origin_is_answered(emulator: Emulator, path: str) -> None:
    browser = [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": emulator.url},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "Something-New"},
    ]
    for headers in browser:
        for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
            refused = send(emulator, method, path, {**headers, **CREATE}, b"{}" if method == "POST" else b"")
            assert refused.status == 403, (headers, method)
            assert not [name for name in refused.headers if name.startswith("access-control-")]
    preflight = {
        "Origin": "http://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-amz-target",
    }
    for headers in (preflight, {}):
        refused = send(emulator, "OPTIONS", path, headers)
        assert refused.status == 403
        assert not [name for name in refused.headers if name.startswith("access-control-")]


def test_a_signature_does_not_help_a_page(emulator: Emulator) -> None:
    job = request("by-a-page", "bucket")
    headers = signed(emulator, "sagemaker", "POST", "/", CREATE, json.dumps(job).encode())
    refused = send(emulator, "POST", "/", {**headers, "Origin": "http://evil.example"}, json.dumps(job).encode())
    assert refused.status == 403
    assert not (emulator.home / "jobs" / "by-a-page").exists()
    own = send(emulator, "GET", "/", {**signed(emulator, "s3", "GET", "/"), "Sec-Fetch-Site": "none"})
    assert own.status == 200


def test_only_names_of_loopback_are_answered(emulator: Emulator) -> None:
    number = port(emulator)
    good = ("127.0.0.1", "127.0.0.1:1", "127.9.8.7", "[::1]", f"[::1]:{number}", "localhost", "LOCALHOST:80")
    for host in (*good, "bucket.localhost", f"a.b.localhost:{number}"):
        assert send(emulator, "GET", "/_ssm/health", {"Host": host}).status == 200, host
    for host in (
        "evil.example",
        f"evil.example:{number}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "localhost.",
        "128.0.0.1",
        "10.0.0.1",
        "0.0.0.0",
        "0x7f.1",
        "2130706433",
        "[::2]",
        "[::ffff:7f00:1]",
        "localhost:80:80",
        "localhost@evil.example",
        "evil.example, localhost",
        "",
    ):
        assert send(emulator, "GET", "/_ssm/health", {"Host": host}).status == 403, host
    for data in (
        b"GET /_ssm/health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/_ssm/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://localhost/_ssm/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /_ssm/health HTTP/1.1\r\n\r\n",
        b"GET /_ssm/health HTTP/1.0\r\n\r\n",
    ):
        assert exchange(emulator, data).status in {400, 403}, data


def test_answers_have_no_cors_headers_even_where_a_bucket_asks_for_them(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="cors")
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["ETag"]}
    s3.put_bucket_cors(Bucket="cors", CORSConfiguration={"CORSRules": [rule]})
    s3.put_object(Bucket="cors", Key="k", Body=b"x")
    for service, target in (("s3", "/cors/k"), ("s3", "/"), ("sagemaker", "/_ssm/requests")):
        answer = send(emulator, "GET", target, signed(emulator, service, "GET", target))
        assert answer.status == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_further_names_and_addresses_are_for_those_who_ask(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "shared-key", "AWS_SECRET_ACCESS_KEY": "shared-secret"}
    options = ("--allow_host", "emulator", "--allow_host", "aws.test.internal", "--bind", "0.0.0.0")
    emulator = Emulator(tmp_path, *options, environment=keys)
    try:
        assert emulator.url == f"http://127.0.0.1:{port(emulator)}"
        for host in ("emulator", f"EMULATOR:{port(emulator)}", "aws.test.internal:80", "localhost"):
            assert send(emulator, "GET", "/_ssm/health", {"Host": host}).status == 200
        for host in ("other", "x.emulator", "test.internal", "0.0.0.1"):
            assert send(emulator, "GET", "/_ssm/health", {"Host": host}).status == 403
        emulator.client("s3").create_bucket(Bucket="reached")
        by_name = {"Host": f"aws.test.internal:{port(emulator)}"}
        listed = send(emulator, "GET", "/", {**signed(emulator, "s3", "GET", "/", by_name), **by_name})
        assert listed.status == 200, listed.body
        assert "<Name>reached</Name>" in listed.body
        assert send(emulator, "POST", "/", {"Host": "emulator", **CREATE}, b"{}").status == 403
        with socket.create_connection((socket.gethostbyname(socket.gethostname()), port(emulator)), timeout=5):
            pass
    finally:
        emulator.stop()
