"""A job watched to its end: whoever watches is told of phases and lines, and gets the result.

The job is asked for seldom, its lines more often; each has a pace of its own, from the services.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core import job
from ..core.aws_errors import explain, is_denied
from ..core.job import Job, JobKind
from ..core.layout import TaskPlace
from ..core.progress import Watcher
from ..errors import Detached
from . import logs as joblogs
from .outages import Clock, Patience, Seldom, reason
from .phases import Phase, Phases, advice

if TYPE_CHECKING:
    from ..core.services import Services

_LONGEST_SILENCE_S = 15 * 60.0
_LAST_LINES_S = 60.0  # of trouble, after which the end is told without the last lines


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """How a job ended: its name, its status and last phase, why it failed, and the seconds it took.

    ``message`` is what the code of a processing job said of its end.
    """

    job: str
    place: TaskPlace
    status: str
    secondary: str
    reason: str | None
    seconds: int | None
    message: str | None
    described: Job


class Follower:
    """Watches one job; left at any time (by an exception, say), it goes on where it was.

    Trouble with AWS that passes does not end it.
    """

    def __init__(
        self,
        name: str,
        place: TaskPlace,
        services: Services,
        watcher: Watcher,
        *,
        kind: JobKind = "training",
        clock: Clock | None = None,
    ) -> None:
        self._name = name
        self._kind: JobKind = kind
        self._place = place
        self._services = services
        self._watcher = watcher
        self._clock = clock or Clock()
        self._phases = Phases()
        self._advised: set[str] = set()
        trouble = Seldom(watcher.note, self._clock)
        self._patience = Patience(trouble, self._clock)
        self._lines = _Lines(
            joblogs.Tail(name, services.logs, listing=services.reading.listing, group=joblogs.GROUPS[kind]),
            services,
            watcher,
            patience=Patience(trouble, self._clock),
            clock=self._clock,
        )

    def to_the_end(self) -> JobResult:
        """Tell the watcher what the job does until it has ended; its last lines come before its end.

        Raises Detached when no answer comes for a quarter of an hour, and whatever AWS refuses for good.
        """
        began = lines_due = self._clock.seconds()
        due = began + self._services.pace(0)
        while True:
            now = self._clock.seconds()
            if now >= due:
                described = self._described()
                if described and described.has_ended:
                    return self._ended(described)
                if described:
                    self._tell(self._news(described), described)
                due = self._clock.seconds() + max(self._services.pace(now - began), self._patience.pause_s)
            if now >= lines_due:
                lines_due = self._lines.look(now - began) + self._clock.seconds()
            self._clock.sleep(max(0.0, min(due, lines_due) - self._clock.seconds()))

    def _described(self) -> Job | None:
        """What the service says of the job; None where it does not answer now. Raises Detached when that lasts."""
        patience = self._patience
        found = patience.ask(lambda: job.describe(self._name, self._kind, self._services.sagemaker))
        if found is None and patience.error and patience.tried_s > _LONGEST_SILENCE_S:
            raise Detached(
                f"AWS has not answered for {patience.tried_s / 60:.0f} minutes ({reason(patience.error)}).\n"
                f"As far as is known the job {self._name} goes on: the same command joins it."
            ) from patience.error
        return found

    def _news(self, described: Job) -> list[Phase]:
        """The phases that were not told yet; with them new streams may come."""
        news = self._phases.news(described)
        self._lines.expect(described, news)
        return news

    def _tell(self, news: list[Phase], described: Job) -> None:
        for phase in news:
            self._watcher.phase(*phase)
            told = advice(phase, spot=described.is_spot)
            if told and (phase.restarts or (phase is news[-1] and told not in self._advised)):
                self._watcher.note(told)
                self._advised.add(told)

    def _ended(self, described: Job) -> JobResult:
        news = self._news(described)
        for phase in news[:-1]:
            self._watcher.phase(*phase)
        self._lines.rest(started=described.has_started)
        for phase in news[-1:]:
            self._watcher.phase(*phase)
        return result(self._place, described)


class _Lines:
    """The lines of the job on their way to the watcher, as fast as the service may be asked."""

    def __init__(
        self, tail: joblogs.Tail, services: Services, watcher: Watcher, *, patience: Patience, clock: Clock
    ) -> None:
        self._how = services.reading
        self._watcher = watcher
        self._clock = clock
        self._patience = patience
        self._tail = tail
        self._denied = False

    def expect(self, described: Job, news: list[Phase]) -> None:
        """Take from a description how many hosts there are, and whether they were started again."""
        self._tail.hosts = described.hosts
        if news:
            self._tail.expect(restarted=any(phase.restarts for phase in news))

    def look(self, watched_s: float) -> float:
        """Pass on what is new, as much as one look may bring; gives the seconds to wait before the next."""
        done = self._look(every=False)
        steady = self._how.pace(watched_s)
        if done is None:
            return max(steady, self._patience.pause_s)
        return steady if done else min(steady, self._how.breath_s)

    def rest(self, *, started: bool) -> None:
        """Pass on everything that is left after the job's end, and wait a moment for what comes late."""
        waits = self._how.settle_s if started else ()
        self._round()
        left = list(waits * 2 if self._tail.misses_hosts else waits)
        while left and not self._patience.error:
            self._clock.sleep(left.pop(0))
            if self._round():
                left = list(waits)

    def _round(self) -> bool:
        """Read every stream to its end; gives whether there was anything new."""
        before = self._tail.told
        self._tail.begin_again()
        while not self._look(every=True):
            if self._patience.tried_s > _LAST_LINES_S:
                self._watcher.note("The last lines could not be read; ssm data brings them when AWS answers again")
                break
            self._clock.sleep(self._patience.pause_s or self._how.breath_s)
        return self._tail.told > before

    def _look(self, *, every: bool) -> bool | None:
        """Whether a round is done; None where the service does not answer now."""
        if self._denied:
            return True
        try:
            return self._patience.ask(lambda: self._tail.look(self._how.pages, self._watcher.lines, every=every))
        except Exception as error:
            if not is_denied(error):
                raise
            self._denied = True
            self._watcher.note(f"The job's lines cannot be read, and the job goes on.\n{explain(error) or error}")
            return True


def result(place: TaskPlace, described: Job) -> JobResult:
    """The result of a job, from its description."""
    return JobResult(
        job=described.name,
        place=place,
        status=described.status,
        secondary=described.phase,
        reason=described.reason,
        seconds=described.seconds,
        message=described.message,
        described=described,
    )
