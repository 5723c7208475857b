"""A job's lines, read through CloudWatch's two operations, page by page to the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .api import error_code

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import DescribeLogStreamsRequestTypeDef, GetLogEventsRequestTypeDef

    from .api import Logs

GROUP = "/aws/sagemaker/TrainingJobs"
_HOST = re.compile(r"/algo-(\d+)[-/]")


def streams(job: str, logs: Logs) -> list[str]:
    """The names of a job's streams, every page of them; none when nothing was printed yet."""
    found: list[str] = []
    request: DescribeLogStreamsRequestTypeDef = {"logGroupName": GROUP, "logStreamNamePrefix": f"{job}/"}
    while True:
        try:
            page = logs.describe_log_streams(**request)
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":  # no job has ever printed
                return []
            raise
        found += [stream["logStreamName"] for stream in page["logStreams"]]
        if not page.get("nextToken"):
            return sorted(found)
        request["nextToken"] = page["nextToken"]


def host_number(stream: str) -> int:
    """The number of the host that a stream is of, from ``<job>/algo-<number>-<epoch>``."""
    found = _HOST.search(stream)
    if not found:
        raise ValueError(f"not a stream of a host: {stream!r}")
    return int(found.group(1))


def read(stream: str, token: str | None, logs: Logs) -> tuple[list[str], str]:
    """The lines of a stream from a token on (None: from its start), and the token to go on from.

    A page may be empty before the end; the end is where the same token comes back.
    """
    request: GetLogEventsRequestTypeDef = {"logGroupName": GROUP, "logStreamName": stream, "startFromHead": True}
    if token is not None:
        request["nextToken"] = token
    page = logs.get_log_events(**request)
    return [event["message"] for event in page["events"]], page["nextForwardToken"]
