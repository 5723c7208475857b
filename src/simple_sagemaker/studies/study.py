"""A study as its events tell it: the trials, what each came to, which is best, and why the search ended.

The events are what commands on any machine wrote, so what they lack or have wrong is refused with their kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast

from ..core.records import dataclass, field
from ..errors import SsmError
from ..tuning.goal import Goal, best, result
from .event_members import moment, number_of, text, text_or_none, whole, whole_or_none
from .journal import Event

EndStatus = Literal["Completed", "Failed", "Stopped"]
MOST_OF_CURVE = 2_000  # values of a trial that are kept, the first ones


@dataclass(kw_only=True)
class TrialJob:
    """One job of a trial: a promoted trial has several, one after the other.

    ``resource`` is how much of the resource the trial has at its end. ``curve`` are the objective's values in the order
    in which the job printed them. ``why_stopped`` is why we stopped it; ``status`` is the service's, None until it has
    ended.
    """

    name: str
    began: datetime
    resource: int | None = None
    gpu: str | None = None
    status: EndStatus | None = None
    objective: float | None = None
    curve: Sequence[float] = ()
    seconds: int | None = None
    billed_s: int | None = None
    ended: datetime | None = None
    reason: str | None = None
    why_stopped: str | None = None


@dataclass(kw_only=True)
class Trial:
    """One trial: its number from 1, its values, and its jobs, the newest last."""

    number: int
    values: Mapping[str, str]
    jobs: list[TrialJob] = field(default_factory=list)

    @property
    def newest(self) -> TrialJob:
        """Its newest job."""
        return self.jobs[-1]

    @property
    def is_running(self) -> bool:
        """Whether its newest job has yet to end."""
        return self.newest.status is None

    @property
    def objective(self) -> float | None:
        """The last value that its jobs had; None without any."""
        return next((job.objective for job in reversed(self.jobs) if job.objective is not None), None)

    @property
    def failed(self) -> bool:
        """Whether its newest job failed, or ended without any value of the objective."""
        status = self.newest.status
        return status is not None and (status == "Failed" or self.objective is None)

    @property
    def outcome(self) -> float | None:
        """The objective that it came to; None while it runs, and where it failed."""
        return None if self.is_running or self.failed else self.objective

    @property
    def seconds(self) -> int:
        """For how long its jobs trained, on each host."""
        return sum(job.seconds or 0 for job in self.jobs)

    @property
    def billed_s(self) -> int:
        """For how long its jobs are billed, on each host."""
        return sum(job.billed_s or 0 for job in self.jobs)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a search ends; a later command may change them. ``max_trials`` is the number of trials in all.

    ``failures`` is how many trials may fail, None where SageMaker decides.
    """

    max_trials: int
    at_once: int
    failures: int | None
    target: float | None = None
    patience: int | None = None
    max_mins: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Why a search ended, for people, and the status of its end: Completed, Failed or Stopped."""

    status: EndStatus
    why: str


class Study:
    """What is known of a study. ``trials`` are by number."""

    def __init__(self, goal: Goal) -> None:
        self.goal: Goal = goal
        self.trials: dict[int, Trial] = {}
        self.limits: Limits | None = None
        self.first_began: datetime | None = None
        self.began: datetime | None = None  # the search, or its newest extension
        self.ended: Ended | None = None
        self._takers = {
            "limits": self._take_limits,
            "start": self._take_start,
            "stop": self._take_stop,
            "end": self._take_end,
            "done": self._take_done,
        }

    def take(self, events: Iterable[Event]) -> None:
        """Take in events. Raises SsmError for one that is damaged."""
        for event in events:
            try:
                self._takers.get(text(event, "kind"), self._take_unknown)(event)
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                kind, why = str(event.get("kind"))[:40], str(error)[:200]
                raise SsmError(f"The study is damaged: an event {kind!r} lacks or has wrong: {why}") from error

    def _take_unknown(self, event: Event) -> None:
        raise SsmError(
            f"The study has an event {event['kind'][:40]!r}, which this version does not know.\n"
            "A newer version of ssm wrote it: use that one."
        )

    def _take_limits(self, event: Event) -> None:
        at = moment(event, "at")
        self.limits = Limits(
            max_trials=whole(event, "max_trials", least=1),
            at_once=whole(event, "at_once", least=1),
            failures=whole_or_none(event, "failures"),
            target=number_of(event["target"]),
            patience=whole_or_none(event, "patience"),
            max_mins=whole_or_none(event, "max_mins"),
        )
        self.began = at
        self.first_began = self.first_began or at
        self.ended = None

    def _take_start(self, event: Event) -> None:
        number = whole(event, "trial", least=1)
        values = event["values"]
        if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
            raise TypeError("values")
        job = TrialJob(
            name=text(event, "job"),
            began=moment(event, "at"),
            resource=whole_or_none(event, "resource"),
            gpu=text_or_none(event, "gpu"),
        )
        trial = self.trials.setdefault(number, Trial(number=number, values=dict(values)))
        trial.jobs.append(job)

    def _take_stop(self, event: Event) -> None:
        self._job(event).why_stopped = text(event, "why")

    def _take_end(self, event: Event) -> None:
        job, status, ended = self._job(event), _end_status(event["status"]), moment(event, "at")
        objective, curve = result(number_of(event.get("objective")), self.goal), event.get("curve", [])
        if not isinstance(curve, list):
            raise TypeError("curve")
        job.curve = [value for one in curve[:MOST_OF_CURVE] if (value := result(number_of(one), self.goal)) is not None]
        job.seconds, job.billed_s = whole_or_none(event, "seconds"), whole_or_none(event, "billed_s")
        job.reason = text_or_none(event, "reason")
        job.status, job.objective, job.ended = status, objective, ended

    def _take_done(self, event: Event) -> None:
        self.ended = Ended(status=_end_status(event["status"]), why=text(event, "why"))

    def _job(self, event: Event) -> TrialJob:
        trial = self.trials[whole(event, "trial", least=1)]
        name = text(event, "job")
        job = next((job for job in reversed(trial.jobs) if job.name == name), None)
        if job is None:
            raise ValueError(f"no job {name!r}")
        return job

    @property
    def running(self) -> list[Trial]:
        """The trials whose newest job has yet to end, by number."""
        return [trial for trial in self.in_order if trial.is_running]

    @property
    def in_order(self) -> list[Trial]:
        """All trials by number."""
        return [self.trials[number] for number in sorted(self.trials)]

    @property
    def ended_in_order(self) -> list[Trial]:
        """The trials that have ended, in the order in which they did."""
        ended = [trial for trial in self.in_order if not trial.is_running]
        return sorted(ended, key=lambda trial: (trial.newest.ended or trial.newest.began, trial.number))

    @property
    def best(self) -> Trial | None:
        """The trial with the best objective so far, of those that did not fail.

        Where trials have a resource, it is one of those that got the most of it.
        """
        usable = [trial for trial in self.in_order if trial.outcome is not None]
        furthest = max((trial.newest.resource or 0 for trial in usable), default=0)
        candidates = {trial.number: trial.outcome for trial in usable if (trial.newest.resource or 0) == furthest}
        number = best(candidates, self.goal)
        return None if number is None else self.trials[number]


def _end_status(value: Any) -> EndStatus:
    if value not in {"Completed", "Failed", "Stopped"}:
        raise ValueError(f"{value!r} is not how anything ends")
    return cast("EndStatus", value)
