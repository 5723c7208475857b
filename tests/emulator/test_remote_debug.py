"""``ssm exec`` on AWS, by the emulator: remote debugging, permissions, a session, and a recorder as AWS's plugin."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator
from tests.running_ssm import run

RECORDER = """#!{python}
import json, os, sys
if sys.argv[1:] == ["--version"]:
    print("{version}")
    raise SystemExit
name = sys.argv[1]
json.dump({{"words": sys.argv[1:], "response": os.environ.get(name)}}, open({file!r}, "w"))
raise SystemExit(5)
"""
ACTIONS = [f"ssmmessages:{one}Channel" for one in ("CreateControl", "CreateData", "OpenControl", "OpenData")]


class Remote:
    """A running job of the emulator, and ``ssm exec`` for it with a recorder as the plugin."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.folder = folder
        (folder / "w.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(300)\n")
        done = self.ssm("run", "-p", "proj", "-t", "task", "-e", "w.py", "--no_wait")
        assert done.returncode == 0, done.stderr
        self.job = done.stdout.strip()
        self.sagemaker = emulator.client("sagemaker")
        limit = time.monotonic() + 120
        while self.describe()["SecondaryStatus"] != "Training":
            assert time.monotonic() < limit
            time.sleep(0.05)

    def ssm(self, *words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = dict(self.emulator.environment)
        environment["PATH"] = f"{path}:{environment['PATH']}" if path else environment["PATH"]
        return run(*words, folder=self.folder, environment=environment)

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self.sagemaker.describe_training_job(TrainingJobName=self.job)
        return described

    def execute(self, *words: str, version: str = "1.2.764.0") -> tuple[subprocess.CompletedProcess[str], Any]:
        """Run ``ssm exec`` for the job; return how that ended, and what the recorder got."""
        tools, record = self.folder / "tools", self.folder / "record"
        tools.mkdir(exist_ok=True)
        record.unlink(missing_ok=True)
        plugin = tools / "session-manager-plugin"
        plugin.write_text(RECORDER.format(python=sys.executable, version=version, file=str(record)))
        plugin.chmod(0o755)
        done = self.ssm("exec", "--job", self.job, *words, path=tools)
        return done, json.loads(record.read_text()) if record.exists() else None


@pytest.fixture(scope="module")
def remote(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    made = Remote(emulator, tmp_path_factory.mktemp("remote"))
    yield made
    made.sagemaker.stop_training_job(TrainingJobName=made.job)


def test_what_is_missing_is_said_before_anything_is_changed(remote: Remote) -> None:
    done = remote.ssm("exec", "--job", remote.job, "--yes", "--", "true")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        6,
        "AWS's session-manager-plugin is not installed, and it carries the session.",
    )
    done, record = remote.execute("--", "true", version="1.2.400.0")
    assert (done.returncode, record) == (6, None)
    assert "is of version 1.2.400.0, and 1.2.497.1 or newer is needed." in done.stderr
    done, record = remote.execute("--", "true")
    assert (done.returncode, record) == (2, None)
    assert "without a terminal, --yes agrees to that." in done.stderr
    assert "RemoteDebugConfig" not in remote.describe()


def test_a_command_a_shell_and_a_port_come_to_the_plugin_as_aws_has_it(remote: Remote) -> None:
    done, record = remote.execute("--yes", "--", "echo", "a b", "$HOME")
    assert done.returncode == 5, done.stderr
    name, region, operation, profile, request, endpoint = record["words"]
    assert (region, operation, profile) == (remote.emulator.environment["AWS_REGION"], "StartSession", "")
    assert endpoint == remote.emulator.url
    target = f"sagemaker-training-job:{remote.job}_algo-1"
    command = {"command": ["echo 'a b' '$HOME'"]}
    assert json.loads(request) == {
        "Target": target, "DocumentName": "AWS-StartInteractiveCommand", "Parameters": command,
    }  # fmt: skip
    assert name == "AWS_SSM_START_SESSION_RESPONSE"
    assert set(json.loads(record["response"])) == {"SessionId", "TokenValue", "StreamUrl"}
    assert json.loads(record["response"])["TokenValue"] not in " ".join(record["words"])  # which all users can read
    assert remote.describe()["RemoteDebugConfig"] == {"EnableRemoteDebug": True}

    _, record = remote.execute()  # nothing is asked any more
    assert json.loads(record["words"][4]) == {"Target": target}
    _, record = remote.execute("--forward", "8265")
    port = {"portNumber": ["8265"], "localPortNumber": ["8265"]}
    assert json.loads(record["words"][4]) == {
        "Target": target, "DocumentName": "AWS-StartPortForwardingSession", "Parameters": port,
    }  # fmt: skip
    session = json.loads(record["response"])["SessionId"]
    with pytest.raises(ClientError, match="DoesNotExistException"):  # closed behind the plugin
        remote.emulator.client("ssm").terminate_session(SessionId=session)


def test_the_projects_role_may_carry_sessions_and_keeps_that(remote: Remote) -> None:
    remote.execute("--yes", "--", "true")
    iam = remote.emulator.client("iam")

    def statements() -> list[Any]:
        (name,) = iam.list_role_policies(RoleName="SageMakerIAMRole_proj")["PolicyNames"]
        document = iam.get_role_policy(RoleName="SageMakerIAMRole_proj", PolicyName=name)["PolicyDocument"]
        return [one for one in document["Statement"] if one["Action"] == ACTIONS]

    assert [one["Resource"] for one in statements()] == [["*"]]
    (remote.folder / "quick.py").write_text("print('done')")
    assert remote.ssm("run", "-p", "proj", "-t", "other", "-e", "quick.py").returncode == 0
    assert len(statements()) == 1


def test_the_service_refuses_what_aws_refuses(remote: Remote) -> None:
    ssm, name = remote.emulator.client("ssm"), remote.job
    for target in (
        "sagemaker-training-job:none_algo-1",
        f"sagemaker-training-job:{name}_algo-2",
        "i-0123456789abcdef0",
    ):
        with pytest.raises(ClientError, match="TargetNotConnected"):
            ssm.start_session(Target=target)
    remote.sagemaker.update_training_job(TrainingJobName=name, RemoteDebugConfig={"EnableRemoteDebug": True})
    target = f"sagemaker-training-job:{name}_algo-1"
    with pytest.raises(ClientError, match="InvalidDocument"):
        ssm.start_session(Target=target, DocumentName="Mine")
    remote.sagemaker.update_training_job(TrainingJobName=name, RemoteDebugConfig={"EnableRemoteDebug": False})
    with pytest.raises(ClientError, match="TargetNotConnected"):
        ssm.start_session(Target=target)
    with pytest.raises(ClientError, match="only RemoteDebugConfig can be"):
        remote.sagemaker.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 60})
    with pytest.raises(ClientError, match="resource not found"):
        remote.sagemaker.update_training_job(TrainingJobName="none", RemoteDebugConfig={"EnableRemoteDebug": True})


def test_a_processing_job_cannot_be_entered(remote: Remote) -> None:
    words = ("process", "-p", "proj", "-t", "clean", "--entrypoint", "sleep", "--no_wait", "--", "300")
    job = remote.ssm(*words).stdout.strip()
    try:
        done = remote.ssm("exec", "--job", job, "--", "true")
        assert (done.returncode, done.stderr) == (2, f"{job} is a processing job: AWS lets nobody enter those.\n")
    finally:
        remote.sagemaker.stop_processing_job(ProcessingJobName=job)
