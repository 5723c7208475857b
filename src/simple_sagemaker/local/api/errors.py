"""The service's errors, as boto3 raises them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..job.kinds import PROCESSING, TRAINING, TRANSFORM
from ..job.stored import DamagedJob

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ABSENT = {
    TRAINING: "Requested resource not found.",
    PROCESSING: "Could not find requested job with that name.",
    TRANSFORM: "Could not find requested job with that name.",
}
_STATUS = {"ThrottlingException": 400, "ValidationException": 400, "ResourceInUse": 400, "ResourceNotFound": 400}


def client_error(code: str, message: str, operation: str) -> ClientError:
    """Make a ``ClientError`` like the one that boto3 makes from the service's answer."""
    from botocore.exceptions import ClientError

    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": _STATUS.get(code, 400), "RetryAttempts": 0},
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]


@contextmanager
def damage_as_error(name: str, operation: str) -> Iterator[None]:
    """Raise the error of an operation on a job whose files are not what the engine wrote."""
    try:
        yield
    except DamagedJob as why:
        raise client_error(
            "DamagedJob", f"Job {name} is damaged: {why}.\nIts folder can be deleted.", operation
        ) from why


def validation_error(message: str, operation: str) -> ClientError:
    """Make the error by which the service rejects an invalid request."""
    return client_error("ValidationException", message, operation)
