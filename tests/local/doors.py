"""The ways to the engine: a Python object, boto3's client answered before it sends, and boto3 over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError

from simple_sagemaker.emulator import http, protocol
from simple_sagemaker.emulator.bodies import read_body
from simple_sagemaker.emulator.serving import make_server
from simple_sagemaker.local.api.sagemaker import LocalSageMaker, operations


def boto3_client(engine: LocalSageMaker) -> Any:
    """A real boto3 client of SageMaker: its checks, paginators, waiters and errors, with the engine behind it."""
    client = _client(None)
    answers = operations(engine)

    def answer(model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        request = {key: _as_time(key, value) for key, value in json.loads(params["body"]).items()}
        try:
            return SimpleNamespace(status_code=200), answers[model.name](**request)
        except ClientError as error:
            return SimpleNamespace(status_code=400), error.response  # type: ignore[return-value]

    client.meta.events.register("before-call.sagemaker", answer)  # what it gives is the answer
    return client


def _as_time(key: str, value: Any) -> Any:
    """Times travel as seconds in AWS's JSON protocol."""
    if key.endswith(("After", "Before")):
        return datetime.fromtimestamp(value, tz=timezone.utc)
    return value


@contextmanager
def http_client(engine: LocalSageMaker) -> Iterator[Any]:
    """A real boto3 client that reaches the engine through a socket, as every client of the emulator does."""
    known = operations(engine)

    def application(environ: http.Environ, start_response: Any) -> Iterable[bytes]:
        name = environ["HTTP_X_AMZ_TARGET"].removeprefix(protocol.TARGET)
        try:
            answer_body = protocol.call(known, name, protocol.decode(read_body(environ, 1 << 24)))
            status, headers, body = http.json_answer(200, protocol.encode(answer_body))
        except protocol.ServiceError as error:
            status, headers, body = http.error_answer(error.code, str(error), error.status)
        start_response(status, headers)
        return [body]

    serving = make_server(0, application)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = _client(f"http://127.0.0.1:{serving.server_port}")
    try:
        yield client
    finally:
        client.close()
        serving.shutdown()
        thread.join()
        serving.server_close()


def _client(url: str | None) -> Any:
    session = boto3.Session(region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    return session.client("sagemaker", endpoint_url=url)
