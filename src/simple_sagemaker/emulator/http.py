"""HTTP requests and answers: reading bodies, the errors of AWS's protocols, breaking a connection."""

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
    """Read the whole body; it can be read again afterwards."""
    if environ.get("wsgi.input_terminated"):  # sent in chunks, which the server has put together again
        body: bytes = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    replace_body(environ, body)
    return body


def replace_body(environ: Environ, body: bytes) -> None:
    """Replace the request's body."""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def json_answer(status: int, body: bytes, *headers: tuple[str, str]) -> Answer:
    """Build an answer of the JSON protocol, with the request id header that AWS sends."""
    every = [("Content-Type", JSON), ("Content-Length", str(len(body))), ("x-amzn-RequestId", str(uuid.uuid4()))]
    return _line(status), [*every, *headers], body


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def error_answer(code: str, message: str, status: int) -> Answer:
    """Build an error of the JSON protocol."""
    return json_answer(status, json.dumps({"__type": code, "message": message}).encode(), ("x-amzn-ErrorType", code))


def failure_answer(environ: Environ, service: str, *, throttled: bool) -> Answer:
    """Build the service's answer, in its protocol, when it throttles a client or has an internal error."""
    if service == "s3":
        code, message = ("SlowDown", "Please reduce your request rate.") if throttled else _INTERNAL_S3
        return xml_answer(503 if throttled else 500, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")
    code, message = ("ThrottlingException", "Rate exceeded") if throttled else ("InternalFailure", "Internal failure")
    if environ.get("HTTP_X_AMZ_TARGET"):
        return error_answer(code, message, 400 if throttled else 500)
    code = "Throttling" if throttled else code
    kind = "Sender" if throttled else "Receiver"
    return xml_answer(
        400 if throttled else 500,
        f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>",
    )


def xml_answer(status: int, text: str) -> Answer:
    """Build an answer of the XML protocols."""
    body = text.encode()
    return _line(status), [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))], body


def not_implemented_answer(environ: Environ, operation: str) -> Answer:
    """Build the answer for an operation that moto does not implement."""
    message = f"The emulator does not serve {operation}."
    if environ.get("HTTP_X_AMZ_TARGET"):
        return error_answer("NotImplemented", message, 501)
    error = f"<Error><Code>NotImplemented</Code><Message>{message}</Message></Error>"
    return xml_answer(501, error if operation.startswith("s3.") else f"<ErrorResponse>{error}</ErrorResponse>")


def break_connection(environ: Environ) -> None:
    """Reset the connection in place of an answer. Always raises ConnectionResetError, which ends the request."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)  # others hold it too, so that closing it here would do nothing yet
    raise ConnectionResetError("on purpose")
