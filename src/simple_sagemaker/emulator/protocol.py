"""AWS's JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html) in front of the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..core.aws_api import error_code

TARGET = "SageMaker."  # what the header X-Amz-Target begins with

Operations = Mapping[str, Callable[..., Any]]


class Refused(Exception):
    """An error in the service's words: its code, its message and the HTTP status that it comes with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def request_of(body: bytes) -> dict[str, Any]:
    """The members of a request; one that is null is one that is not there. Raises Refused."""
    try:
        loaded = json.loads(body or b"{}")
    except ValueError as error:
        raise Refused("SerializationException", f"The request is no JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise Refused("SerializationException", "The request is no JSON object.")
    found: dict[str, Any] = _without_nulls(loaded)
    return found


def carried_out(operations: Operations, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """The operation's answer. Raises Refused for the service's own errors and for what this emulator has not got."""
    if name not in operations:
        raise Refused(
            "UnknownOperationException", f"The emulator does not serve {name}; it serves training and processing jobs."
        )
    try:
        answer: dict[str, Any] = operations[name](**request)
    except Exception as error:
        code = error_code(error)
        if code is None:
            raise
        raise Refused(code, error.response["Error"]["Message"]) from error  # type: ignore[attr-defined]
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def encoded(answer: Mapping[str, Any]) -> bytes:
    """An answer as it travels: times are seconds since the epoch."""
    return json.dumps(answer, default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} in an answer")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(member) for member in value if member is not None]
    return value
