"""Regular expressions of other people: compiled, and matched with a limit on the computing time."""

from __future__ import annotations

import re
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


def compile_regex(regex: str) -> re.Pattern[str]:
    """Compile a regular expression. Raises re.error for every one that Python cannot take; warns of nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(regex)
        except (OverflowError, RecursionError) as error:  # x{99999999999}, and parentheses in parentheses in …
            raise re.error(str(error)) from error


class TooSlow(BaseException):
    """The time is up. Raised by a signal, at any place."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise TooSlow in the body once it has computed for so long; a busy machine makes no difference.

    Python's ``re`` looks for signals while it matches. There is no limit on Windows and outside the main thread, where
    no signals arrive.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _raise)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.1)  # again and again: code may hold up the first one
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _raise(*_: object) -> NoReturn:
    raise TooSlow
