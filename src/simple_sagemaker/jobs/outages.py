"""Trouble with AWS that passes, borne while a job is watched: told when it begins, and measured."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..core.aws_api import error_code

_Answer = TypeVar("_Answer")
_PASSES = re.compile(
    r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|RequestTimeout|InternalFailure|InternalError"
    r"|InternalServer|ServiceUnavailable|^(429|5\d\d)$"
)
_LONGEST_S = 30.0
_QUIET_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Seconds since some moment, and waiting."""

    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def passes(error: Exception) -> bool:
    """Whether asking again later may help: throttled, the service's own trouble, or no connection."""
    code = error_code(error)
    if code is not None:
        status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status == 429 or status >= 500 or _PASSES.search(code) is not None
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.exceptions import HTTPClientError, IncompleteReadError
    from botocore.parsers import ResponseParserError

    return isinstance(error, (NoConnection, HTTPClientError, IncompleteReadError, ResponseParserError))


class Seldom:
    """Tells of trouble, and then for a while of no more, so that what comes and goes is not told each time."""

    def __init__(self, tell: Callable[[str], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._last = -math.inf

    def __call__(self, text: str) -> None:
        if self._clock.seconds() - self._last >= _QUIET_S:
            self._last = self._clock.seconds()
            self._tell(text)


class Patience:
    """Asks on behalf of a watcher: what may pass by itself is told and borne, everything else is raised."""

    def __init__(self, tell: Callable[[str], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._since: float | None = None
        self._failures = 0
        self.error: Exception | None = None

    def ask(self, act: Callable[[], _Answer]) -> _Answer | None:
        """What ``act`` gives; None when it met trouble that may pass."""
        try:
            answer = act()
        except Exception as error:
            if not passes(error):
                raise
            self._bear(error)
            return None
        self._since, self._failures, self.error = None, 0, None
        return answer

    def _bear(self, error: Exception) -> None:
        self._failures += 1
        self.error = error
        if self._since is None:
            self._since = self._clock.seconds()
            self._tell(f"AWS does not answer as it should ({reason(error)}); the job goes on, and is asked for again")

    @property
    def tried_s(self) -> float:
        """For how many seconds no answer has come; 0 when the last question had one."""
        return 0.0 if self._since is None else self._clock.seconds() - self._since

    @property
    def pause_s(self) -> float:
        """How many seconds to wait at least before asking again: more with every failure in a row."""
        return min(_LONGEST_S, 2.0 ** (self._failures - 1)) if self._failures else 0.0


def reason(error: Exception) -> str:
    """What went wrong, in a word."""
    return error_code(error) or type(error).__name__
