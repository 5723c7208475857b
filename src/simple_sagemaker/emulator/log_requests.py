"""What moto does not look at in requests for logs: the prefix by which FilterLogEvents chooses streams.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import json
from typing import Any

from ..local.job.home import ACCOUNT
from .mock_aws import MockAws

FILTER = "logs.FilterLogEvents"
_NO_STREAM = "*"  # which no stream can be called
_PREFIX, _NAMES = "logStreamNamePrefix", "logStreamNames"


def with_stream_names(request: dict[str, Any], region: str, aws: MockAws) -> bytes:
    """The request with the names of the streams in place of their prefix; as it is for a group that is not there."""
    prefix = request.get(_PREFIX)
    if prefix is not None and not request.get(_NAMES):
        from moto.logs.models import logs_backends

        with aws.lock():
            group = logs_backends[ACCOUNT][region].groups.get(request.get("logGroupName", ""))
            names = sorted(name for name in group.streams if name.startswith(prefix)) if group else []
        request = {name: value for name, value in request.items() if name != _PREFIX}
        request[_NAMES] = names or [_NO_STREAM]
    return json.dumps(request).encode()
