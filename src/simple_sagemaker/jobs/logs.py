"""A job's lines, read through CloudWatch's two operations: each once, in the order of its stream, however they come.

A host has one stream for each time that it was started; it appears with the first line, so that group and stream may
not be there yet. A page may be empty before the end of a stream; the end is where a token gives itself back.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.aws_api import error_code
from ..core.job import JobKind

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import DescribeLogStreamsRequestTypeDef, GetLogEventsRequestTypeDef

    from ..core.aws_api import Logs

# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
GROUPS: dict[JobKind, str] = {
    "training": "/aws/sagemaker/TrainingJobs",
    "processing": "/aws/sagemaker/ProcessingJobs",
}
GROUP = GROUPS["training"]
_HOST = re.compile(r"/algo-(\d+)[-/]")
_SURE = 2  # times in a row that a stream of an earlier start has had nothing new, and is left alone until the end
_RESTARTS = 20  # of one stream whose tokens expired; more can only be a service that refuses what it gave


def streams(job: str, logs: Logs, group: str = GROUP) -> list[str]:
    """The names of the streams of a job's hosts, every page of them; none when nothing was printed yet."""
    found: list[str] = []
    request: DescribeLogStreamsRequestTypeDef = {"logGroupName": group, "logStreamNamePrefix": f"{job}/"}
    while True:
        try:
            page = logs.describe_log_streams(**request)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":  # no job has ever printed
                return []
            raise
        found += [stream["logStreamName"] for stream in page["logStreams"]]
        if not page.get("nextToken"):
            return sorted(filter(_HOST.search, found), key=_host_and_start)
        request["nextToken"] = page["nextToken"]


def host_number(stream: str) -> int:
    """The number of the host that a stream is of, from ``<job>/algo-<number>-<epoch>``.

    Its place in a list does not say it: algo-10 comes before algo-2 there, and a host has several streams.
    """
    found = _HOST.search(stream)
    if not found:
        raise ValueError(f"not a stream of a host: {stream!r}")
    return int(found.group(1))


def _host_and_start(stream: str) -> tuple[int, int, str]:
    epoch = stream.rpartition("-")[2]
    return host_number(stream), int(epoch) if epoch.isdecimal() else 0, stream


def pages(stream: str, logs: Logs, group: str = GROUP) -> Iterator[list[str]]:
    """All lines of a stream that are there now, page by page; nothing for a stream that is not there."""
    token: str | None = None
    while True:
        try:
            lines, following = _page(stream, token, logs, group)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":
                return
            raise
        yield lines
        if following == token:
            return
        token = following


def _page(stream: str, token: str | None, logs: Logs, group: str) -> tuple[list[str], str]:
    """The lines of a stream from a token on (None: from its start), and the token to go on from."""
    request: GetLogEventsRequestTypeDef = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
    if token is not None:
        request["nextToken"] = token
    page = logs.get_log_events(**request)
    return [event["message"] for event in page["events"]], page["nextForwardToken"]


@dataclass
class _Stream:
    """How far a stream was read: ``told`` lines in all, of them ``passed`` since it was last read from its start."""

    name: str
    token: str | None = None
    told: int = 0
    passed: int = 0
    quiet: int = 0
    restarts: int = 0


class Tail:
    """The lines of a running job as they come. An error leaves it where it was: the next look goes on from there.

    Streams are read in rounds, a page of each in turn until its end; a round may take many looks.
    """

    def __init__(self, job: str, logs: Logs, *, listing: int = 1, group: str = GROUP) -> None:
        self._job = job
        self._logs = logs
        self._group = group
        self._listing = listing
        self._streams: dict[str, _Stream] = {}
        self._round: deque[_Stream] = deque()
        self._seen: set[int] = set()  # hosts with a stream of their present start
        self._until_list, self._fruitless = 0, 0
        self.hosts = 0  # how many there are to be
        self.told = 0  # lines passed on

    def expect(self, *, restarted: bool = False) -> None:
        """Ask for new streams at the next round; after a restart every host is to have one more."""
        self._until_list, self._fruitless = 0, 0
        if restarted:
            self._seen.clear()

    def begin_again(self) -> None:
        """Let the next look begin a round of its own, and ask for new streams."""
        self._round.clear()
        self._until_list = 0

    @property
    def misses_hosts(self) -> bool:
        """Whether some host has no stream yet."""
        return len(self._seen) < self.hosts

    def look(self, most: int, tell: Callable[[str, list[str]], None], *, every: bool = False) -> bool:
        """Pass on what is new, by at most ``most`` pages; gives whether the round is done.

        A round leaves out streams of earlier starts that have long been quiet, unless it is to be over ``every`` one.
        """
        if not self._round:
            self._begin(every=every)
        for _ in range(most):
            if not self._round:
                return True
            if self._read(self._round[0], tell):
                self._round.popleft()
            else:
                self._round.rotate(-1)
        return not self._round

    def _begin(self, *, every: bool) -> None:
        self._list()
        newest = {host_number(name): stream for name, stream in self._streams.items()}
        self._round = deque(
            stream
            for stream in self._streams.values()
            if every or stream is newest[host_number(stream.name)] or stream.quiet < _SURE
        )

    def _list(self) -> None:
        """Ask for the streams when it is time: more and more seldom while a host is missing, else now and then."""
        self._until_list -= 1
        if self._until_list > 0:
            return
        new = [name for name in streams(self._job, self._logs, self._group) if name not in self._streams]
        self._streams |= {name: _Stream(name) for name in new}
        self._streams = dict(sorted(self._streams.items(), key=lambda item: _host_and_start(item[0])))
        self._seen |= {host_number(name) for name in new}
        self._fruitless = 0 if new else self._fruitless + 1
        self._until_list = min(self._listing, 2**self._fruitless) if self.misses_hosts else self._listing

    def _read(self, stream: _Stream, tell: Callable[[str, list[str]], None]) -> bool:
        """Pass on a page of a stream; gives whether it was its end."""
        try:
            lines, following = _page(stream.name, stream.token, self._logs, self._group)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":  # it is listed, and cannot be read yet
                return True
            if not self._restarted(stream, error):
                raise
            return False
        fresh = lines[max(0, stream.told - stream.passed) :]
        if fresh:
            tell(f"algo-{host_number(stream.name)}", fresh)
        ended = following == stream.token
        stream.token = following
        stream.passed += len(lines)
        stream.told = max(stream.told, stream.passed)
        stream.quiet = 0 if fresh else stream.quiet + ended
        self.told += len(fresh)
        return ended

    def _restarted(self, stream: _Stream, error: Exception) -> bool:
        """Whether a stream's token was too old (they live for a day), so that it is read from its start again."""
        if stream.token is None or error_code(error) != "InvalidParameterException" or stream.restarts == _RESTARTS:
            return False
        stream.token, stream.passed = None, 0
        stream.restarts += 1
        return True
