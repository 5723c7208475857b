"""Remote debugging of training jobs on AWS: a session of Systems Manager's with one of their hosts.

https://docs.aws.amazon.com/sagemaker/latest/dg/train-remote-debugging.html
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from ..core import names
from ..core.aws_api import error_code
from ..core.records import dataclass
from ..errors import SsmError
from .clients import Clients
from .grants import Grant
from .roles import Roles

ACTIONS = tuple(f"ssmmessages:{act}{what}Channel" for act in ("Create", "Open") for what in ("Control", "Data"))
_CONNECTING_S, _PAUSE_S = 120.0, 3.0
_COMMAND, _FORWARD = "AWS-StartInteractiveCommand", "AWS-StartPortForwardingSession"


@dataclass(frozen=True, kw_only=True)
class DebugSession:
    """An open session: the request that opened it, the answer, which holds a secret, and where both came from."""

    request: Mapping[str, Any]
    answer: Mapping[str, str]
    region: str
    profile: str
    endpoint: str


class RemoteDebug:
    """Sessions with hosts of training jobs. ``wait`` sleeps for a number of seconds."""

    def __init__(self, clients: Clients, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._clients = clients
        self._wait = wait

    def is_of_project(self, role_arn: str, project: str) -> bool:
        """Whether a role is the one that we made for the project."""
        return role_arn.rpartition("/")[2] == names.role_name(project)

    def grant(self, project: str) -> None:
        """Let the project's role carry sessions, from now on."""
        Roles(self._clients, wait=self._wait).add(names.role_name(project), Grant("debug"))

    def enable(self, job: str) -> None:
        """Switch remote debugging on for a job."""
        self._clients.sagemaker.update_training_job(TrainingJobName=job, RemoteDebugConfig={"EnableRemoteDebug": True})

    def open(self, job: str, host: int, program: Sequence[str], port: int | None) -> DebugSession:
        """Open a session for a program, a shell (no words) or a port. Waits until the host has connected."""
        request: dict[str, Any] = {"Target": f"sagemaker-training-job:{job}_algo-{host}"}
        if port is not None:
            number = [str(port)]
            request |= {"DocumentName": _FORWARD, "Parameters": {"portNumber": number, "localPortNumber": number}}
        elif program:
            request |= {"DocumentName": _COMMAND, "Parameters": {"command": [shlex.join(program)]}}
        answer = self._start(request)
        session = self._clients.session
        return DebugSession(
            request=request,
            answer={name: answer[name] for name in ("SessionId", "TokenValue", "StreamUrl")},
            region=self._clients.region,
            profile=session.profile or "",
            endpoint=self._clients.ssm.meta.endpoint_url,
        )

    def _start(self, request: Mapping[str, Any]) -> Any:
        until = time.monotonic() + _CONNECTING_S
        while True:
            try:
                return self._clients.ssm.start_session(**request)
            except ClientError as error:
                if error_code(error) != "TargetNotConnected":
                    raise
                if time.monotonic() > until:
                    raise SsmError(
                        f"{request['Target']} has not connected to Systems Manager in {_CONNECTING_S:.0f} s.\n"
                        f"Its role needs {', '.join(ACTIONS)}; in a private network it also needs Systems Manager's "
                        "endpoints."
                    ) from error
            self._wait(_PAUSE_S)

    def close(self, session: DebugSession) -> None:
        """Close a session; one that has ended is no error."""
        with suppress(ClientError):
            self._clients.ssm.terminate_session(SessionId=session.answer["SessionId"])
