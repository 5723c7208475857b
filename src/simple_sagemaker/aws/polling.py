"""How often a job and its lines are polled: soon at first, rarely later, never by many commands at the same moment."""

from __future__ import annotations

from collections.abc import Callable

from ..core.services import Reading

# Every account has few calls a second, and AWS advises half a minute for one job:
# https://repost.aws/knowledge-center/sagemaker-api-rate-exceeded
_LONGEST_S = 30.0
_SHORTEST_S = 2.0
_JITTER = 0.2  # only ever longer: AWS asks for half a minute at least

# GetLogEvents has 10 to 25 calls a second for an account in a region, shared by all followers:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
_PAGES = 8
_BREATH_S = 1.0
_LINES_S = 5.0
_LISTING = 12
_SETTLE_S = (0.5, 1.0)

# An emulator on this machine has no such limits, and its lines are never late by much.
_LOOPBACK_SHORTEST_S = 0.1
_LOOPBACK_SETTLE_S = (0.05, 0.1)


def loopback_pace(watched_s: float) -> float:
    """The seconds to wait before polling a service of this machine again, given the seconds followed so far."""
    return min(_SHORTEST_S, _LOOPBACK_SHORTEST_S + watched_s / 20)


def loopback_reading() -> Reading:
    """Polling of log lines of a service of this machine."""
    return Reading(
        pace=loopback_pace,
        pages=_PAGES,
        breath_s=_LOOPBACK_SHORTEST_S,
        listing=_LISTING,
        settle_s=_LOOPBACK_SETTLE_S,
    )


def pace(chance: Callable[[], float]) -> Callable[[float], float]:
    """The seconds to wait before polling again, given the seconds followed so far; ``chance`` returns 0 to 1.

    A job of two seconds is polled once, one of five twice, one of five minutes a dozen times.
    """

    def pause(watched_s: float) -> float:
        return min(_LONGEST_S, _SHORTEST_S + watched_s / 2) * (1 + _JITTER * chance())

    return pause


def reading(chance: Callable[[], float]) -> Reading:
    """Polling of log lines: every second at first, then every five, and never more than eight pages a second."""

    def pause(watched_s: float) -> float:
        return min(_LINES_S, _BREATH_S + watched_s / 10) * (1 + _JITTER * chance())

    return Reading(pace=pause, pages=_PAGES, breath_s=_BREATH_S, listing=_LISTING, settle_s=_SETTLE_S)
