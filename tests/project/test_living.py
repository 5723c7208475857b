"""A project's jobs from Python: found whoever started them, followed as events, and tables of what they measured."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import Project
from simple_sagemaker.core.names import short_name
from simple_sagemaker.errors import InputNotFound, UsageError

WORKER = """
import os, sys, time
lr = float(sys.argv[sys.argv.index("--lr") + 1])
for epoch in range(1, 4):
    print(f"epoch {epoch} loss={lr / epoch}", flush=True)
while not os.path.exists(sys.argv[-1]):
    time.sleep(0.05)
"""
METRIC = {"loss": r"loss=(\S+)"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SSM_ISOLATION", "plain")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.py").write_text(WORKER)
    return Project("demo", engine="local")


def run(project: Project, task: str, lr: float, mark: str = "w.py") -> str:
    options: Any = {
        "hyperparameters": {"lr": lr},
        "metric_definitions": METRIC,
        "arguments": [str(Path(mark).absolute())],
    }
    return project.run(task, "w.py", wait=mark == "w.py", **options).name


def test_jobs_are_listed_and_found_by_another_project_object(project: Project) -> None:
    first, second = run(project, "a", 6), run(project, "b", 3)
    other = Project("demo", engine="local")
    jobs = other.jobs()
    assert [(one.job, one.status, one.hyperparameters, one.metrics) for one in jobs] == [
        (second, "Completed", {"lr": "3"}, {"loss": 1.0}),
        (first, "Completed", {"lr": "6"}, {"loss": 2.0}),
    ]
    assert [one.job for one in other.jobs("a")] == [first]
    assert len(other.jobs(only="failed")) == len(other.jobs(since=timedelta(0))) == 0
    assert [one.job for one in other.jobs(limit=1)] == [second]
    job = other.job(short_name(first))
    assert (job.name, job.status, job.task_name) == (first, "Completed", "a")
    assert [(one.metric, one.number, one.step, one.value) for one in job.metrics(r"epoch (\d+)")] == [
        ("loss", 1, 1.0, 6.0),
        ("loss", 2, 2.0, 3.0),
        ("loss", 3, 3.0, 2.0),
    ]
    html = jobs._repr_html_()
    assert html.count("<tr>") == 3
    assert "<th>metrics.loss</th>" in html
    with pytest.raises(InputNotFound, match="there is no such job of project 'demo'"):
        other.job("00000000")
    with pytest.raises(UsageError, match="'short' is not the name of a job"):
        other.job("short")
    with pytest.raises(UsageError, match="limit 0 is too small"):
        other.jobs(limit=0)


def test_a_job_is_followed_as_events_and_left_alone(project: Project, tmp_path: Path) -> None:
    name = run(project, "a", 6, "go")
    job = Project("demo", engine="local").job(name)
    for event in job.follow():
        if event.event == "line" and "epoch 3" in event.line:
            break
    assert job.status == "InProgress"
    (tmp_path / "go").touch()
    events = list(job.follow())
    assert [one.line for one in events if one.event == "line" and "loss" in one.line] == [
        "epoch 1 loss=6.0",
        "epoch 2 loss=3.0",
        "epoch 3 loss=2.0",
    ]
    assert {one.metric for one in events if one.event == "metric"} == {"loss"}
    end = events[-1]
    assert end.event == "end"
    assert (end.job, end.status, end.reason) == (name, "Completed", None)


def test_who_is_slow_to_take_a_jobs_events_still_gets_every_line(project: Project, tmp_path: Path) -> None:
    (tmp_path / "many.py").write_text("for number in range(12_000):\n    print(number)\n")
    job = Project("demo", engine="local").job(project.run("many", "many.py", wait=False).name)
    lines: list[str] = []
    for event in job.follow():
        if event.event == "line":
            if not lines:
                time.sleep(1.5)  # more come meanwhile than are kept for whoever is slow
            lines.append(event.line)
    assert [line for line in lines if line.isdigit()] == [str(number) for number in range(12_000)]


def test_without_pandas_a_table_says_what_is_missing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as Python marks what cannot be imported
    with pytest.raises(UsageError, match="pip install pandas"):
        project.jobs().to_dataframe()
