"""The service's errors, as boto3 raises them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_STATUS = {"ThrottlingException": 400, "ValidationException": 400, "ResourceInUse": 400, "ResourceNotFound": 400}


def client_error(code: str, message: str, operation: str) -> ClientError:
    """Make a ``ClientError`` like the one that boto3 makes from the service's answer."""
    from botocore.exceptions import ClientError

    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": _STATUS.get(code, 400), "RetryAttempts": 0},
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]


def validation_error(message: str, operation: str) -> ClientError:
    """Make the error by which the service rejects an invalid request."""
    return client_error("ValidationException", message, operation)
