"""The lines that a job has so far, of all hosts in the order of their times."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.job import Job
from . import logs
from .outages import Clock, RetryState

if TYPE_CHECKING:
    from ..core.aws_api import Logs
    from ..core.services import Services

_LONGEST_S = 15 * 60.0  # of calls that fail one after the other


class HostLine(NamedTuple):
    """A line of a host: the milliseconds since 1970 at which the service got it, the host's number, and the text."""

    at_ms: int
    host: int
    line: str


class PatientLogs:
    """The service of logs, asked again while it answers with errors that pass: throttling, expired credentials.

    ``note`` gets a line when that begins. Raises the service's error after 15 minutes of nothing else.
    """

    def __init__(self, service: Logs, note: Callable[[str], None], clock: Clock | None = None) -> None:
        self._logs = service
        self._clock = clock or Clock()
        self._retry = RetryState(note, self._clock)

    def describe_log_streams(self, **request: Any) -> Any:
        """As the service's operation."""
        return self._call(partial(self._logs.describe_log_streams, **request))

    def get_log_events(self, **request: Any) -> Any:
        """As the service's operation."""
        return self._call(partial(self._logs.get_log_events, **request))

    def _call(self, act: Callable[[], Any]) -> Any:
        while True:
            answer = self._retry.call(lambda: (act(),))
            if answer is not None:
                return answer[0]
            if self._retry.error is not None and self._retry.failing_s > _LONGEST_S:
                raise self._retry.error
            self._clock.sleep(self._retry.pause_s)


def past_lines(
    job: Job,
    services: Services,
    note: Callable[[str], None],
    *,
    host: int | None = None,
    since_ms: int | None = None,
    last: int | None = None,
) -> Iterator[HostLine]:
    """Yield the lines that a job's hosts have now: each host's in their order, and all by their times.

    ``since_ms`` leaves out earlier ones, ``last`` all but so many of each host's, ``host`` those of other hosts. A page
    of each host is in memory.
    """
    service = PatientLogs(services.logs, note)
    group = logs.GROUPS[job.kind]
    by_host: dict[int, list[str]] = {}
    for stream in logs.streams(job.name, service, group):
        number = logs.host_number(stream)
        if host in {None, number}:
            by_host.setdefault(number, []).append(stream)
    return heapq.merge(
        *(_of_host(number, names, service, group, since_ms=since_ms, last=last) for number, names in by_host.items()),
        key=lambda one: one.at_ms,
    )


def _of_host(
    number: int, streams: list[str], service: Logs, group: str, *, since_ms: int | None, last: int | None
) -> Iterator[HostLine]:
    begins = logs.begins_of_last(streams, last, service, group) if last is not None else {}
    for stream in streams:
        start_ms, before = begins.get(stream, (since_ms, 0))
        for page in logs.events(stream, service, group, start_ms):
            for event in page[before:]:
                yield HostLine(event.at_ms, number, event.line)
            before = max(0, before - len(page))
