"""S3's errors as a store's exceptions: FileNotFoundError, and PermissionError with the action in its message."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, TypeVar

from ...core.aws_api import error_code
from ...core.aws_errors import Denied, is_denial
from ...core.retries import S3_TIMEOUT_TRIES
from ...errors import SsmError

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_LONGEST = 400
_UNMET = frozenset({"409", "412", "ConditionalRequestConflict", "PreconditionFailed"})

# What obstore says of an answer: its status, and its body as it came.
_REFUSAL = re.compile(
    r"status code: (?P<status>4\d\d)\b.*?<Code>(?P<code>[\w.]+)</Code>(?:\s*<Message>(?P<message>[^<]*)</Message>)?",
    re.DOTALL,
)

_Result = TypeVar("_Result")


def translate_errors(call: Callable[[], _Result], bucket: str, key: str, action: str) -> _Result:
    """Call ``call``; translate its errors into the store's exceptions.

    It is called again if S3 had waited too long for the request: boto3 does that by itself, obstore does not.
    """
    for _ in range(S3_TIMEOUT_TRIES - 1):
        try:
            return _translate_errors(call, bucket, key, action)
        except Exception as error:
            if error_code(error) != "RequestTimeout" or not _is_obstores(error.__cause__):
                raise
    return _translate_errors(call, bucket, key, action)


def _translate_errors(call: Callable[[], _Result], bucket: str, key: str, action: str) -> _Result:
    from botocore.exceptions import ClientError

    try:
        return call()
    except ClientError as error:
        raise translate_client_error(error, bucket, key, action) from error
    except FileNotFoundError as error:  # obstore's too
        raise FileNotFoundError(_missing(bucket, key, "NoSuchBucket" in str(error))) from error
    except Exception as error:
        if not _is_obstores(error):
            raise
        answer = _refusal(error, bucket, key, action)
        if answer is not None:
            raise translate_client_error(answer, bucket, key, action) from error
        if type(error).__name__ in {"PermissionDeniedError", "UnauthenticatedError"}:
            raise access_denied(bucket, key, action) from error
        raise _obstore_failure(error, bucket, key, action) from error


def _refusal(error: Exception, bucket: str, key: str, action: str) -> Exception | None:
    """Return boto3's error for an answer of status 4xx that obstore gave up at; None for any other failure."""
    from botocore.exceptions import ClientError

    match = _REFUSAL.search(str(error).partition("Debug source:")[0])
    if match is None:
        return None
    message = f"{html.unescape(match['message'] or '').rstrip('.')}: s3://{bucket}/{key}"
    answer: Any = {"Error": {"Code": match["code"], "Message": message}}
    answer["ResponseMetadata"] = {"HTTPStatusCode": int(match["status"])}
    return ClientError(answer, action.removeprefix("s3:"))


def _is_obstores(error: object) -> bool:
    return type(error).__module__.startswith("obstore")


def translate_client_error(error: Any, bucket: str, key: str, action: str) -> Exception:
    """Return the store's exception for a ClientError, or the error itself."""
    code = error_code(error)
    if code == "NoSuchBucket" or code in MISSING:
        return FileNotFoundError(_missing(bucket, key, code == "NoSuchBucket"))
    denied = is_denial(code) or error.response["ResponseMetadata"].get("HTTPStatusCode") == 403
    return access_denied(bucket, key, action, code or "") if denied else error


def _obstore_failure(error: Exception, bucket: str, key: str, action: str) -> SsmError:
    """The error for a request that obstore gave up after several tries."""
    text = " ".join(str(error).partition("Debug source:")[0].split())
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
    return SsmError(
        f"{action} on s3://{bucket}/{key} failed after several tries: {text}\n"
        "Check the network. The same command resumes from here."
    )


def _missing(bucket: str, key: str, whole_bucket: bool) -> str:
    return f"there is no bucket {bucket!r}" if whole_bucket else f"there is no object s3://{bucket}/{key}"


def access_denied(bucket: str, key: str, action: str, code: str = "") -> PermissionError:
    """The error for an action that the caller is not allowed to perform."""
    why = f" ({code})" if code not in {"", "403", "AccessDenied"} else ""
    return Denied(f"access denied: {action} on s3://{bucket}/{key}{why}", code)


def is_unmet(error: Any) -> bool:
    """Whether a conditional write failed because its condition was not met."""
    return error_code(error) in _UNMET


def was_repeated(error: Any) -> bool:
    """Whether the request was retried, so that the answer may be about our own first try."""
    return bool(error.response["ResponseMetadata"].get("RetryAttempts"))
