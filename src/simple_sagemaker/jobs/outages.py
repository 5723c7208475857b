"""Transient AWS errors, tolerated while following a job. What is transient: :mod:`simple_sagemaker.core.retries`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

from ..core.aws_api import error_code
from ..core.records import dataclass
from ..core.retries import backoff_s, has_expired, is_transient

_Answer = TypeVar("_Answer")
_NOTE_INTERVAL_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Seconds since some moment, and waiting."""

    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class RateLimitedNotes:
    """Pass on at most one note in five minutes and drop the others, so that errors that come and go make no noise."""

    def __init__(self, note: Callable[[str], None], clock: Clock) -> None:
        self._note = note
        self._clock = clock
        self._last = -math.inf

    def __call__(self, text: str) -> None:
        if self._clock.seconds() - self._last >= _NOTE_INTERVAL_S:
            self._last = self._clock.seconds()
            self._note(text)


class RetryState:
    """Calls that may fail for a while: since when they have failed, the last error, and how long to back off.

    The first failure in a row is noted, with what happens now (``meanwhile``).
    """

    def __init__(
        self,
        note: Callable[[str], None],
        clock: Clock,
        meanwhile: str = "the job goes on, and is asked about again",
    ) -> None:
        self._note = note
        self._meanwhile = meanwhile
        self._clock = clock
        self._since: float | None = None
        self._failures = 0
        self.error: Exception | None = None

    def call(self, act: Callable[[], _Answer]) -> _Answer | None:
        """Return what ``act`` returns, or None after a transient error; raise every other error.

        Expired credentials are one as well: a person can renew them meanwhile.
        """
        try:
            answer = act()
        except Exception as error:
            if not is_transient(error) and not has_expired(error):
                raise
            self._record(error)
            return None
        self._since, self._failures, self.error = None, 0, None
        return answer

    def _record(self, error: Exception) -> None:
        self._failures += 1
        self.error = error
        if self._since is None:
            self._since = self._clock.seconds()
            self._note(
                f"The AWS credentials have expired ({error_name(error)}); the job goes on, and so does this once they "
                "are renewed"
                if has_expired(error)
                else f"AWS fails to answer ({error_name(error)}); {self._meanwhile}"
            )

    @property
    def failing_s(self) -> float:
        """For how many seconds every call has failed; 0 when the last one succeeded."""
        return 0.0 if self._since is None else self._clock.seconds() - self._since

    @property
    def pause_s(self) -> float:
        """How many seconds to wait at least before the next call: more with every failure in a row."""
        return backoff_s(self._failures)


def error_name(error: Exception) -> str:
    """The service's code for an error, else the name of its class."""
    return error_code(error) or type(error).__name__
