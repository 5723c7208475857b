"""Following a job to its end: phases and log lines go to a watcher, and the result comes back.

The job is described rarely, its lines are polled more often; each has a pace of its own, from the services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..core import job
from ..core.aws_errors import explain, is_denied
from ..core.job import Job, JobKind
from ..core.progress import Watcher
from ..core.records import dataclass, field, replace
from ..errors import Detached
from . import logs
from .outages import Clock, RateLimitedNotes, RetryState, error_name
from .phases import Phase, Phases, advice

if TYPE_CHECKING:
    from ..core.services import Services
    from .metrics import Metrics, Summary

_LONGEST_SILENCE_S = 15 * 60.0
_LAST_LINES_S = 60.0  # of failing calls, after which the end is reported without the last lines


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """How a job ended: its name, its status and last phase, why it failed, and the seconds it took.

    ``message`` is the exit message of a processing job, written by its code. ``metrics`` sums up the values that its
    lines had, if they were followed.
    """

    job: str
    status: str
    secondary: str
    reason: str | None
    seconds: int | None
    message: str | None
    described: Job
    metrics: Mapping[str, Summary] = field(default_factory=dict)


class Follower:
    """Follows one job through transient AWS errors; ``joined`` is one that another command started.

    ``tail`` reads its lines, by default all of them. ``on_events`` gets them with their times, in the watcher's place.

    Interrupted at any time (by an exception, say), it continues where it was when called again.
    """

    def __init__(
        self,
        name: str,
        services: Services,
        watcher: Watcher,
        *,
        kind: JobKind = "training",
        joined: bool = False,
        clock: Clock | None = None,
        tail: logs.Tail | None = None,
        on_events: Callable[[str, list[logs.Event]], None] | None = None,
    ) -> None:
        self._name = name
        self._kind: JobKind = kind
        self._services = services
        self._watcher = watcher
        self._clock = clock or Clock()
        self._phases = Phases()
        self._advised: set[str] = set()
        self._metrics: Metrics | None = None
        self._joined = joined
        self._on_events = on_events
        self._early: list[str] | None = []  # lines that came before it was known which metrics the job has
        notes = RateLimitedNotes(watcher.note, self._clock)
        self._retry = RetryState(notes, self._clock)
        self._lines = _Lines(
            tail or logs.Tail(name, services.logs, listing=services.reading.listing, group=logs.GROUPS[kind]),
            services,
            watcher,
            deliver=self._show,
            retry=RetryState(notes, self._clock),
            clock=self._clock,
        )

    def follow(self) -> JobResult:
        """Report the job's phases and lines until it has ended, and return the result; last lines come before the end.

        Raises Detached when AWS has not answered for 15 minutes, and every error that is not transient.
        """
        began = lines_due = self._clock.seconds()
        due = began + self._services.pace(0)
        while True:
            now = self._clock.seconds()
            if now >= due:
                described = self._describe()
                if described and described.has_ended:
                    return self._finish(described)
                if described:
                    self._report(self._news(described), described)
                due = self._clock.seconds() + max(self._services.pace(now - began), self._retry.pause_s)
            if now >= lines_due:
                lines_due = self._lines.poll(now - began) + self._clock.seconds()
            self._clock.sleep(max(0.0, min(due, lines_due) - self._clock.seconds()))

    def _describe(self) -> Job | None:
        """Describe the job; None after a transient error. Raises Detached when that lasts."""
        retry = self._retry
        described = retry.call(lambda: job.describe(self._name, self._kind, self._services.sagemaker))
        if described is None and retry.error and retry.failing_s > _LONGEST_SILENCE_S:
            raise Detached(
                f"AWS has not answered for {retry.failing_s / 60:.0f} minutes ({error_name(retry.error)}).\n"
                f"As far as is known, the job {self._name} goes on: the same command joins it."
            ) from retry.error
        return described

    def _show(self, host: str, events: list[logs.Event]) -> None:
        """Pass on lines of a host, and the values in them."""
        lines = [event.line for event in events]
        if self._on_events:
            self._on_events(host, events)
        else:
            self._watcher.lines(host, lines)
        if self._early is not None:
            self._early += lines
        elif self._metrics:
            self._look_for_metrics(self._metrics, lines)

    def _look_for_metrics(self, metrics: Metrics, lines: list[str]) -> None:
        if metrics.read(lines):
            self._watcher.metrics(metrics.newest)
        for problem in metrics.new_problems():
            self._watcher.note(problem)

    def _expect_metrics(self, described: Job) -> None:
        """Look for the metrics of the job from now on, and in the lines so far."""
        early, self._early = self._early, None
        if early is not None and described.metrics:
            from .metrics import Metrics

            self._metrics = Metrics(described.metrics)
            self._look_for_metrics(self._metrics, early)

    def _news(self, described: Job) -> list[Phase]:
        """The phases not reported yet; with them new streams may come."""
        self._expect_metrics(described)
        if self._joined:
            self._joined = False
            self._watcher.joined(max(0.0, (self._services.now() - described.created).total_seconds()))
        news = self._phases.news(described)
        self._lines.expect(described, news)
        return news

    def _report(self, news: list[Phase], described: Job) -> None:
        for phase in news:
            self._watcher.phase(*phase)
            text = advice(phase, spot=described.is_spot)
            if text and (phase.restarts or (phase is news[-1] and text not in self._advised)):
                self._watcher.note(text)
                self._advised.add(text)

    def _finish(self, described: Job) -> JobResult:
        news = self._news(described)
        for phase in news[:-1]:
            self._watcher.phase(*phase)
        self._lines.drain(started=described.has_started)
        for phase in news[-1:]:
            self._watcher.phase(*phase)
        ended = result(described)
        return replace(ended, metrics=self._metrics.summaries) if self._metrics else ended


class _Lines:
    """Reads the job's log lines for the watcher, within the service's rate limits."""

    def __init__(
        self,
        tail: logs.Tail,
        services: Services,
        watcher: Watcher,
        *,
        deliver: Callable[[str, list[logs.Event]], None],
        retry: RetryState,
        clock: Clock,
    ) -> None:
        self._deliver = deliver
        self._reading = services.reading
        self._watcher = watcher
        self._clock = clock
        self._retry = retry
        self._tail = tail
        self._denied = False

    def expect(self, described: Job, news: list[Phase]) -> None:
        """Take from a description how many hosts there are, and whether they were started again."""
        self._tail.hosts = described.hosts
        if news:
            self._tail.expect(restarted=any(phase.restarts for phase in news))

    def poll(self, watched_s: float) -> float:
        """Pass on new lines, as many as one poll may read; return the seconds to wait before the next."""
        done = self._poll(every=False)
        steady = self._reading.pace(watched_s)
        if done is None:
            return max(steady, self._retry.pause_s)
        return steady if done else min(steady, self._reading.breath_s)

    def drain(self, *, started: bool) -> None:
        """Pass on all remaining lines after the job's end, and wait a moment for late ones."""
        waits = self._reading.settle_s if started else ()
        self._read_round()
        pauses = list(waits * 2 if self._tail.misses_hosts else waits)
        while pauses and not self._retry.error:
            self._clock.sleep(pauses.pop(0))
            if self._read_round():
                pauses = list(waits)

    def _read_round(self) -> bool:
        """Read every stream to its end; return whether there was anything new."""
        before = self._tail.delivered
        self._tail.restart_round()
        while not self._poll(every=True):
            if self._retry.failing_s > _LAST_LINES_S:
                self._watcher.note("The last lines could not be read; ssm data downloads them once AWS answers again")
                break
            self._clock.sleep(self._retry.pause_s or self._reading.breath_s)
        return self._tail.delivered > before

    def _poll(self, *, every: bool) -> bool | None:
        """Poll once; return whether the round is done, or None after a transient error."""
        if self._denied:
            return True
        try:
            return self._retry.call(lambda: self._tail.poll(self._reading.pages, self._deliver, every=every))
        except Exception as error:
            if not is_denied(error):
                raise
            self._denied = True
            self._watcher.note(f"The job's log lines cannot be read; the job goes on.\n{explain(error) or error}")
            return True


def result(described: Job) -> JobResult:
    """Make the result of a job from its description."""
    return JobResult(
        job=described.name,
        status=described.status,
        secondary=described.phase,
        reason=described.reason,
        seconds=described.seconds,
        message=described.message,
        described=described,
    )
