"""AWS's JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html) in front of the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..core.aws_api import error_code

_DEEPEST = 200  # members within members
TARGET = "SageMaker."  # what the header X-Amz-Target begins with

Operations = Mapping[str, Callable[..., Any]]

_INSTEAD = {
    "Endpoint": "There are no endpoints: a transform job serves a model by the same script.",
    "InferenceComponent": "There are no endpoints: a transform job serves a model by the same script.",
    "Pipeline": "There are no pipelines: start their steps as jobs, one after the other.",
    "AutoMLJob": "There is no AutoML: a hyperparameter tuning job searches with a script of yours.",
    "ModelPackage": "There is no model registry: make a model of the archive itself.",
    "TrialComponent": "There are no trial components: a job's description names its experiment.",
}


class ServiceError(Exception):
    """An error that the service answers: its code, its message and its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def decode(body: bytes) -> dict[str, Any]:
    """Return the members of a request, without those that are null. Raises ServiceError."""
    try:
        loaded = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", f"The request is not JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise ServiceError("SerializationException", "The request is not a JSON object.")
    request: dict[str, Any] = _without_nulls(loaded)
    return request


def call(operations: Operations, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """Call an operation. Raises ServiceError for the service's own errors and for operations refused by name."""
    if name not in operations:
        raise ServiceError(
            "UnknownOperationException",
            f"The emulator does not serve {name}; it serves training, processing, transform and hyperparameter tuning "
            f"jobs, models, and the names of experiments and trials.{_instead_of(name)}",
        )
    try:
        answer: dict[str, Any] = operations[name](**request)
    except Exception as error:
        code = error_code(error)
        if code is None:
            raise
        raise ServiceError(code, error.response["Error"]["Message"]) from error  # type: ignore[attr-defined]
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _instead_of(name: str) -> str:
    """What there is here in place of an operation, as the end of a refusal; empty where there is nothing like it."""
    return next((f" {text}" for word, text in _INSTEAD.items() if word in name), "")


def encode(answer: Mapping[str, Any]) -> bytes:
    """Encode an answer as JSON, times as seconds since the epoch."""
    return json.dumps(answer, default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} in an answer")


def _without_nulls(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise ServiceError("SerializationException", "The request is nested too deeply.")
    if isinstance(value, dict):
        return {key: _without_nulls(member, depth + 1) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(member, depth + 1) for member in value if member is not None]
    return value
