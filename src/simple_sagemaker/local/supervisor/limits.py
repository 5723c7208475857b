"""How long a job may run and wait, over all its attempts, and when it is interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ..data.transfers import Abandoned
from .monitor import Ending

_DAY_S = 24 * 60 * 60


class EndedEarly(Abandoned):
    """The job ended while no host was running: stopped, timeout or waited."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending: Ending = ending


class Limits:
    """MaxRuntimeInSeconds counts the training of all attempts, MaxWaitTimeInSeconds everything since the request.

    Both are seconds of a clock that is ``clock_speed`` times as fast as this machine's.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        *,
        created: float,
        is_stop_requested: Callable[[], bool],
        clock_speed: float = 1.0,
    ) -> None:
        condition = request.get("StoppingCondition", {})
        self._saving_s: float = condition.get("MaxRuntimeInSeconds", _DAY_S)
        self._left_s = self._saving_s / clock_speed
        wait = condition.get("MaxWaitTimeInSeconds")
        ends = float("inf") if wait is None else created + wait / clock_speed
        self._deadline = time.monotonic() + ends - time.time()
        self._is_stop_requested = is_stop_requested

    def check(self) -> None:
        """Raise EndedEarly if the job must not continue."""
        if self._is_stop_requested():
            raise EndedEarly("stopped")
        if time.monotonic() > self._deadline:
            raise EndedEarly("waited")
        if self._left_s <= 0:
            raise EndedEarly("timeout")

    def alarms(self, interruption_s: float | None) -> list[tuple[float, Ending]]:
        """When training that begins now must end, and how; ``interruption_s`` from now there is a spot interruption."""
        now = time.monotonic()
        alarms: list[tuple[float, Ending]] = [(now + self._left_s, "timeout"), (self._deadline, "waited")]
        return alarms if interruption_s is None else [*alarms, (now + interruption_s, "interrupted")]

    def saving(self, ending: Ending) -> Callable[[int], None]:
        """A callback for saving what a job that ended so has left; it raises EndedEarly when saving must end.

        Saving may take as long as the job may train, by this machine's clock. A stop ends it too, but for a job that is
        being stopped already: that one's results are saved.
        """
        deadline = time.monotonic() + self._saving_s
        is_ending = ending not in {"done", "failed"}

        def check(_: int) -> None:
            if not is_ending and self._is_stop_requested():
                raise EndedEarly("stopped")
            if time.monotonic() > deadline:
                raise EndedEarly("timeout")

        return check

    def count_training(self, seconds: float) -> None:
        """Count the training time of one attempt."""
        self._left_s -= seconds
