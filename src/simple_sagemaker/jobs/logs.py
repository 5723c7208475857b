"""A job's log lines, read through CloudWatch's two operations: each line once, in the order of its stream.

A host has one stream for each time that it was started. A stream appears with its first line, so that group and stream
may not exist yet. A page may be empty before the end of a stream; at the end the token that was sent comes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..core.aws_api import error_code
from ..core.job import JobKind
from ..core.late_regex import compile_late
from ..core.records import dataclass
from ..core.unreadable import turn_page

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import DescribeLogStreamsRequestTypeDef, GetLogEventsRequestTypeDef

    from ..core.aws_api import Logs

# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
GROUPS: dict[JobKind, str] = {
    "training": "/aws/sagemaker/TrainingJobs",
    "processing": "/aws/sagemaker/ProcessingJobs",
}
GROUP = GROUPS["training"]
_HOST = compile_late(r"/algo-(\d+)[-/]")
_QUIET_READS = 2  # in a row without a new line, after which the stream of an earlier start is left alone until the end
_MAX_RESTARTS = 20  # of one stream whose tokens expired; more can only be a service that refuses its own tokens


def streams(job: str, logs: Logs, group: str = GROUP) -> list[str]:
    """The names of the streams of a job's hosts, in order of host and start; none when nothing was printed yet."""
    names: list[str] = []
    request: DescribeLogStreamsRequestTypeDef = {"logGroupName": group, "logStreamNamePrefix": f"{job}/"}
    while True:
        try:
            page = logs.describe_log_streams(**request)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":  # no job has ever printed
                return []
            raise
        names += [stream["logStreamName"] for stream in page["logStreams"]]
        if not turn_page(request, page, "nextToken"):
            return sorted(filter(_HOST.search, names), key=_host_and_start)


def host_number(stream: str) -> int:
    """The number of a stream's host, from the name ``<job>/algo-<number>-<epoch>``.

    Its place in a list is not the number: algo-10 is listed before algo-2, and a host has several streams.
    """
    match = _HOST.search(stream)
    if not match:
        raise ValueError(f"not a stream of a host: {stream!r}")
    return int(match.group(1))


def _host_and_start(stream: str) -> tuple[int, int, str]:
    epoch = stream.rpartition("-")[2]
    return host_number(stream), int(epoch) if epoch.isdecimal() else 0, stream


class Event(NamedTuple):
    """A line of a log, and the milliseconds since 1970 at which the service got it."""

    at_ms: int
    line: str


def pages(stream: str, logs: Logs, group: str = GROUP) -> Iterator[list[str]]:
    """Yield all lines that a stream has now, page by page; nothing for a stream that does not exist."""
    for page in events(stream, logs, group):
        yield [event.line for event in page]


def events(stream: str, logs: Logs, group: str = GROUP, start_ms: int | None = None) -> Iterator[list[Event]]:
    """Yield all events that a stream has now, or from a time on, page by page; nothing for one that does not exist."""
    token: str | None = None
    while True:
        try:
            page, following = _page(stream, token, logs, group, start_ms)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":
                return
            raise
        yield page
        if following == token:
            return
        token = following


def _page(
    stream: str, token: str | None, logs: Logs, group: str, start_ms: int | None = None
) -> tuple[list[Event], str]:
    """The events of a stream from a token on (None: from its start, or a time), and the token to go on from."""
    request: GetLogEventsRequestTypeDef = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
    if token is not None:
        request["nextToken"] = token
    if start_ms is not None:
        request["startTime"] = start_ms
    page = logs.get_log_events(**request)
    events = [Event(event.get("timestamp", 0), event.get("message", "")) for event in page["events"]]
    return events, page["nextForwardToken"]


def _place_of_last(stream: str, count: int, logs: Logs, group: str) -> tuple[int, int, int]:
    """Where the last lines of a stream begin: the time of the first, how many before it have that time, how many.

    Read backwards from the end, so that a long stream costs no more than its last lines.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
    """
    request: GetLogEventsRequestTypeDef = {"logGroupName": group, "logStreamName": stream, "startFromHead": False}
    times: list[int] = []  # of the last lines
    while True:
        try:
            page = logs.get_log_events(**request)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":
                return 0, 0, 0
            raise
        times = [*(event["timestamp"] for event in page["events"]), *times]
        token = page["nextBackwardToken"]
        whole = token == request.get("nextToken")
        if whole or (len(times) > count and times[0] < times[-max(1, count)]):
            break
        request["nextToken"] = token
    there = min(count, len(times))
    if not there:
        return (times[-1], times.count(times[-1]), 0) if times else (0, 0, 0)
    first = times[-there]
    return first, sum(1 for at in times[:-there] if at >= first), there


def begins_of_last(names: list[str], count: int, logs: Logs, group: str) -> dict[str, tuple[int, int]]:
    """Where the last lines of each host begin in its streams, so that each has ``count``, or all if it has fewer.

    By stream, in order of host and start: the time from which to read, and how many lines from then on are too many.
    """
    begins: dict[str, tuple[int, int]] = {}
    left: dict[int, int] = {}
    for name in reversed(names):
        wanted = left.get(host_number(name), count)
        start_ms, before, present = _place_of_last(name, wanted, logs, group)
        left[host_number(name)] = max(0, wanted - present)
        begins[name] = start_ms, before
    return begins


@dataclass
class _Stream:
    """How far a stream was read.

    ``delivered`` counts the lines passed on; ``position`` the lines read since the stream was last read from its start,
    which is at ``start_ms`` if only later lines are to be read.
    """

    name: str
    start_ms: int | None = None
    token: str | None = None
    delivered: int = 0
    position: int = 0
    quiet: int = 0
    restarts: int = 0


class Tail:
    """The lines of a running job as they arrive. After an error the next :meth:`poll` continues where this one was.

    Hosts are read in rounds, a page of each in turn until its end, and of a host's streams the earlier one first; a
    round may take many polls. ``since_ms`` leaves out earlier lines, ``last`` all but so many of each host's lines that
    there are at first, ``host`` the streams of other hosts.
    """

    def __init__(
        self,
        job: str,
        logs: Logs,
        *,
        listing: int = 1,
        group: str = GROUP,
        since_ms: int | None = None,
        last: int | None = None,
        host: int | None = None,
    ) -> None:
        self._job = job
        self._logs = logs
        self._group = group
        self._listing = listing
        self._since_ms = since_ms
        self._last = last
        self._host = host
        self._streams: dict[str, _Stream] = {}
        self._round: deque[deque[_Stream]] = deque()  # of each host, its streams
        self._seen: set[int] = set()  # hosts with a stream of their present start
        self._rounds_to_listing, self._empty_listings = 0, 0
        self.hosts = 0  # how many the job has
        self.delivered = 0  # lines passed on

    def expect(self, *, restarted: bool = False) -> None:
        """List streams at the next round: new ones are likely. After a restart every host gets one more."""
        self._rounds_to_listing, self._empty_listings = 0, 0
        if restarted:
            self._seen.clear()

    def restart_round(self) -> None:
        """Let the next poll begin a new round, and list streams."""
        self._round.clear()
        self._rounds_to_listing = 0

    @property
    def misses_hosts(self) -> bool:
        """Whether some host whose lines are read has no stream yet."""
        return len(self._seen) < (self.hosts if self._host is None else 1)

    def poll(self, max_pages: int, deliver: Callable[[str, list[Event]], None], *, every: bool = False) -> bool:
        """Read at most ``max_pages`` pages, pass new lines to ``deliver``, and return whether the round is done.

        A round skips streams of earlier starts that have been quiet for a while, unless it is to read ``every`` one.
        """
        if not self._round:
            self._begin(every=every)
        for _ in range(max_pages):
            if not self._round:
                return True
            streams = self._round[0]
            if self._read(streams[0], deliver):
                streams.popleft()
            if streams:
                self._round.rotate(-1)
            else:
                self._round.popleft()
        return not self._round

    def _begin(self, *, every: bool) -> None:
        self._list()
        newest = {host_number(name): stream for name, stream in self._streams.items()}
        by_host: dict[int, deque[_Stream]] = {}
        for stream in self._streams.values():
            number = host_number(stream.name)
            if every or stream is newest[number] or stream.quiet < _QUIET_READS:
                by_host.setdefault(number, deque()).append(stream)
        self._round = deque(by_host.values())

    def _list(self) -> None:
        """List the streams when due: less and less often while a host has none, else every ``listing`` rounds."""
        self._rounds_to_listing -= 1
        if self._rounds_to_listing > 0:
            return
        new = [
            name
            for name in streams(self._job, self._logs, self._group)
            if name not in self._streams and self._host in {None, host_number(name)}
        ]
        if self._last is not None:
            begins = begins_of_last(new, self._last, self._logs, self._group)
            self._streams |= {name: _Stream(name, at, delivered=before) for name, (at, before) in begins.items()}
            self._last = None  # hosts and starts that come later are read whole
        else:
            self._streams |= {name: _Stream(name, self._since_ms) for name in new}
        self._streams = dict(sorted(self._streams.items(), key=lambda item: _host_and_start(item[0])))
        self._seen |= {host_number(name) for name in new}
        self._empty_listings = 0 if new else self._empty_listings + 1
        self._rounds_to_listing = min(self._listing, 2**self._empty_listings) if self.misses_hosts else self._listing

    def _read(self, stream: _Stream, deliver: Callable[[str, list[Event]], None]) -> bool:
        """Pass on one page of a stream; return whether it was the last one."""
        try:
            page, following = _page(stream.name, stream.token, self._logs, self._group, stream.start_ms)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":  # listed already, but not readable yet
                return True
            if not self._restart(stream, error):
                raise
            return False
        fresh = page[max(0, stream.delivered - stream.position) :]
        if fresh:
            deliver(f"algo-{host_number(stream.name)}", fresh)
        ended = following == stream.token
        stream.token = following
        stream.position += len(page)
        stream.delivered = max(stream.delivered, stream.position)
        stream.quiet = 0 if fresh else stream.quiet + ended
        self.delivered += len(fresh)
        return ended

    def _restart(self, stream: _Stream, error: Exception) -> bool:
        """Read a stream from its start again if its token has expired (they live for a day); return whether it had."""
        if stream.token is None or error_code(error) != "InvalidParameterException" or stream.restarts == _MAX_RESTARTS:
            return False
        stream.token, stream.position = None, 0
        stream.restarts += 1
        return True
