"""``ssm metrics``, ``ssm compare`` and ``ssm cost``: what jobs measured and used, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

WORKER = """
import sys
lr = float(sys.argv[sys.argv.index("--lr") + 1])
for epoch in range(1, 4):
    print(f"epoch {epoch} loss={lr / epoch} acc={epoch * 10}")
print("loss=nan")
print("other=1")
"""


def run(shell: Shell, task: str, lr: str, *options: str) -> None:
    shell.write("w.py", WORKER)
    words = ("--md", "loss", r"loss=(\S+)", "--md", "acc", r"acc=(\S+)", "--md", "gone", r"gone=(\S+)")
    done = shell.ssm("run", "-p", "proj", "-t", task, "-e", "w.py", *words, "--lr", lr, "--same", "1", *options)
    assert done.status == 0, done.err


def test_every_value_of_a_metric_with_its_step(shell: Shell) -> None:
    run(shell, "t", "6", "--ic", "2")
    done = shell.ssm("metrics", "-p", "proj", "-t", "t", "--csv", "--step_regex", r"epoch (\d+)")
    assert done.status == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    for host in ("algo-1", "algo-2"):
        mine = [(row["metric"], row["number"], row["step"], row["value"]) for row in rows if row["host"] == host]
        assert [one for one in mine if one[0] == "loss"] == [
            ("loss", "1", "1", "6.0"), ("loss", "2", "2", "3.0"), ("loss", "3", "3", "2.0"), ("loss", "4", "3", "nan"),
        ]  # fmt: skip
        assert [one[3] for one in mine if one[0] == "acc"] == ["10.0", "20.0", "30.0"]
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)

    points = json.loads(shell.ssm("metrics", "-p", "proj", "-t", "t", "--json").out)
    assert {point["value"] for point in points if point["metric"] == "loss"} == {6.0, 3.0, 2.0, "NaN"}
    assert {point["step"] for point in points} == {None}
    table = shell.ssm("metrics", "-p", "proj", "-t", "t").out.splitlines()
    assert [line.split()[:2] for line in table] == [["METRIC", "VALUES"], ["loss", "8"], ["acc", "6"]]
    assert "2 (lowest)" in table[1]
    assert table[2].endswith("▁▅█")


def test_a_job_without_metrics_says_how_to_get_some(shell: Shell) -> None:
    assert shell.ssm("shell", "-p", "proj", "-t", "t", "--cmd_line", "true").status == 0
    done = shell.ssm("metrics", "-p", "proj", "-t", "t")
    assert (done.status, done.out) == (0, "")
    assert "defines no metric: --metric_definitions NAME REGEX (--md)" in done.err


def test_jobs_side_by_side_by_what_differs(shell: Shell) -> None:
    for number, lr in enumerate(("6", "3", "12")):
        run(shell, f"t{number}", lr)
    lines = shell.ssm("compare", "-p", "proj", "--sort", "acc").out.splitlines()
    assert lines[0].split() == ["TASK", "JOB", "STATUS", "lr", "loss", "acc", "AGE", "RAN"]
    rows = json.loads(shell.ssm("compare", "-p", "proj", "--sort", "lr", "--json").out)
    assert [row["hyperparameters"] for row in rows] == [{"lr": lr, "same": "1"} for lr in ("3", "6", "12")]
    assert [row["metrics"]["acc"] for row in rows] == [30.0] * 3
    table = list(csv.DictReader(io.StringIO(shell.ssm("compare", "-p", "proj", "--csv").out)))
    assert [(row["task"], row["hp.lr"], row["hp.same"], row["metric.acc"]) for row in table] == [
        ("t2", "12", "1", "30.0"), ("t1", "3", "1", "30.0"), ("t0", "6", "1", "30.0"),
    ]  # fmt: skip
    wrong = shell.ssm("compare", "-p", "proj", "--sort", "losss")
    assert wrong.status == 2
    assert "none of these jobs has a metric or hyperparameter 'losss'" in wrong.err
    assert "loss, acc, lr, same" in wrong.err


def test_times_add_up_by_task_type_and_day(shell: Shell) -> None:
    run(shell, "a", "1", "--ic", "2")
    run(shell, "b", "1")
    rows = json.loads(shell.ssm("cost", "-p", "proj", "--json").out)
    assert {row["name"]: row["jobs"] for row in rows} == {"proj/a": 1, "proj/b": 1}
    by_name = {row["name"]: row["ran_h"] * 3600 for row in rows}
    assert by_name["proj/a"] >= 2 * by_name["proj/b"] * 0.99 >= 1.9
    (whole,) = json.loads(shell.ssm("cost", "-p", "proj", "--by", "type", "--json").out)
    assert (whole["name"], whole["jobs"]) == ("this machine", 2)
    done = shell.ssm("cost", "-p", "proj", "--by", "day")
    assert done.out.splitlines()[0].split()[:3] == ["DAY", "JOBS", "TRAINED"]
    assert "cost nothing" in done.err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["cost", "-p", "x", "--by", "month"], "--by 'month' is not one of: task, type, day"),
        (["metrics", "-p", "x", "--csv", "--json"], "contradict each other"),
        (["metrics", "-p", "x", "--step_regex", "["], "--step_regex '[' is not a regular expression"),
        (["compare"], "missing: --project_name NAME (-p); or --all_projects"),
        (["rm", "-p", "x"], "say what to delete"),
        (["rm", "--job", "a1B2c3D4", "--state"], "contradict each other"),
        (["home", "--older", "1d"], "add --clean"),
        (["home", "-p", "x"], "there is no option -p"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_named(shell: Shell, words: list[str], part: str) -> None:
    done = shell.ssm(*words)
    assert done.status == 2
    assert part in done.err, done.err


def test_a_home_that_is_not_there_is_empty(shell: Shell, tmp_path: Path) -> None:
    done = shell.ssm("home", environment={"SSM_HOME": str(tmp_path / "nowhere")})
    assert (done.status, done.out) == (0, "")
    assert "There is nothing in" in done.err
    assert not (tmp_path / "nowhere").exists()
