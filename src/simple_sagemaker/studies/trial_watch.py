"""A trial's job while it runs, and what its lines say of the objective: looked at when it is due, never waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core.aws_errors import is_denied
from ..core.job import Job
from ..jobs import logs
from ..jobs.metrics import Search
from ..jobs.outages import Clock, RateLimitedNotes, RetryState
from .study import MOST_OF_CURVE

if TYPE_CHECKING:
    from ..core.services import Services

_OF_AGE = 0.02
_LONGEST_PAUSE_S = 0.25
_LATE_ROUNDS = 5  # of reading the last lines, when AWS does not answer


class TrialWatch:
    """Watches one job. ``curve`` are the objective's values so far, in the order in which the hosts printed them.

    Where several hosts print the objective, only those of the first that did are in the curve; ``last`` is the newest
    of any host. ``lines`` is how many lines there were, and ``newest_line`` the last of them.
    """

    def __init__(
        self,
        job: str,
        metric: str,
        regex: str,
        services: Services,
        *,
        note: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self.job = job
        self.curve: list[float] = []
        self.last: float | None = None
        self.lines = 0
        self.newest_line = ""
        self.problem = ""
        self._metric = metric
        self._services = services
        self._search = Search({metric: regex})
        self._tail = logs.Tail(job, services.logs, listing=services.reading.listing)
        self._clock = clock
        self._began = clock.seconds()
        self._retry = RetryState(RateLimitedNotes(note, clock), clock)
        self._due = self._lines_due = 0.0
        self._host = ""
        self._denied = False

    def poll(self) -> Job | None:
        """Look at what is due; return the job as it is described, None where that was not due or AWS did not answer."""
        now = self._clock.seconds()
        described: Job | None = None
        if now >= self._due:
            described = self._retry.call(lambda: jobs.describe(self.job, "training", self._services.sagemaker))
            pace_s = pause_s(self._services.pace(now - self._began), now - self._began)
            self._due = self._clock.seconds() + max(pace_s, self._retry.pause_s)
        if described and described.has_ended:
            self._drain()
        elif now >= self._lines_due:
            self._read(every=False)
            pace_s = self._services.reading.pace(now - self._began)
            self._lines_due = self._clock.seconds() + pause_s(pace_s, now - self._began)
        return described

    @property
    def due(self) -> float:
        """When the next look is due, by the clock."""
        return min(self._due, self._lines_due)

    def _drain(self) -> None:
        """Read the last lines, and wait a moment for late ones where the objective has not come yet."""
        self._tail.restart_round()
        rounds = 0
        while not self._read(every=True) and rounds < _LATE_ROUNDS:
            rounds += 1
            self._clock.sleep(max(self._retry.pause_s, self._services.reading.breath_s))
        for pause_s in self._services.reading.settle_s if self.last is None else ():
            self._clock.sleep(pause_s)
            self._tail.restart_round()
            self._read(every=True)

    def _read(self, *, every: bool) -> bool:
        if self._denied:
            return True
        reading = self._services.reading
        try:
            done = self._retry.call(lambda: self._tail.poll(reading.pages, self._take, every=every))
        except Exception as error:
            if not is_denied(error):
                raise
            self._denied = True
            self.problem = "the trials' lines cannot be read, so that nothing is known of a trial before its end"
            return True
        return bool(done)

    def _take(self, host: str, events: Sequence[logs.Event]) -> None:
        self.lines += len(events)
        self.newest_line = events[-1].line
        for _, _, value in self._search.find([event.line for event in events]):
            self.last = value
            self._host = self._host or host
            if host == self._host and len(self.curve) < MOST_OF_CURVE:
                self.curve.append(value)
        if dropped := self._search.dropped.get(self._metric):
            self.problem = f"the metric {self._metric} is not looked for: {dropped}"


def pause_s(pace_s: float, age_s: float) -> float:
    """The seconds between two looks at a trial: where looking is cheap too, it is seldom for one that runs for long."""
    return max(pace_s, min(age_s * _OF_AGE, _LONGEST_PAUSE_S))


def objective_of(job: Job, metric: str, seen: float | None) -> float | None:
    """The last value of the objective: the service's, else the last one that was seen in the lines."""
    final = {one["MetricName"]: one["Value"] for one in job.answer.get("FinalMetricDataList") or ()}
    return float(final[metric]) if metric in final else seen
