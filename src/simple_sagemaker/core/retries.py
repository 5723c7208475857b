"""What is retried, and how: which of AWS's errors are transient, and how often each kind of call is repeated.

A call is repeated at four levels, each with its policy here:
the SDK repeats every single request (``SERVICE_RETRIES`` and the like; obstore has defaults of its own);
a change to a role is repeated until IAM knows the role everywhere (:func:`call_until_settled`);
the request that creates a job is repeated until SageMaker can assume a new role (:func:`new_role_pause_s`);
a job is followed through outages (:func:`is_transient`, :func:`backoff_s`; the loop is in ``jobs.outages``).
Nothing here imports botocore until an error has to be judged that is not a service's answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from .aws_api import error_code
from .late_regex import compile_late
from .unreadable import is_unreadable

_Answer = TypeVar("_Answer")

# botocore's Config(retries=...): https://docs.aws.amazon.com/botocore/latest/reference/config.html
SERVICE_RETRIES: Final[Any] = {"mode": "adaptive", "max_attempts": 10}
FIRST_CALL_RETRIES: Final[Any] = {"mode": "adaptive", "max_attempts": 5}  # without a network one should hear of it soon
S3_RETRIES: Final[Any] = {"mode": "standard", "max_attempts": 10}
S3_TIMEOUT_TRIES: Final = 5  # of a request that S3 waited too long for: status 400, which obstore does not repeat
NO_RETRIES: Final[Any] = {"total_max_attempts": 1}

EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_THROTTLED: Final = compile_late(r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown")
_SERVICE_FAULT: Final = compile_late(
    r"RequestTimeout|InternalFailure|InternalError|InternalServer|ServiceUnavailable|^(429|5\d\d)$"
)
_UNSETTLED: Final = frozenset({"ConcurrentModification", "ConcurrentModificationException", "NoSuchEntity"})
_UNUSABLE_ROLE: Final = compile_late(r"could not assume role|role\b.*\bdoes not have \S+ permission", re.IGNORECASE)

_SETTLING_RETRIES: Final = 8
_NEW_ROLE_LIMIT_S: Final = 120
_LONGEST_NEW_ROLE_PAUSE_S: Final = 10
_LONGEST_BACKOFF_S: Final = 30.0


def is_throttled(code: str) -> bool:
    """Whether this code of a service says that too many calls came at once."""
    return _THROTTLED.search(code) is not None


def is_transient(error: Exception) -> bool:
    """Whether the same call may succeed later: throttled, a fault of the service, or no connection."""
    code = error_code(error)
    if code is not None:
        status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status == 429 or status >= 500 or is_throttled(code) or _SERVICE_FAULT.search(code) is not None
    from botocore.exceptions import ConnectionError as NoConnection

    return isinstance(error, (NoConnection, *broken_connections())) or is_unreadable(error)


def has_expired(error: Exception) -> bool:
    """Whether credentials have expired, which a person can renew: keys of a session, or a login."""
    code = error_code(error)
    if code is not None:
        return code in EXPIRED
    from botocore import exceptions

    kinds = (exceptions.UnauthorizedSSOTokenError, exceptions.SSOTokenLoadError, exceptions.TokenRetrievalError)
    return isinstance(error, kinds)


def broken_connections() -> tuple[type[Exception], ...]:
    """The errors of a connection that ends before a response does; the second if it was closed in good order."""
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    return HTTPClientError, IncompleteReadError


def backoff_s(failures: int) -> float:
    """Seconds to wait at least after so many transient failures in a row: doubled with each, up to 30."""
    return min(_LONGEST_BACKOFF_S, 2.0 ** min(failures - 1, 10)) if failures else 0.0


def is_unusable_role(error: Exception) -> bool:
    """Whether SageMaker cannot use the job's role; for a role just made or changed this passes in a minute or two."""
    return error_code(error) == "ValidationException" and _UNUSABLE_ROLE.search(str(error)) is not None


def new_role_pause_s(error: Exception, waited_s: float) -> float | None:
    """Seconds to wait before creating a job with a new role again; None when ``error`` is final.

    ``waited_s`` is the time since the first try, of which two minutes are allowed.
    """
    if waited_s >= _NEW_ROLE_LIMIT_S or not is_unusable_role(error):
        return None
    return min(_LONGEST_NEW_ROLE_PAUSE_S, max(0.2, waited_s))


def call_until_settled(act: Callable[[], _Answer], wait: Callable[[float], None]) -> _Answer:
    """Return what ``act`` returns once IAM knows a new role everywhere and nobody else is changing it.

    Tries nine times, which takes 25 seconds; then raises the service's error. ``wait`` sleeps for so many seconds.
    """
    for retry in range(_SETTLING_RETRIES):
        try:
            return act()
        except Exception as error:
            if error_code(error) not in _UNSETTLED:
                raise
        wait(0.1 * 2**retry)
    return act()
