"""Which requests are answered at all: none of a web page, and none under a name that leads here from elsewhere."""

from __future__ import annotations

from email.message import Message
from typing import Any

import pytest

from simple_sagemaker.emulator.http import Environ, keep_raw
from simple_sagemaker.emulator.origins import Doorkeeper, without_cors


def request(host: str, *further: str, method: str = "GET", **headers: str) -> Environ:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "HTTP_HOST": host, "PATH_INFO": "/", "QUERY_STRING": ""}
    message = Message()
    for one in (host, *further):
        message["Host"] = one
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    keep_raw(environ, message, "/")
    return environ


def reason(environ: Environ, *names: str) -> str | None:
    """Why it is refused."""
    answer = Doorkeeper(names).refusal(environ)
    if answer is None:
        return None
    status, _, body = answer
    assert status.startswith("403 ")
    assert b"AccessDenied" in body
    known = ("not a loopback name", "does not answer web pages", "answers no such method")
    return next(one for one in known if one in body.decode())


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:5000", "[0:0:0:0:0:0:0:1]"),
        *("bucket.localhost:5000", "a.b.localhost"),
    ],
)
def test_names_of_loopback_are_answered(host: str) -> None:
    assert reason(request(host)) is None


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "localhost.evil.example", "notlocalhost", "128.0.0.1", "[::2]", "[::ffff:127.0.0.1]"),
        *("127.0.0.1:123456", "127.0.0.1 x", "user@localhost", "127.0.0.256"),
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert reason(request(host)) == "not a loopback name"
    assert reason(request("localhost", host)) == "not a loopback name"  # in a second header


def test_a_name_that_was_allowed_is_answered_as_localhost() -> None:
    environ = request("My.Host:5000")
    assert reason(environ, "my.host") is None
    assert environ["HTTP_HOST"] == "localhost"
    assert reason(request("your.host"), "my.host") == "not a loopback name"
    environ = request("bucket.localhost:5000")
    assert reason(environ, "my.host") is None
    assert environ["HTTP_HOST"] == "bucket.localhost:5000"


def test_pages_of_other_sites_are_refused() -> None:
    assert reason(request("localhost", origin="http://evil.example")) == "does not answer web pages"
    assert reason(request("localhost", origin="")) == "does not answer web pages"
    for site, told in (
        *(("cross-site", "does not answer web pages"), ("same-site", "does not answer web pages")),
        *(("same-origin", None), ("none", None), ("", None)),
    ):
        assert reason(request("localhost", sec_fetch_site=site)) == told


def test_methods_that_no_client_of_aws_has_are_refused() -> None:
    for method in ("OPTIONS", "TRACE", "CONNECT"):
        assert reason(request("localhost", method=method)) == "answers no such method"
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        assert reason(request("localhost", method=method)) is None


def test_no_answer_lets_other_sites_pages_read_it() -> None:
    kept = [("Content-Type", "text/xml"), ("ETag", "x")]
    assert without_cors([*kept, ("Access-Control-Allow-Origin", "*"), ("access-control-max-age", "1")]) == kept
