"""The day after the run: jobs listed, looked at, read, followed and stopped by commands that know nothing but names."""

from __future__ import annotations

import json
import re
import subprocess
import time
from typing import Any

import pytest

from simple_sagemaker.core.names import short_name
from tests.cli.conftest import Done, Shell

WORKER = """
import os, sys, time
rank = os.environ["SM_CURRENT_HOST"]
for epoch in range(3):
    print(f"{rank} epoch {epoch} loss={1 / (epoch + 1):.4f}", flush=True)
while not os.path.exists(sys.argv[-2]):
    time.sleep(0.05)
sys.exit(int(sys.argv[-1]))
"""
METRIC = ("--md", "loss", r"loss=(\S+)")


def start(shell: Shell, task: str = "task", *options: str, status: int = 0, wait: bool = True) -> str:
    """A job; without ``wait`` one that runs until there is a file ``go``. Returns its name."""
    shell.write("w.py", WORKER)
    mark = shell.folder / ("w.py" if wait else "go")
    words = ("run", "-p", "proj", "-t", task, "-e", "w.py", *METRIC, "--no_wait", "--fr", *options)
    done = shell.ssm(*words, "--", str(mark), str(status), environment={"SSM_ISOLATION": "plain"})
    assert done.status == 0, done.err
    name = done.out.strip()
    if wait:
        shell.ssm("attach", "--job", name)
    return name


def go(shell: Shell) -> None:
    shell.write("go", "")


def listed(shell: Shell, *words: str) -> list[dict[str, Any]]:
    done = shell.ssm("ls", *words, "--json")
    assert done.status == 0, done.err
    rows: list[dict[str, Any]] = json.loads(done.out)
    return rows


def following(shell: Shell, *words: str) -> subprocess.Popen[bytes]:
    command = shell.command(*words)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=shell.folder, env=shell.environment, stdout=pipe, stderr=pipe)


def ended(process: subprocess.Popen[bytes]) -> Done:
    out, err = process.communicate(timeout=300)
    return Done(process.returncode, out.decode(), err.decode())


def test_ls_has_a_line_for_each_job_with_its_end_and_its_metric(shell: Shell) -> None:
    good, bad = start(shell, "good"), start(shell, "bad", "--ic", "2", status=3)
    lines = shell.ssm("ls", "-p", "proj").out.splitlines()
    assert lines[0].split() == ["TASK", "JOB", "STATUS", "ON", "AGE", "RAN", "METRIC"]
    assert [line.split()[:2] for line in lines[1:]] == [["bad", short_name(bad)], ["good", short_name(good)]]
    assert re.search(r"Failed: .*\b2 local\b.*loss 0\.3333", lines[1])
    assert re.search(r"Completed +local .*loss 0\.3333", lines[2])

    rows = listed(shell, "-p", "proj")
    assert [(row["job"], row["status"], row["hosts"]) for row in rows] == [(bad, "Failed", 2), (good, "Completed", 1)]
    assert rows[1]["metric"] == {"name": "loss", "value": 0.3333}
    assert rows[1]["ended"] > rows[1]["created"] > "2025-"
    assert [row["task"] for row in listed(shell, "-p", "proj", "--failed")] == ["bad"]
    assert [row["task"] for row in listed(shell, "-p", "proj", "-t", "good")] == ["good"]
    assert listed(shell, "-p", "proj", "--running") == []
    assert [row["task"] for row in listed(shell, "--all_projects", "--since", "1h")] == ["bad", "good"]
    limited = shell.ssm("ls", "-p", "proj", "--limit", "1")
    assert len(limited.out.splitlines()) == 2
    assert "--limit" in limited.err
    nothing = shell.ssm("ls", "-p", "other")
    assert (nothing.status, nothing.out) == (0, "")
    assert "There is no job of project 'other'" in nothing.err
    assert shell.ssm("ls", "-p", "other", "--quiet").err == ""


def test_a_running_job_is_listed_with_its_newest_value_and_stops(shell: Shell) -> None:
    name = start(shell, wait=False)
    until = time.monotonic() + 60
    while (rows := listed(shell, "-p", "proj", "--running")) and not rows[0]["metric"] and time.monotonic() < until:
        time.sleep(0.1)
    assert [(row["job"], row["status"], row["metric"]["value"]) for row in rows] == [(name, "InProgress", 0.3333)]
    assert rows[0]["ended"] is None

    done = shell.ssm("stop", "-p", "proj", "-t", "task", "--wait")
    assert (done.status, done.out) == (0, f"Stopped: {name}\n"), done.err
    again = shell.ssm("stop", "-p", "proj", "-t", "task")
    assert again.status == 4
    assert "No job of task 'task' of project 'proj' is running" in again.err
    named = shell.ssm("stop", "--job", short_name(name))
    assert named.status == 4
    assert "has ended (Stopped)" in named.err


def test_several_jobs_stop_only_when_a_person_says_so(shell: Shell) -> None:
    one, other = start(shell, "a", wait=False), start(shell, "b", wait=False)
    refused = shell.ssm("stop", "-p", "proj", "--all_tasks")
    assert refused.status == 2
    assert "2 jobs would stop" in refused.err
    assert "--yes" in refused.err
    assert len(listed(shell, "-p", "proj", "--running")) == 2
    done = shell.ssm("stop", "-p", "proj", "--all_tasks", "--yes", "--wait", "--json")
    assert done.status == 0, done.err
    assert {row["job"]: row["status"] for row in json.loads(done.out)} == {one: "Stopped", other: "Stopped"}


def test_status_shows_one_job_whole(shell: Shell) -> None:
    shell.write("data/x.csv", "1")
    name = start(shell, "task", "-i", "data", "--lr", "0.1", "--job_env", "COLOUR", "red", status=3)
    done = shell.ssm("status", "-p", "proj", "-t", "task")
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == name
    parts = {line[:12].strip(): line[12:] for line in lines[1:] if line[:1] != " "}
    assert parts["Task"] == "task of project proj (training)"
    assert parts["Status"].startswith("Failed: ")
    assert parts["On"] == "this machine, 1 host"
    assert "red" not in done.out  # values of variables may be secret
    text = " ".join(done.out.split())
    for part in (
        "lr=0.1",
        "variables COLOUR",
        "entry point w.py",
        "loss 0.3333 0.3333 (lowest) 3",
        "Inputs data data s3://",
    ):
        assert part in text
    assert f"ssm logs -p proj -t task --job {short_name(name)}" in done.out

    report = json.loads(shell.ssm("status", "--job", short_name(name), "--json").out)
    assert report["made_from"]["hyperparameters"] == {"lr": "0.1"}
    assert report["metrics"] == [{"name": "loss", "newest": 0.3333, "best": "0.3333 (lowest)", "count": 3}]
    assert [one["name"] for one in report["phases"]] == ["Starting", "Downloading", "Training", "Uploading"]
    assert report["made_from"]["inputs"][0]["channel"] == "data"


def test_status_counts_starts_and_interruptions(shell: Shell) -> None:
    mark = shell.folder / "been"
    shell.write(
        "w.py",
        "import os, sys, time\n"
        "if os.path.exists(sys.argv[-1]):\n    sys.exit(5)\n"
        "open(sys.argv[-1], 'w').close()\ntime.sleep(600)\n",
    )
    spot = {"SSM_ISOLATION": "plain", "SSM_SPOT_INTERRUPT_S": "1"}
    done = shell.ssm("run", "-p", "proj", "-t", "task", "-e", "w.py", "--", str(mark), environment=spot)
    assert done.status == 1, done.err
    report = json.loads(shell.ssm("status", "-p", "proj", "-t", "task", "--json").out)
    assert report["interruptions"] >= 1  # a busy machine may interrupt it before the code has begun
    assert report["starts"] == report["interruptions"] + 1
    start(shell, "another")
    report = json.loads(shell.ssm("status", "-p", "proj", "-t", "another", "--json").out)
    assert (report["starts"], report["interruptions"]) == (1, 0)


def test_logs_are_whole_in_order_and_chosen(shell: Shell) -> None:
    start(shell, "task", "--ic", "2")
    done = shell.ssm("logs", "-p", "proj", "-t", "task")
    assert done.status == 0
    for host in ("algo-1", "algo-2"):
        mine = [line.split("| ", 1)[1] for line in done.out.splitlines() if line.startswith(host) and "loss" in line]
        assert mine == [f"{host} epoch {epoch} loss={1 / (epoch + 1):.4f}" for epoch in range(3)]

    second = shell.ssm("logs", "-p", "proj", "-t", "task", "--host", "2", "--tail", "1")
    assert second.out == "algo-2 epoch 2 loss=0.3333\n"
    times = shell.ssm(
        "logs", "-p", "proj", "-t", "task", "--host", "1", "--grep", "epoch [01]", "--times"
    ).out.splitlines()
    assert [re.sub(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ ", "", line) for line in times] == [
        "algo-1 epoch 0 loss=1.0000",
        "algo-1 epoch 1 loss=0.5000",
    ]
    assert shell.ssm("logs", "-p", "proj", "-t", "task", "--since", "1d", "--tail", "0").status == 2
    assert shell.ssm("logs", "-p", "proj", "-t", "task", "--tail", "0").out == ""
    events = [json.loads(line) for line in shell.ssm("logs", "-p", "proj", "-t", "task", "--json").out.splitlines()]
    assert {event["event"] for event in events} == {"line"}
    assert next(event["line"] for event in events if event["host"] == 2 and "loss" in event["line"]).endswith("1.0000")
    wrong = shell.ssm("logs", "-p", "proj", "-t", "task", "--host", "3")
    assert wrong.status == 2
    assert "--host 3" in wrong.err
    assert "has 2 hosts" in wrong.err


def test_logs_followed_come_at_once_and_end_as_the_job_does(shell: Shell) -> None:
    name = start(shell, wait=False, status=3)
    process = following(shell, "logs", "-f", "-p", "proj", "-t", "task")
    assert process.stdout
    while b"epoch 2" not in process.stdout.readline():  # it has come although the job goes on
        assert process.poll() is None
    go(shell)
    done = ended(process)
    assert done.status == 1
    assert "Failed after" in done.err or f"Failed: {name}" in done.err
    again = shell.ssm("logs", "-f", "--job", name, "--json")
    assert again.status == 1
    events = [json.loads(line) for line in again.out.splitlines()]
    assert events[-1]["event"] == "end"
    assert events[-1]["status"] == "Failed"
    assert [event["line"] for event in events[:-1] if "loss" in event["line"]] == [
        f"algo-1 epoch {epoch} loss={1 / (epoch + 1):.4f}" for epoch in range(3)
    ]


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["lines", "json"])
def test_logs_followed_end_when_nobody_reads_them_any_more(shell: Shell, as_json: tuple[str, ...]) -> None:
    """As in ``ssm logs -f … | grep -q ready``; the job goes on."""
    shell.write(
        "w.py", "import os, time\nwhile not os.path.exists('go'):\n    print('x', flush=True)\n    time.sleep(0.05)\n"
    )
    name = shell.run("-e", "w.py", "--no_wait").out.strip()
    with following(shell, "logs", "-f", "--job", name, *as_json) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    assert [row["status"] for row in listed(shell, "-p", "proj")] == ["InProgress"]
    assert shell.ssm("stop", "--job", name, "--wait").status == 0


def test_attach_shows_what_run_shows_and_brings_the_results(shell: Shell) -> None:
    name = start(shell, wait=False)
    process = following(shell, "attach", "--job", short_name(name), "-o", "out", "--download_model")
    go(shell)
    done = ended(process)
    assert done.status == 0, done.err
    assert "algo-1 | algo-1 epoch 2 loss=0.3333" in done.out
    assert "Completed" in done.err
    assert "Results: out/ (" in done.err
    assert "epoch 2" in shell.log()


def test_a_short_name_brings_a_jobs_results(shell: Shell) -> None:
    name = start(shell, status=3)
    done = shell.ssm("data", "-p", "proj", "-t", "task", "--job", short_name(name), "-o", "out")
    assert done.status == 0, done.err
    assert f"Failed: {name}" in done.err
    done = shell.ssm("data", "-p", "proj", "-t", "task", "--job", "00000000", "-o", "out")
    assert done.status == 4
    assert "--job 00000000: there is no such job of task 'task'" in done.err
    assert name in done.err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["ls"], "missing: --project_name NAME (-p); or --all_projects"),
        (["ls", "-p", "x", "--all_projects"], "contradict each other"),
        (["ls", "-p", "x", "--running", "--failed"], "contradict each other"),
        (["ls", "-p", "x", "--since", "soon"], "--since 'soon' is not a time: write 30s, 10m, 12h, 7d or 2w"),
        (["ls", "-p", "x", "--since", "2999-01-01"], "that is still to come"),
        (["ls", "-p", "x", "--limit", "0"], "--limit 0 is too small"),
        (["ls", "-p", "x", "--watch"], "--watch redraws a terminal"),
        (["ls", "-p", "x", "--jobs"], "there is no option --jobs"),
        (["ls", "-p", "x", "--follow"], "it is one of 'ssm logs'"),
        (["status"], "missing: --project_name NAME (-p), or --job NAME"),
        (["status", "-t", "t"], "missing: --project_name NAME (-p), or --job NAME"),
        (["status", "-t", "t", "--job", "a1B2c3D4"], "name the task's project with --project_name NAME (-p)"),
        (["status", "--job", "short"], "--job 'short' is not the name of a job"),
        (["status", "-p", "x"], "There is no job of project 'x'"),
        (["logs", "-p", "x", "--grep", "("], "--grep '(' is not a regular expression"),
        (["logs", "-p", "x", "--host", "0"], "--host 0 is too small"),
        (["logs", "-p", "x", "--", "word"], "runs no code"),
        (["attach", "-p", "x", "--download_model"], "name the folder for it with --output_path DIR (-o)"),
        (["stop", "-p", "x"], "say what to stop: --task_name NAME (-t), --job NAME, or --all_tasks"),
        (["stop", "-p", "x", "-t", "t", "--all_tasks"], "contradict each other"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_mistake_is_named_and_nothing_is_done(shell: Shell, words: list[str], part: str) -> None:
    done = shell.ssm(*words)
    assert done.status in {2, 4}
    assert part in done.err, done.err
    assert done.out == ""


def test_a_job_that_is_named_is_found_without_looking_at_all_others(shell: Shell) -> None:
    name = start(shell, status=3)
    index = shell.home / "cache" / "ended-jobs"
    index.unlink(missing_ok=True)
    done = shell.ssm("status", "--job", short_name(name))
    assert done.status == 0, done.err
    assert done.out.splitlines()[0] == name
    assert not index.exists()
    while not index.exists():  # a job is kept there once its folder has been as it is for a tenth of a second
        assert shell.ssm("status", "-p", "proj").status == 0
