"""CloudWatch Logs on this machine: the two operations that read jobs' logs, under boto3's names."""

from __future__ import annotations

from typing import Any

from ..job import log_stream
from ..job.folder import JobFolder, all_jobs, find_job
from ..job.home import ACCOUNT, REGION, Home
from ..job.kinds import KINDS, TRAINING, kind_of
from ..job.stored import DamagedJob
from .errors import client_error, damage_as_error, validation_error

Answer = Any  # a dictionary of the shape that boto3 returns for the operation

GROUP = TRAINING.group
_KINDS = {kind.group: kind for kind in KINDS if kind.group}
_PAGE = 50
_MOST_EVENTS = 10_000
_MOST_BYTES = 1 << 20


class LocalLogs:
    """Streams ``<job>/algo-N-<epoch>`` in the groups that SageMaker uses; they appear with a host's first line."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def describe_log_streams(self, **request: Any) -> Answer:
        """One page of the streams whose names begin with ``logStreamNamePrefix``, in the order of their names."""
        operation = "DescribeLogStreams"
        group = _group(request, operation)
        prefix = request.get("logStreamNamePrefix", "")
        job, whole_name, _ = prefix.partition("/")
        if whole_name:
            with damage_as_error(job, operation):
                one = find_job(self._home.jobs, _KINDS[group], job)
            jobs_of_group = [one] if one else []
        else:
            jobs_of_group = [folder for folder in all_jobs(self._home.jobs, job) if _is_of(folder, group)]
        all_names = [f"{folder.name}/{name}" for folder in jobs_of_group for name in log_stream.streams(folder.logs)]
        names = sorted(name for name in all_names if name.startswith(prefix))
        start = int(request.get("nextToken", 0))
        end = start + request.get("limit", _PAGE)
        answer: dict[str, Any] = {"logStreams": [_stream(group, name) for name in names[start:end]]}
        return answer | ({"nextToken": str(end)} if end < len(names) else {})

    def get_log_events(self, **request: Any) -> Answer:
        """A page of events of one stream: from its start (``startFromHead``) or its end, or from a token on.

        The same token again means there are no more. ``startTime`` counts, ``endTime`` does not, in milliseconds.
        """
        operation = "GetLogEvents"
        group = _group(request, operation)
        job, _, name = request["logStreamName"].partition("/")
        with damage_as_error(job, operation):
            folder = find_job(self._home.jobs, _KINDS[group], job)
        path = folder.logs / name if folder and "/" not in name else None
        if path is None or not path.is_file():
            raise client_error("ResourceNotFoundException", "The specified log stream does not exist.", operation)
        forward, place = _parse_token(request, operation)
        most, size = min(request.get("limit", _MOST_EVENTS), _MOST_EVENTS), _MOST_BYTES
        if forward:
            start = place or 0
            events, end = log_stream.read(path, start, most_bytes=size, most=most)
        else:
            start, end = log_stream.start_of_last(path, place, most_bytes=size, most=most)
            events, _ = log_stream.read(path, start, most_bytes=end - start, most=most)
        first, last = request.get("startTime", 0), request.get("endTime")
        events = [one for one in events if first <= one["timestamp"] and (last is None or one["timestamp"] < last)]
        return {"events": events, "nextForwardToken": f"f/{end}", "nextBackwardToken": f"b/{start}"}


def _is_of(job: JobFolder, group: str) -> bool:
    """Whether a job that can be read is of a group."""
    try:
        return group_of(job) == group
    except (DamagedJob, OSError):
        return False


def group_of(job: JobFolder) -> str:
    """The log group of a job."""
    return kind_of(job.request()).group


def _group(request: dict[str, Any], operation: str) -> str:
    group: str = request.get("logGroupName", "")
    if group not in _KINDS:
        raise client_error("ResourceNotFoundException", "The specified log group does not exist.", operation)
    return group


def _stream(group: str, name: str) -> dict[str, Any]:
    return {
        "logStreamName": name,
        "creationTime": int(name.rpartition("-")[2]) * 1000,
        "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:{name}",
    }


def _parse_token(request: dict[str, Any], operation: str) -> tuple[bool, int | None]:
    """Whether a page is read forward, and the byte that it begins or ends at; None for the file's start or end."""
    token = request.get("nextToken")
    if token is None:
        return request.get("startFromHead", False), None
    kind, _, number = token.partition("/")
    if kind not in {"f", "b"} or not number.isdigit():
        raise validation_error("The specified nextToken is invalid.", operation)
    return kind == "f", int(number)
