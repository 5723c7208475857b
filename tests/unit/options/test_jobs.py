"""The commands for jobs that there are: what each option means, at its bounds too, and which go together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.job_specs import (
    AttachSpec,
    BoardSpec,
    CompareSpec,
    CostSpec,
    DiffSpec,
    ExecSpec,
    HomeSpec,
    JobsSpec,
    ListSpec,
    LogsSpec,
    MetricsSpec,
    RemoveSpec,
    ReplaySpec,
    StatusSpec,
    StopSpec,
)
from simple_sagemaker.core.specs import Place
from tests.unit.cli.typed import refused

JOB = "a1B2c3D4"
P, T = ("-p", "proj"), ("-p", "proj", "-t", "task")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def place(task: str = "", project: str = "proj", **more: Any) -> Place:
    return Place(project=project, task=task, **more)


@pytest.mark.parametrize(
    ("words", "spec"),
    [
        (["ls", *P], ListSpec(place=place(), limit=20)),
        (["ls", *T, "--running", "--limit", "1"], ListSpec(place=place("task"), chosen="running", limit=1)),
        (["ls", "--all_projects", "--failed"], ListSpec(place=place(project=""), chosen="failed", limit=20)),
        (["ls", *P, "--watch", "--limit", "10000"], ListSpec(place=place(), watch=True, limit=10_000)),
        (["ls", *P, "--json", "--quiet"], ListSpec(place=place(), json=True, quiet=True, limit=20)),
        (
            ["ls", *P, "-b", "bucket", "--prefix", "x/", "--bucket_owner", "123456789012"],
            ListSpec(place=place(bucket="bucket", prefix="x/", bucket_owner="123456789012"), limit=20),
        ),
        (["compare", *T], CompareSpec(place=place("task"), limit=20)),
        (["compare", *T, "--sort", "loss", "--csv"], CompareSpec(place=place("task"), limit=20, sort="loss", csv=True)),
        (["compare", *T, "--limit", "10000", "--json"], CompareSpec(place=place("task"), limit=10_000, json=True)),
        (["cost", *P], CostSpec(place=place(), by="task")),
        (["cost", *P, "--by", "type"], CostSpec(place=place(), by="type")),
        (["cost", *P, "--by", "day"], CostSpec(place=place(), by="day")),
        (["status", "--job", JOB], StatusSpec(place=place(project=""), job=JOB)),
        (["status", *T, "--trial", "3"], StatusSpec(place=place("task"), trial=3)),
        (["logs", *T], LogsSpec(place=place("task"))),
        (
            ["logs", *T, "--follow", "--host", "1", "--tail", "0", "--grep", "a.b", "--times"],
            LogsSpec(place=place("task"), follow=True, host=1, tail=0, pattern="a.b", times=True),
        ),
        (
            ["logs", *T, "--host", "10000", "--tail", "10000000"],
            LogsSpec(place=place("task"), host=10_000, tail=10_000_000),
        ),
        (["board", *T], BoardSpec(place=place("task"), port=6006)),
        (["board", *T, "--port", "65535"], BoardSpec(place=place("task"), port=65_535)),
        (["board", *T, "--port", "1"], BoardSpec(place=place("task"), port=1)),
        (["attach", *T], AttachSpec(place=place("task"))),
        (["exec", *T], ExecSpec(place=place("task"), host=1)),
        (
            ["exec", *T, "--host", "2", "--yes", "--", "ls", "-l"],
            ExecSpec(place=place("task"), host=2, yes=True, program=("ls", "-l")),
        ),
        (["exec", *T, "--forward", "65535"], ExecSpec(place=place("task"), host=1, port=65_535)),
        (["exec", *T, "--forward", "1"], ExecSpec(place=place("task"), host=1, port=1)),
        (["stop", *T], StopSpec(place=place("task"))),
        (["stop", *T, "--job", JOB], StopSpec(place=place("task"), job=JOB)),
        (
            ["stop", *P, "--all_tasks", "--yes", "--wait"],
            StopSpec(place=place(), all_tasks=True, yes=True, wait=True),
        ),
        (["metrics", *T, "--step_regex", r"step (\d+)"], MetricsSpec(place=place("task"), step_regex=r"step (\d+)")),
        (["metrics", *T, "--csv"], MetricsSpec(place=place("task"), csv=True)),
        (["rm", "--job", JOB], RemoveSpec(place=place(project=""), job=JOB)),
        (
            ["rm", *T, "--state", "--input", "--yes"],
            RemoveSpec(place=place("task"), state=True, inputs=True, yes=True),
        ),
        (["rm", *T, "--trial", "2", "--state"], RemoveSpec(place=place("task"), trial=2, state=True)),
        (["home"], HomeSpec(place=place(project="", is_local=True))),
        (
            ["home", "--clean", "--yes", "--json", "--quiet"],
            HomeSpec(place=place(project="", is_local=True), clean=True, yes=True, json=True, quiet=True),
        ),
        (["diff", "--job", JOB, "--job", "bbbbbbbb"], DiffSpec(place=place(project=""), jobs=(JOB, "bbbbbbbb"))),
        (["diff", *P, "--job", JOB, "--job", "bbbbbbbb"], DiffSpec(place=place(), jobs=(JOB, "bbbbbbbb"))),
        (["replay", "--job", JOB], ReplaySpec(place=place(project=""), job=JOB)),
        (
            ["replay", "--job", JOB, "--it", "ml.c5.xlarge", "--ic", "2", "-v", "40", "--no_spot"],
            ReplaySpec(
                place=place(project=""),
                job=JOB,
                changed_type="ml.c5.xlarge",
                instance_count=2,
                volume_gb=40,
                no_spot=True,
            ),
        ),
        (
            ["replay", "--job", JOB, "--max_run_mins", "1", "--max_wait_mins", "2", "--tag", "a", "b", "--no_wait"],
            ReplaySpec(place=place(project=""), job=JOB, max_run_mins=1, max_wait_mins=2, tags={"a": "b"}, wait=False),
        ),
        (
            ["replay", "--job", JOB, "--hp", "lr", "2", "--job_env", "A", "1", "--dry_run"],
            ReplaySpec(
                place=place(project=""), job=JOB, hyperparameters={"lr": "2"}, environment={"A": "1"}, dry_run=True
            ),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_means_what_it_says(words: Sequence[str], spec: JobsSpec) -> None:
    found = parse(words)
    assert type(found) is type(spec)
    differing = {
        name: (getattr(found, name), getattr(spec, name))
        for name in found.__dataclass_fields__
        if getattr(found, name) != getattr(spec, name)
    }
    assert not differing


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["ls"], "missing: --project_name NAME (-p); or --all_projects, for the jobs of all projects"),
        (["ls", "-t", "task", "--all_projects", *P], "--all_projects"),
        (["ls", "-t", "task"], "missing: --project_name"),
        (["status", "-t", "task"], "missing: --project_name"),
        (
            ["diff", "-t", "task", "--job", JOB, "--job", "bbbbbbbb"],
            "-t task: name the task's project with --project_name",
        ),
        (["ls", *P, "--running", "--failed"], "--running and --failed contradict"),
        (["ls", *P, "--watch", "--json"], "--watch and --json contradict"),
        (["ls", *P, "--limit", "0"], "--limit 0 is too small"),
        (["ls", *P, "--limit", "10001"], "--limit 10001 is too large"),
        (["compare", *T, "--csv", "--json"], "--csv and --json contradict"),
        (["compare", *T, "--limit", "0"], "--limit 0 is too small"),
        (["compare", *T, "--limit", "10001"], "--limit 10001 is too large"),
        (["cost", *P, "--by", "week"], "--by 'week' is not one of: task, type, day."),
        (["status"], "missing: --project_name NAME (-p), or --job NAME"),
        (["logs", *T, "--tail", "1", "--since", "1h"], "--tail and --since contradict"),
        (["logs", *T, "--host", "0"], "--host 0 is too small"),
        (["logs", *T, "--host", "10001"], "--host 10001 is too large"),
        (["logs", *T, "--tail", "-1"], "--tail"),
        (["logs", *T, "--tail", "10000001"], "--tail 10000001 is too large"),
        (["logs", *T, "--grep", "("], "--grep '(' is not a regular expression: "),
        (["board", *T, "--port", "0"], "--port 0 is too small"),
        (["board", *T, "--port", "65536"], "--port 65536 is too large"),
        (["exec", *T, "--", ""], "the command after -- is empty: leave out -- for a shell"),
        (["exec", *T, "--host", "0"], "--host 0 is too small"),
        (["exec", *T, "--host", "10001"], "--host 10001 is too large"),
        (["exec", *T, "--forward", "0"], "--forward 0 is too small"),
        (["exec", *T, "--forward", "65536"], "--forward 65536 is too large"),
        (["exec", *T, "--forward", "80", "--", "ls"], "--forward runs nothing: leave out --, or use two commands"),
        (["stop", *P], "say what to stop: --task_name NAME (-t), --job NAME, or --all_tasks for all of the project"),
        (["stop", *P, "--job", JOB, "--all_tasks"], "--job and --all_tasks contradict"),
        (["stop", *T, "--all_tasks"], "-t and --all_tasks contradict"),
        (["metrics", *T, "--csv", "--json"], "--csv and --json contradict"),
        (["metrics", *T, "--step_regex", "["], "--step_regex '[' is not a regular expression: "),
        (["rm", *P], "say what to delete: all that ended of --task_name NAME (-t), or --job NAME"),
        (["rm", "--job", JOB, "--state"], "--job and --state contradict"),
        (["rm", "--job", JOB, "--input"], "--job and --input contradict"),
        (["rm", "--job", JOB, "--older", "1h"], "--job and --older contradict"),
        (["rm", *T, "--trial", "1", "--input"], "--trial and --input contradict"),
        (["home", "--older", "1h"], "--older says which jobs --clean deletes: add --clean"),
        (["diff"], "name two jobs to compare: --job A --job B; none is named"),
        (["diff", "--job", JOB], "--job A --job B; 1 is named"),
        (["replay", "--job", JOB, "--dry_run", "--no_wait"], "--dry_run and --no_wait contradict"),
        (["replay", "--job", JOB, "--ic", "0"], "--ic 0 is too small"),
        (["replay", "--job", JOB, "--max_run_mins", "0"], "--max_run_mins 0 is too small"),
        (["replay", "--job", JOB, "--max_run_mins", "40321"], "--max_run_mins 40321 is too large"),
        (["replay", "--job", JOB, "--max_wait_mins", "40321"], "--max_wait_mins 40321 is too large"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused(words: Sequence[str], part: str) -> None:
    assert part in refused(*words)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("0s", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
@pytest.mark.parametrize(("command", "option", "member"), [("ls", "since", "since"), ("rm", "older", "before")])
def test_a_time_may_be_so_long_ago(text: str, ago: timedelta, command: str, option: str, member: str) -> None:
    before = datetime.now(timezone.utc)
    found = getattr(parse([command, *T, f"--{option}", text]), member)
    assert before - ago <= found <= datetime.now(timezone.utc) - ago


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-01-31", datetime(2020, 1, 31, tzinfo=timezone.utc)),
        ("2020-01-31T12:30", datetime(2020, 1, 31, 12, 30, tzinfo=timezone.utc)),
        ("2020-01-31T12:30:00Z", datetime(2020, 1, 31, 12, 30, tzinfo=timezone.utc)),
        ("2020-01-31T12:30:00+02:00", datetime(2020, 1, 31, 10, 30, tzinfo=timezone.utc)),
    ],
)
def test_a_time_may_be_a_date_of_utc(text: str, moment: datetime) -> None:
    for words, member in ((["logs", *T, "--since", text], "since"), (["home", "--clean", "--older", text], "before")):
        assert getattr(parse(words), member) == moment


@pytest.mark.parametrize("text", ["1", "1y", "yesterday", "1234567s", "999999w", "2030-13-01", "-1h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    assert f"--since {text!r} is not a time: write 30s, 10m, 12h, 7d or 2w" in refused("ls", *T, f"--since={text}")


def test_a_time_to_come_is_refused() -> None:
    assert "--since 2999-01-01: that is still to come (it is 20" in refused("ls", *T, "--since", "2999-01-01")
