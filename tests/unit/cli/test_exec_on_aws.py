"""``ssm exec`` on AWS: what has to hold before a session is opened, and AWS's plugin, a script here, run for it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from simple_sagemaker.aws.remote_debug import DebugSession
from simple_sagemaker.cli.exec_aws import execute_on_aws
from simple_sagemaker.core.job import of_processing, of_training
from simple_sagemaker.core.job_specs import ExecSpec
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import EngineUnavailable, SsmError, UsageError
from simple_sagemaker.jobs.catalog import Listed
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import World, processing, training

JOB = "task-2030-01-31-12-00-00-abcdefgh"
SPEC = ExecSpec(place=Place(project="p", task="task"), host=2, program=("ls", "-l"), yes=True)
PLUGIN = """#!/bin/sh
[ "$1" = --version ] && { echo "${PLUGIN_VERSION:-1.2.700.0}"; exit 0; }
for word; do printf '%s\\n' "$word"; done >"$HOME/words"
printf '%s' "$AWS_SSM_START_SESSION_RESPONSE" >"$HOME/answer"
[ -n "$PLUGIN_SIGNAL" ] && kill -9 $$
exit "${PLUGIN_STATUS:-0}"
"""


class Debug:
    """Remote debugging, which notes what it is asked for."""

    def __init__(self, *, ours: bool) -> None:
        self.ours = ours
        self.asked: list[Any] = []

    def is_of_project(self, role: str, project: str) -> bool:
        return self.ours and (role, project) == ("arn:role", "p")

    def grant(self, project: str) -> None:
        self.asked.append(f"grant {project}")

    def enable(self, job: str) -> None:
        self.asked.append(f"enable {job}")

    def open(self, job: str, host: int, program: Any, port: int | None) -> DebugSession:
        self.asked.append(("open", job, host, program, port))
        return DebugSession(
            request={"Target": "t"},
            answer={"TokenValue": "secret"},
            region="eu-west-1",
            profile="me",
            endpoint="https://e",
        )

    def close(self, session: DebugSession) -> None:
        self.asked.append("close")


Run = Callable[..., tuple[int, list[Any]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command about a job with these members; the exit status, and what was asked of the service."""
    plugin = tmp_path / "bin" / "session-manager-plugin"
    plugin.parent.mkdir()
    plugin.write_text(PLUGIN)
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", f"{plugin.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    def act(spec: ExecSpec = SPEC, *, ours: bool = True, **members: Any) -> tuple[int, list[Any]]:
        debug = Debug(ours=ours)
        answer = {**training(JOB, "InProgress"), "RoleArn": "arn:role", **members}
        services = replace(World(MemoryStore()).services(), remote_debug=lambda: cast("Any", debug))
        listed = Listed(of_training(cast("Any", answer)), "p", "task")
        return execute_on_aws(spec, listed, services), debug.asked

    return act


ENABLED = {"RemoteDebugConfig": {"EnableRemoteDebug": True}}
OPENED = ("open", JOB, 2, ("ls", "-l"), None)


def test_a_session_is_carried_by_the_plugin_and_closed(run: Run, tmp_path: Path) -> None:
    status, asked = run(**ENABLED)
    assert (status, asked) == (0, [OPENED, "close"])
    assert (tmp_path / "words").read_text().splitlines() == [
        *("AWS_SSM_START_SESSION_RESPONSE", "eu-west-1", "StartSession", "me", '{"Target": "t"}', "https://e")
    ]
    assert json.loads((tmp_path / "answer").read_text()) == {"TokenValue": "secret"}  # on no command line


@pytest.mark.parametrize(("name", "value", "status"), [("PLUGIN_STATUS", "3", 3), ("PLUGIN_SIGNAL", "1", 137)])
def test_its_status_is_the_plugins(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, status: int
) -> None:
    monkeypatch.setenv(name, value)
    assert run(**ENABLED) == (status, [OPENED, "close"])


@pytest.mark.parametrize("phase", ["Downloading", "Training"])
@pytest.mark.parametrize("config", [{}, {"RemoteDebugConfig": {"EnableRemoteDebug": False}}])
def test_where_it_is_off_it_is_switched_on_with_the_rights_for_it(
    run: Run, phase: str, config: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(SecondaryStatus=phase, **config)[1] == ["grant p", f"enable {JOB}", OPENED, "close"]
    assert "is not ours" not in capfd.readouterr().err
    assert run(ours=False, SecondaryStatus=phase, **config)[1] == [f"enable {JOB}", OPENED, "close"]
    assert "The role arn:role is not ours: it needs " in capfd.readouterr().err


@pytest.mark.parametrize("phase", ["Starting", "Uploading"])
def test_in_another_phase_nothing_is_switched_on(run: Run, phase: str) -> None:
    with pytest.raises(SsmError, match=f"{JOB} is in phase {phase}: it can be entered in Training"):
        run(SecondaryStatus=phase)


def test_a_person_is_asked_before_anything_is_changed(
    run: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asking = replace(SPEC, yes=False)
    with pytest.raises(
        UsageError, match=r"will be switched on, and the role of project 'p' may then use .*--yes agrees"
    ):
        run(asking)
    with pytest.raises(UsageError, match=r"will be switched on; without a terminal, --yes agrees"):
        run(asking, ours=False)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    with pytest.raises(SsmError, match=r"^Nothing was changed\.$"):
        run(asking)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run(asking)[1] == ["grant p", f"enable {JOB}", OPENED, "close"]
    assert "Go on? [y/N]" in capfd.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert run(asking, **ENABLED)[1] == [OPENED, "close"]  # nothing is to be changed


def test_jobs_that_aws_lets_nobody_enter_are_told(run: Run) -> None:
    with pytest.raises(UsageError, match="runs with network isolation: AWS lets nobody enter such jobs"):
        run(EnableNetworkIsolation=True, **ENABLED)
    services = World(MemoryStore()).services()
    listed = Listed(of_processing(cast("Any", processing("p-job", "InProgress"))), "p", "task")
    with pytest.raises(UsageError, match="p-job is a processing job: AWS lets nobody enter those"):
        execute_on_aws(SPEC, listed, services)
    listed = Listed(of_training(cast("Any", training(JOB, "InProgress"))), "p", "task")
    with pytest.raises(EngineUnavailable, match="has no remote debugging"):
        execute_on_aws(SPEC, listed, services)


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [("1.2.497.1", True), ("1.2.497.0", False), ("1.2.496.9", False), ("1.3.0.0", True), ("2.0", True), ("?", False)],
)
def test_an_old_plugin_would_show_the_secret_and_is_not_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, version: str, is_taken: bool
) -> None:
    monkeypatch.setenv("PLUGIN_VERSION", version)
    if is_taken:
        assert run(**ENABLED)[0] == 0
        return
    shown = "unknown" if version == "?" else version.replace(".", r"\.")
    with pytest.raises(EngineUnavailable, match=f"is of version {shown}, and 1.2.497.1 or newer is needed"):
        run(**ENABLED)


def test_without_the_plugin_it_is_told_where_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineUnavailable, match=r"session-manager-plugin is not installed.*\nInstall it: https://docs"):
        run(**ENABLED)
