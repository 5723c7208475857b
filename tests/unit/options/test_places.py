"""Where a task lies and who pays for it: every option of the place, for every kind of command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import Place, Rerun
from tests.unit.cli.typed import refused

TASK = ("-p", "p", "-t", "t")
COMMANDS = {
    "run": ("run", *TASK, "-e", "w.py"),
    "shell": ("shell", *TASK, "--cmd_line", "ls"),
    "process": ("process", *TASK, "--entrypoint", "ls"),
    "data": ("data", *TASK, "--clean_state"),
    "status": ("status", *TASK),
    "ls": ("ls", *TASK),
    "rm": ("rm", *TASK),
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.py").touch()


def place(command: str, *options: str) -> Any:
    spec: Any = parse([*COMMANDS[command], *options])
    return spec.place


@pytest.mark.parametrize("command", COMMANDS)
def test_a_task_lies_where_the_options_say(command: str) -> None:
    assert place(command) == Place(project="p", task="t")
    assert place(command, "--prefix", "x/y", "-b", "bucket", "--bucket_owner", "123456789012") == Place(
        project="p", task="t", prefix="x/y", bucket="bucket", bucket_owner="123456789012"
    )
    assert place(command, "--aws_region", "eu-west-1", "--aws_profile", "me") == Place(
        project="p", task="t", aws_region="eu-west-1", aws_profile="me"
    )


@pytest.mark.parametrize("command", ["data", "status", "ls", "rm"])
@pytest.mark.parametrize(("kind", "is_local"), [("local", True), ("local_gpu", True), (None, False)])
def test_a_command_for_what_there_is_may_be_about_this_machine(command: str, kind: str | None, is_local: bool) -> None:
    assert place(command, *(("--it", kind) if kind else ())).is_local is is_local


def test_a_task_of_this_machine_is_told_by_its_machines() -> None:
    spec: Any = parse([*COMMANDS["run"], "--it", "local"])
    assert spec.instances.type == "local"
    assert not spec.place.is_local, "a task says it by its machines"


@pytest.mark.parametrize(
    ("options", "rerun"),
    [
        ([], Rerun()),
        (["--force_running"], Rerun(force_running=True)),
        (["--clean_state"], Rerun(clean_state=True)),
        (["--if_changed"], Rerun(if_changed=True)),
        (["--skip_status", "0"], Rerun(skip_status=0)),
        (["--skip_status", "255"], Rerun(skip_status=255)),
    ],
)
def test_what_to_do_about_earlier_jobs(options: list[str], rerun: Rerun) -> None:
    for command in ("run", "shell", "process"):
        spec: Any = parse([*COMMANDS[command], *options])
        assert spec.rerun == rerun


@pytest.mark.parametrize(
    ("usual", "options", "if_changed"),
    [
        ("", [], False),
        ("if_changed", [], True),
        ("if_changed", ["--keep_state"], False),
        ("", ["--if_changed"], True),
        ("if_changed", ["--if_changed"], True),
    ],
)
def test_what_the_environment_says_counts_unless_something_is_typed(
    monkeypatch: pytest.MonkeyPatch, usual: str, options: list[str], if_changed: bool
) -> None:
    monkeypatch.setenv("SSM_RERUN", usual)
    spec: Any = parse([*COMMANDS["run"], *options])
    assert spec.rerun.if_changed is if_changed
    monkeypatch.setenv("SSM_RERUN", "always")
    assert "SSM_RERUN=always: it can be if_changed, or not be set" in refused(*COMMANDS["run"])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([*COMMANDS["run"], "--skip_status", "256"], "--skip_status 256 is too large"),
        ([*COMMANDS["run"], "--skip_status", "-1"], "--skip_status"),
        (["data", *TASK, "-o", "out", "--trial", "1", "--job", "aaaaaaaa"], "--trial and --job contradict"),
        (["data", *TASK, "-o", "out", "--trial", "1", "--clean_state"], "--trial and --clean_state contradict"),
        (["data", *TASK, "-o", "out", "--trial", "0"], "--trial 0 is too small"),
        (["data", *TASK, "--clean_state", "--trial", "1"], "--trial chooses what to download"),
        (["data", *TASK, "--clean_state", "--job", "aaaaaaaa"], "--job chooses what to download"),
        (["data", *TASK], "nothing to do: --output_path DIR (-o) downloads what the task left"),
        (["status", "-p", "p", "--trial", "1"], "--trial 1: name its task with --task_name NAME (-t)"),
        (["status", *TASK, "--trial", "1", "--job", "aaaaaaaa"], "--trial and --job contradict"),
        (["status", *TASK, "--job", "no job"], "--job 'no job' is not the name of a job"),
        ([*COMMANDS["run"], "-b", "B"], "-b 'B' is not a legal bucket name"),
        ([*COMMANDS["run"], "--bucket_owner", "12"], "--bucket_owner"),
        ([*COMMANDS["run"], "--prefix", "/x"], "--prefix '/x' would make S3 keys with an empty part"),
        ([*COMMANDS["run"], "--quiet_run", "--json_events"], "--quiet_run and --json_events contradict"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused(words: list[str], part: str) -> None:
    assert part in refused(*words)


@pytest.mark.parametrize(
    ("options", "shows"), [([], "everything"), (["--quiet_run"], "lines"), (["--json_events"], "events")]
)
def test_what_is_shown_meanwhile(options: list[str], shows: str) -> None:
    spec: Any = parse([*COMMANDS["run"], *options])
    assert spec.shows == shows


def test_a_trial_is_brought_by_its_number() -> None:
    spec: Any = parse(["data", *TASK, "-o", "out", "--trial", "3"])
    assert (spec.trial, spec.job, spec.clean_state) == (3, None, False)
    spec = parse(["data", *TASK, "-o", "out", "--job", "aaaaaaaa", "--clean_state"])
    assert (spec.trial, spec.job, spec.clean_state) == (None, "aaaaaaaa", True)
