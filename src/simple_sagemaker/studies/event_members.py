"""The members of a study's events, each in its type: any command on any machine may have written them.

All raise KeyError, TypeError or ValueError with the member's name.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from .journal import Event

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}  # as core.json_form writes them
_LARGEST = 2**53


def whole(event: Event, name: str, *, least: int = 0) -> int:
    """A whole number, of at least so much."""
    value = event[name]
    if type(value) is not int or not least <= value <= _LARGEST:
        raise ValueError(name)
    return value


def whole_or_none(event: Event, name: str) -> int | None:
    """A whole number from 0, or None for none."""
    return None if event.get(name) is None else whole(event, name)


def text(event: Event, name: str) -> str:
    """A text."""
    value = event[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def text_or_none(event: Event, name: str) -> str | None:
    """A text, or None for none."""
    return None if event.get(name) is None else text(event, name)


def moment(event: Event, name: str) -> datetime:
    """A moment, of which the time zone is known."""
    value = datetime.fromisoformat(text(event, name))
    if value.tzinfo is None:
        raise ValueError(name)
    return value


def number_of(value: Any) -> float | None:
    """A number as events have it; None for none."""
    if value is None:
        return None
    if isinstance(value, str):
        if value not in _NUMBERS:
            raise ValueError(f"{value[:40]!r} is no number")
        return _NUMBERS[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("a number")
    return float(value)
