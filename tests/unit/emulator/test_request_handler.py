"""What breaks HTTP's own rules is refused before an application sees it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from typing import Any

import pytest

from simple_sagemaker.emulator.request_handler import _InPieces, check_message
from simple_sagemaker.emulator.serving import make_server

ENCODING = "Transfer-Encoding must be chunked alone, without Content-Length"
LENGTH = "Content-Length must be one number"
ONE_HOST = "a request has one Host"
TARGET = "the target has characters that must be percent-encoded"


def message(*lines: bytes) -> Message:
    return BytesParser().parsebytes(b"\r\n".join([*lines, b"", b""]))


def why(*lines: bytes, target: str = "/") -> str:
    """Why a request is refused; empty if it is not."""
    try:
        check_message(message(*lines), target)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"Host: a"], ""),
        ([b"Host: a", b"Content-Length: 0"], ""),
        ([b"Host: a", b"Content-Length:  12 "], ""),
        ([b"Host: a", b"Content-Length: " + b"1" * 15], ""),
        ([b"Host: a", b"Content-Length: " + b"1" * 16], LENGTH),
        ([b"Host: a", b"Content-Length: "], LENGTH),
        ([b"Host: a", b"Content-Length: -1"], LENGTH),
        ([b"Host: a", b"Content-Length: +1"], LENGTH),
        ([b"Host: a", b"Content-Length: 1, 1"], LENGTH),
        ([b"Host: a", b"Content-Length: 1", b"Content-Length: 1"], LENGTH),
        ([b"Host: a", b"Transfer-Encoding: chunked"], ""),
        ([b"Host: a", b"Transfer-Encoding: CHUNKED "], ""),
        ([b"Host: a", b"Transfer-Encoding: gzip, chunked"], ENCODING),
        ([b"Host: a", b"Transfer-Encoding: identity"], ENCODING),
        ([b"Host: a", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], ENCODING),
        ([b"Host: a", b"Transfer-Encoding: chunked", b"Content-Length: 3"], ENCODING),
        ([b"X-Other: a"], ONE_HOST),
        ([b"Host: a", b"Host: a"], ONE_HOST),
        ([b"Host: a", b"no header"], "a line of the headers cannot be read"),
        ([b"From me to you", b"Host: a"], "a line of the headers cannot be read"),
        ([b"Host: a", b"X-Folded: one", b" two"], "a header has more than one line"),
        ([b"Host: a", b"X-Null: a\0b"], "a header has more than one line"),
    ],
)
def test_headers_that_two_readers_could_read_differently_are_refused(lines: list[bytes], expected: str) -> None:
    assert why(*lines) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a/b?c=d&e=%20~!'()*", ""),
        ("/a b", TARGET),
        ("/a\tb", TARGET),
        ("/a\x00b", TARGET),
        ("/a\x1fb", TARGET),
        ("/a\x7fb", TARGET),
        ("/\xe9", TARGET),
    ],
)
def test_a_target_is_percent_encoded(target: str, expected: str) -> None:
    assert why(b"Host: a", target=target) == expected


class Source:
    """A connection's input that notes how much is asked for at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def read1(self, size: int) -> bytes:
        self.sizes.append(size)
        return b"piece"


def test_what_nobody_wanted_of_a_body_is_read_64_kib_at_a_time() -> None:
    source = Source()
    assert _InPieces(source).read(10_000_000) == b"piece"
    assert source.sizes == [65536]


@pytest.fixture
def asked() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The port of a server, and the requests that reached its application, which answers with the body."""
    seen: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.append(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = make_server(0, application)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port, seen
    server.shutdown()
    thread.join()
    server.server_close()


def answer_to(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_request_reaches_the_application_with_its_headers_and_target_as_sent(
    asked: tuple[int, list[dict[str, Any]]], capfd: pytest.CaptureFixture[str]
) -> None:
    port, seen = asked
    request = b"PUT /a%20b?c=%2F HTTP/1.1\r\nHost: h\r\nX-mIxEd: 1\r\nContent-Length: 4\r\n\r\nbody"
    answer = answer_to(port, request)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nbody")
    (environ,) = seen
    assert environ["simple_sagemaker.target"] == ("/a%20b", "c=%2F")
    assert [*environ["simple_sagemaker.headers"]] == ["Host", "X-mIxEd", "Content-Length"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_breaks_the_rules_is_answered_with_a_400_and_ends_the_connection(
    asked: tuple[int, list[dict[str, Any]]], capfd: pytest.CaptureFixture[str], request_: bytes
) -> None:
    port, seen = asked
    answer = answer_to(port, request_ + b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert seen == []
    assert capfd.readouterr() == ("", "")


def test_a_refusal_says_why(asked: tuple[int, list[dict[str, Any]]]) -> None:
    answer = answer_to(asked[0], b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
    assert LENGTH.encode() in answer
    assert answer_to(asked[0], b"nothing\r\n\r\n").startswith(b"HTTP/1.1 400 ")
