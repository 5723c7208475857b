"""Session Manager's two operations on hosts of training jobs: sessions that are opened and closed, and carry nothing.

https://docs.aws.amazon.com/sagemaker/latest/dg/train-remote-debugging.html
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from .http import Answer, json_answer
from .protocol import ServiceError

_TARGET = re.compile(r"sagemaker-training-job:(.+)_algo-([1-9][0-9]*)")
_DOCUMENTS = frozenset(
    {
        "SSM-SessionManagerRunShell",
        "AWS-StartInteractiveCommand",
        "AWS-StartNonInteractiveCommand",
        "AWS-StartPortForwardingSession",
    }
)

Describe = Callable[[str], Mapping[str, Any] | None]


class SessionManager:
    """The sessions that are open. ``region`` is the emulator's; ``describe`` returns a training job, or None."""

    def __init__(self, region: str, describe: Describe) -> None:
        self._region = region
        self._describe = describe
        self._sessions: set[str] = set()

    def answer(self, operation: str, request: Mapping[str, Any]) -> Answer:
        """Answer an operation. Raises ServiceError."""
        acts = {"StartSession": self._start, "TerminateSession": self._terminate}
        if operation not in acts:
            raise ServiceError("UnknownOperationException", f"The emulator does not serve ssm.{operation}.")
        return json_answer(200, json.dumps(acts[operation](request)).encode())

    def _start(self, request: Mapping[str, Any]) -> dict[str, str]:
        target = str(request.get("Target", ""))
        if not self._is_connected(target):
            raise ServiceError("TargetNotConnected", f"{target} is not connected.")
        document = request.get("DocumentName", "SSM-SessionManagerRunShell")
        if document not in _DOCUMENTS:
            raise ServiceError("InvalidDocument", f"Document with name {document} does not exist.")
        session = f"emulated-{secrets.token_hex(8)}"
        self._sessions.add(session)
        url = f"wss://ssmmessages.{self._region}.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe"
        return {"SessionId": session, "TokenValue": secrets.token_urlsafe(48), "StreamUrl": url}

    def _terminate(self, request: Mapping[str, Any]) -> dict[str, str]:
        session = str(request.get("SessionId", ""))
        if session not in self._sessions:
            raise ServiceError("DoesNotExistException", f"Session {session} does not exist.")
        self._sessions.discard(session)
        return {"SessionId": session}

    def _is_connected(self, target: str) -> bool:
        """Whether a target is a host of a job whose code runs, and which may be debugged."""
        match = _TARGET.fullmatch(target)
        job = self._describe(match[1]) if match else None
        if match is None or job is None or job["SecondaryStatus"] != "Training":
            return False
        enabled = job.get("RemoteDebugConfig", {}).get("EnableRemoteDebug")
        return bool(enabled) and int(match[2]) <= job["ResourceConfig"].get("InstanceCount", 1)
