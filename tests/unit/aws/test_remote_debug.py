"""Sessions with hosts of jobs on AWS: what is asked for, and how long a host may take to connect."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.aws.clients import Clients
from simple_sagemaker.aws.remote_debug import DebugSession, RemoteDebug
from simple_sagemaker.errors import SsmError
from tests.unit.tasks.service import refused


class Systems:
    """Systems Manager, and what else of the clients is used; a host connects after so many tries."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.requests: list[Any] = []
        self.meta = SimpleNamespace(endpoint_url="https://ssm")
        self.region, self.session = "eu-west-1", SimpleNamespace(profile=None)
        self.ssm = self.sagemaker = self

    def start_session(self, **request: Any) -> Any:
        self.requests.append(request)
        if self.errors:
            raise refused(self.errors.pop(0), "no", "StartSession")
        return {"SessionId": "s", "TokenValue": "t", "StreamUrl": "wss://u", "ResponseMetadata": {}}

    def terminate_session(self, **request: Any) -> None:
        self.requests.append(request)
        if self.errors:
            raise refused(self.errors.pop(0), "no", "TerminateSession")

    def update_training_job(self, **request: Any) -> None:
        self.requests.append(request)


def debug(systems: Systems, slept: list[float] | None = None) -> RemoteDebug:
    return RemoteDebug(cast("Clients", systems), wait=(slept if slept is not None else []).append)


TARGET = {"Target": "sagemaker-training-job:j_algo-2"}


@pytest.mark.parametrize(
    ("program", "port", "request_"),
    [
        ((), None, TARGET),
        (
            ("ls", "a b"),
            None,
            {**TARGET, "DocumentName": "AWS-StartInteractiveCommand", "Parameters": {"command": ["ls 'a b'"]}},
        ),
        (
            (),
            8080,
            {
                **TARGET,
                "DocumentName": "AWS-StartPortForwardingSession",
                "Parameters": {"portNumber": ["8080"], "localPortNumber": ["8080"]},
            },
        ),
    ],
)
def test_a_session_is_for_a_shell_a_program_or_a_port(
    program: tuple[str, ...], port: int | None, request_: Any
) -> None:
    systems = Systems()
    session = debug(systems).open("j", 2, program, port)
    assert session == DebugSession(
        request=request_,
        answer={"SessionId": "s", "TokenValue": "t", "StreamUrl": "wss://u"},
        region="eu-west-1",
        profile="",
        endpoint="https://ssm",
    )
    assert systems.requests == [request_]
    debug(systems).close(session)
    assert systems.requests[-1] == {"SessionId": "s"}
    systems.errors = ["DoesNotExistException"]
    debug(systems).close(session)


def test_a_host_is_waited_for_until_it_has_connected() -> None:
    systems, slept = Systems("TargetNotConnected", "TargetNotConnected"), list[float]()
    debug(systems, slept).open("j", 1, (), None)
    assert slept == [3.0, 3.0]
    with pytest.raises(ClientError):
        debug(Systems("AccessDeniedException")).open("j", 1, (), None)


def test_a_host_that_never_connects_is_given_up_after_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("simple_sagemaker.aws.remote_debug.time.monotonic", lambda: now[0])
    systems = Systems(*["TargetNotConnected"] * 100)

    def wait(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(
        SsmError, match=r"sagemaker-training-job:j_algo-1 has not connected to Systems Manager in 120 s"
    ):
        RemoteDebug(cast("Clients", systems), wait=wait).open("j", 1, (), None)
    assert now[0] == 123.0


def test_debugging_is_switched_on_for_the_job_and_only_our_role_is_changed() -> None:
    systems = Systems()
    debug(systems).enable("j")
    assert systems.requests == [{"TrainingJobName": "j", "RemoteDebugConfig": {"EnableRemoteDebug": True}}]
    assert debug(systems).is_of_project("arn:aws:iam::1:role/SageMakerIAMRole_p", "p")
    assert not debug(systems).is_of_project("arn:aws:iam::1:role/SageMakerIAMRole_p2", "p")
    assert not debug(systems).is_of_project("arn:aws:iam::1:role/mine", "p")
