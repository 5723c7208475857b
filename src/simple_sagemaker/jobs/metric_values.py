"""Every value of a job's metrics, read from the lines it has so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..core.job import Job
from .logs import Event
from .metrics import Point, Points, Summary
from .past_lines import past_lines

if TYPE_CHECKING:
    from ..core.services import Services

_AT_ONCE = 10_000  # lines that are looked through together


def points(job: Job, services: Services, note: Callable[[str], None], step_regex: str | None = None) -> Iterator[Point]:
    """Yield the values of all metrics of a job, in the order of the lines' times; nothing for one without metrics.

    ``note`` gets a line about each metric that cannot be looked for.
    """
    if not job.metrics:
        return
    finder = Points(job.metrics, step_regex)
    waiting: dict[int, list[Event]] = {}
    count = 0
    for at_ms, host, line in past_lines(job, services, note):
        waiting.setdefault(host, []).append(Event(at_ms, line))
        count += 1
        if count == _AT_ONCE:
            yield from _found(finder, waiting)
            count = 0
    yield from _found(finder, waiting)
    for name, reason in finder.search.dropped.items():
        note(f"The metric {name} is not looked for in the lines: {reason}")


def _found(finder: Points, waiting: dict[int, list[Event]]) -> list[Point]:
    """The values in the lines that wait, of all hosts by their times; the lines are done with."""
    some = [point for host, events in waiting.items() for point in finder.find(host, events)]
    waiting.clear()
    return sorted(some, key=lambda point: point.time)


def summaries(job: Job, services: Services, note: Callable[[str], None]) -> Mapping[str, Summary]:
    """What the values of each metric come to, in the order in which the job defines them."""
    found: dict[str, Summary] = {name: Summary() for name in job.metrics}
    for point in points(job, services, note):
        found[point.metric].add(point.value)
    return {name: summary for name, summary in found.items() if summary.count}
