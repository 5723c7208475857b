"""HTTP requests and answers: what came over the wire, building answers, breaking a connection."""

from __future__ import annotations

import io
import json
import re
import socket
import struct
import uuid
from collections.abc import Callable, Iterable
from email.message import Message
from http import HTTPStatus
from typing import Any

Environ = dict[str, Any]
Application = Callable[..., Iterable[bytes]]  # as WSGI has it
Answer = tuple[str, list[tuple[str, str]], bytes]  # status line, headers, body

JSON = "application/x-amz-json-1.1"
_MESSAGE, _TARGET = "simple_sagemaker.headers", "simple_sagemaker.target"


def keep_raw(environ: Environ, headers: Message, target: str) -> None:
    """Keep what a signature is about, which WSGI changes: the headers, and the target in the request's first line."""
    if not target.startswith("/"):
        target = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "", target)
    path, _, query = target.partition("?")
    environ[_MESSAGE], environ[_TARGET] = headers, (path, query)


def raw_headers(environ: Environ) -> Message:
    """The headers as they were sent."""
    message: Message = environ[_MESSAGE]
    return message


def raw_target(environ: Environ) -> tuple[str, str]:
    """Path and query as they were sent, percent signs included."""
    target: tuple[str, str] = environ[_TARGET]
    return target


def replace_body(environ: Environ, body: bytes) -> None:
    """Replace the request's body."""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def json_answer(status: int, body: bytes, *headers: tuple[str, str]) -> Answer:
    """Build an answer of the JSON protocol, with the request id header that AWS sends."""
    every = [("Content-Type", JSON), ("Content-Length", str(len(body))), ("x-amzn-RequestId", str(uuid.uuid4()))]
    return status_line(status), [*every, *headers], body


def status_line(status: int) -> str:
    """A status with its phrase."""
    return f"{status} {HTTPStatus(status).phrase}"


def error_answer(code: str, message: str, status: int) -> Answer:
    """Build an error of the JSON protocol."""
    return json_answer(status, json.dumps({"__type": code, "message": message}).encode(), ("x-amzn-ErrorType", code))


def xml_answer(status: int, text: str) -> Answer:
    """Build an answer of the XML protocols."""
    body = text.encode()
    return status_line(status), [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))], body


def break_connection(environ: Environ) -> None:
    """Reset the connection in place of an answer. Always raises ConnectionResetError, which ends the request."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)  # others hold it too, so that closing it here would do nothing yet
    raise ConnectionResetError("on purpose")
