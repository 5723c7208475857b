"""Lengths of time as people read them in a narrow column: 42s, 3m20s, 1h05m, 2d3h."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A length of time, in its two largest units."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole // 60 % 60:02}m"
    return f"{whole // 86_400}d{whole // 3600 % 24}h"


def age(seconds: float) -> str:
    """A length of time in its largest unit, for what need not be exact."""
    whole = max(0, round(seconds))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"
