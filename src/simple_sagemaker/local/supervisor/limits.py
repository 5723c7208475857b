"""How long a job may run and wait, over all its attempts, and when it is interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from .monitor import Ending

_DAY_S = 24 * 60 * 60


class EndedEarly(Exception):
    """The job's end was decided while no host was running: stopped, timeout or waited."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending: Ending = ending


class Limits:
    """MaxRuntimeInSeconds counts the training of all attempts, MaxWaitTimeInSeconds everything since the request."""

    def __init__(self, request: Mapping[str, Any], *, created: float, stop_asked: Callable[[], bool]) -> None:
        given = request.get("StoppingCondition", {})
        self._left_s: float = given.get("MaxRuntimeInSeconds", _DAY_S)
        wait = given.get("MaxWaitTimeInSeconds")
        self._last = float("inf") if wait is None else time.monotonic() + created + wait - time.time()
        self._stop_asked = stop_asked

    def check(self) -> None:
        """Raises EndedEarly where the job must not go on."""
        if self._stop_asked():
            raise EndedEarly("stopped")
        if time.monotonic() > self._last:
            raise EndedEarly("waited")
        if self._left_s <= 0:
            raise EndedEarly("timeout")

    def alarms(self, interruption_s: float | None) -> list[tuple[float, Ending]]:
        """What ends training that begins now, and when; ``interruption_s`` from now the machines are taken away."""
        now = time.monotonic()
        found: list[tuple[float, Ending]] = [(now + self._left_s, "timeout"), (self._last, "waited")]
        return found if interruption_s is None else [*found, (now + interruption_s, "interrupted")]

    def trained(self, seconds: float) -> None:
        """Count the training of one attempt."""
        self._left_s -= seconds
