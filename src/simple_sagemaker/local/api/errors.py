"""The service's errors, as boto3 raises them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_STATUS = {"ThrottlingException": 400, "ValidationException": 400, "ResourceInUse": 400, "ResourceNotFound": 400}


def fault(code: str, message: str, operation: str) -> ClientError:
    """A ``ClientError`` like the one that boto3 makes of the service's answer."""
    from botocore.exceptions import ClientError

    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": _STATUS.get(code, 400), "RetryAttempts": 0},
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]


def invalid(message: str, operation: str) -> ClientError:
    """The service's word for a request that it will not take."""
    return fault("ValidationException", message, operation)
