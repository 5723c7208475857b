"""Requests and answers as they travel: bodies read once, AWS's kinds of trouble, a connection that breaks."""

from __future__ import annotations

import io
import json
import socket
import struct
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

Environ = dict[str, Any]
Application = Callable[..., Iterable[bytes]]  # as WSGI has it
Answer = tuple[str, list[tuple[str, str]], bytes]  # status line, headers, body

JSON = "application/x-amz-json-1.1"
_INTERNAL_S3 = ("InternalError", "We encountered an internal error. Please try again.")


def read_body(environ: Environ) -> bytes:
    """The whole body, which stays readable for whoever comes next."""
    if environ.get("wsgi.input_terminated"):  # sent in chunks, which the server has put together again
        body: bytes = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    replace_body(environ, body)
    return body


def replace_body(environ: Environ, body: bytes) -> None:
    """Make ``body`` what the next reader finds."""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def json_answer(status: int, body: bytes, *headers: tuple[str, str]) -> Answer:
    """An answer of the JSON protocol, with the header by which AWS's support finds a request."""
    every = [("Content-Type", JSON), ("Content-Length", str(len(body))), ("x-amzn-RequestId", str(uuid.uuid4()))]
    return _line(status), [*every, *headers], body


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def error_answer(code: str, message: str, status: int) -> Answer:
    """An error of the JSON protocol."""
    return json_answer(status, json.dumps({"__type": code, "message": message}).encode(), ("x-amzn-ErrorType", code))


def trouble(environ: Environ, service: str, *, throttled: bool) -> Answer:
    """What the service says when it is asked too often or has a fault of its own, in its protocol."""
    if service == "s3":
        code, words = ("SlowDown", "Please reduce your request rate.") if throttled else _INTERNAL_S3
        return xml_answer(503 if throttled else 500, f"<Error><Code>{code}</Code><Message>{words}</Message></Error>")
    code, words = ("ThrottlingException", "Rate exceeded") if throttled else ("InternalFailure", "Internal failure")
    if environ.get("HTTP_X_AMZ_TARGET"):
        return error_answer(code, words, 400 if throttled else 500)
    code = "Throttling" if throttled else code
    kind = "Sender" if throttled else "Receiver"
    return xml_answer(
        400 if throttled else 500,
        f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{words}</Message></Error></ErrorResponse>",
    )


def xml_answer(status: int, text: str) -> Answer:
    """An answer of the protocols that speak XML."""
    body = text.encode()
    return _line(status), [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))], body


def unserved(environ: Environ, operation: str) -> Answer:
    """What is said of an operation that moto has not got."""
    words = f"The emulator does not serve {operation}."
    if environ.get("HTTP_X_AMZ_TARGET"):
        return error_answer("NotImplemented", words, 501)
    error = f"<Error><Code>NotImplemented</Code><Message>{words}</Message></Error>"
    return xml_answer(501, error if operation.startswith("s3.") else f"<ErrorResponse>{error}</ErrorResponse>")


def break_connection(environ: Environ) -> None:
    """Reset the connection in place of an answer. Always raises ConnectionResetError, which ends the request."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)  # others hold it too, so that closing it here would do nothing yet
    raise ConnectionResetError("on purpose")
