"""The ways to the engine: as a Python object, and as boto3's own client whose calls are answered before they leave."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from simple_sagemaker.local.sagemaker import LocalSageMaker, operations


def boto3_client(engine: LocalSageMaker) -> Any:
    """A real boto3 client of SageMaker: its checks, paginators, waiters and errors, with the engine behind it."""
    import boto3

    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    answers = operations(engine)

    def answer(model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        request = {key: _as_time(key, value) for key, value in json.loads(params["body"]).items()}
        try:
            return SimpleNamespace(status_code=200), answers[model.name](**request)
        except ClientError as error:
            return SimpleNamespace(status_code=400), error.response  # type: ignore[return-value]

    client.meta.events.register("before-call.sagemaker", answer)  # type: ignore[arg-type]  # what it gives is the answer
    return client


def _as_time(key: str, value: Any) -> Any:
    """Times travel as seconds in AWS's JSON protocol."""
    if key.endswith(("After", "Before")):
        return datetime.fromtimestamp(value, tz=timezone.utc)
    return value
