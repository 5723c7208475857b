"""Jobs as another machine finds them: a home that knows nothing but names does all that their own does."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.core.names import short_name
from tests import typed_ssm
from tests.emulated import Emulator, ended

WORKER = """
import os, sys, time
host = os.environ["SM_CURRENT_HOST"]
for epoch in range(3):
    print(f"{host} epoch {epoch} loss={1 / (epoch + 1 + float(os.environ['SM_HP_LR'])):.4f}", flush=True)
with open(f"{os.environ['SM_MODEL_DIR']}/{host}", "w") as model:
    model.write(open(f"{os.environ['SM_CHANNEL_DATA']}/x.csv").read())
time.sleep(float(sys.argv[-1]))
"""
NAMED = ("-p", "proj", "-t", "task")
Ssm = Callable[..., "subprocess.CompletedProcess[str]"]


def in_folder(emulator: Emulator, folder: Path) -> Ssm:
    """``ssm`` in a folder, with a home of its own."""

    def ssm(*words: str) -> subprocess.CompletedProcess[str]:
        done = emulator.ssm(folder, *words, SSM_HOME=str(folder / "home"))
        assert done.returncode == 0, done.stderr
        return done

    return ssm


@pytest.fixture(scope="module")
def first(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Ssm:
    """``ssm run`` of the task, where its code and its input are."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "w.py").write_text(WORKER)
    (folder / "data").mkdir()
    (folder / "data" / "x.csv").write_text("1,2")
    ssm = in_folder(emulator, folder)
    words = ("run", *NAMED, "-e", "w.py", "--ic", "2", "-i", "data", "--md", "loss", r"loss=(\S+)", "--fr", "--no_wait")
    return lambda *more: ssm(*words, *more)


@pytest.fixture(scope="module")
def jobs(first: Ssm, emulator: Emulator) -> list[str]:
    """The names of two jobs that have ended."""
    names = []
    for rate in ("0", "1"):
        names.append(first("--lr", rate, "--", "0").stdout.strip())
        ended(emulator.client("sagemaker"), names[-1])
    return names


@pytest.fixture
def elsewhere(emulator: Emulator, tmp_path: Path) -> Ssm:
    """``ssm`` in another folder, with another home."""
    return in_folder(emulator, tmp_path)


def test_jobs_are_listed_shown_and_read(jobs: list[str], elsewhere: Ssm) -> None:
    lines = elsewhere("ls", "-p", "proj").stdout.splitlines()
    assert [line.split()[1] for line in lines[1:]] == [short_name(jobs[1]), short_name(jobs[0])]
    assert all("Completed  2 ml.m5.large spot" in line and "loss" in line for line in lines[1:])
    page = " ".join(elsewhere("status", "--job", short_name(jobs[0])).stdout.split())
    for part in (jobs[0], "2 hosts, ml.m5.large spot", "loss 0.3333 0.3333 (lowest) 6", "entry point w.py", "lr=0"):
        assert part in page
    for host in ("1", "2"):
        read = elsewhere("logs", *NAMED, "--host", host, "--grep", "epoch").stdout.splitlines()
        assert read == [f"algo-{host} epoch {epoch} loss={1 / (epoch + 2):.4f}" for epoch in range(3)]


def test_an_ended_job_is_attached_to_and_brings_its_results(jobs: list[str], elsewhere: Ssm, tmp_path: Path) -> None:
    done = elsewhere("attach", "--job", jobs[0], "-o", "out", "--download_model")
    assert "algo-2 | algo-2 epoch 2 loss=0.3333" in done.stdout
    assert "Completed" in done.stderr
    assert (tmp_path / "out" / "model" / "algo-1").read_text() == "1,2"
    assert "algo-2 epoch 2" in (tmp_path / "out" / "logs" / "logs1").read_text()


def test_jobs_are_measured_compared_and_paid_for(jobs: list[str], elsewhere: Ssm) -> None:
    assert elsewhere("metrics", *NAMED).stdout.splitlines()[1].split()[:4] == ["loss", "6", "0.5", "0.25"]
    rows = [line.split() for line in elsewhere("compare", "-p", "proj", "--sort", "loss").stdout.splitlines()]
    assert [row[0] for row in rows[1:]] == [short_name(jobs[1]), short_name(jobs[0])]
    assert [row[rows[0].index("lr")] for row in rows[1:]] == ["1", "0"]
    changes = elsewhere("diff", "--job", jobs[0], "--job", jobs[1]).stdout
    assert "lr: 0 -> 1" in changes
    assert "The code is the same." in changes
    assert elsewhere("cost", "-p", "proj").stdout.splitlines()[1].split()[:2] == ["task", "2"]


def test_another_machine_says_why_a_task_would_run(jobs: list[str], elsewhere: Ssm, tmp_path: Path) -> None:
    (tmp_path / "w.py").write_text(WORKER)
    asked = elsewhere("why", "run", *NAMED, "-e", "w.py", "--ic", "2", "--md", "loss", r"loss=(\S+)", "--lr", "5")
    assert "Would be skipped" in asked.stdout
    assert jobs[1] in asked.stdout
    assert "lr: 1 -> 5" in asked.stdout


def test_a_job_is_run_again_and_deleted(jobs: list[str], elsewhere: Ssm) -> None:
    done = elsewhere("replay", "--job", jobs[0], "--hp", "lr", "3")
    assert "algo-1 epoch 0 loss=0.2500" in done.stdout
    (row, *others) = json.loads(elsewhere("ls", "-p", "proj", "--json").stdout)
    assert [one["job"] for one in others] == [jobs[1], jobs[0]]
    assert row["status"] == "Completed"
    assert "1 job" in elsewhere("rm", "--job", row["job"], "--yes").stdout
    assert [one["job"] for one in json.loads(elsewhere("ls", "-p", "proj", "--json").stdout)] == [jobs[1], jobs[0]]


def test_a_running_job_is_followed_and_stopped(
    jobs: list[str], first: Ssm, elsewhere: Ssm, emulator: Emulator, tmp_path: Path
) -> None:
    name = first("--lr", "2", "--", "300").stdout.strip()
    command = [str(typed_ssm.install(tmp_path / "tools") / "ssm"), "logs", *NAMED, "-f"]
    environment = {**emulator.environment, "SSM_HOME": str(tmp_path / "home")}
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=nothing, stdout=pipe, stderr=pipe, text=True
    ) as follower:
        assert follower.stdout
        assert follower.stderr
        wanted = {f"algo-{host} | algo-{host} epoch 2 loss=0.2000" for host in (1, 2)}
        while wanted:  # the job goes on for minutes after these
            wanted.discard(follower.stdout.readline().rstrip("\n"))
        (running,) = json.loads(elsewhere("ls", "-p", "proj", "--running", "--json").stdout)
        assert (running["job"], running["metric"]) == (name, {"name": "loss", "value": 0.2})
        assert elsewhere("stop", *NAMED, "--wait").stdout == f"Stopped: {name}\n"
        assert f"Stopped: {name}" in re.sub(r" after \d+ s:", ":", follower.stderr.read())
    assert follower.returncode == 3
    elsewhere("rm", "--job", name, "--yes")
