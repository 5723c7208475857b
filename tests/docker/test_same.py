"""The same command lines as processes and as containers: the same results, environment and exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.docker.containers import BASE
from tests.docker.daemon import Daemon

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

WORKER = """
import json, os, sys, time
from pathlib import Path
from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig()
who = config.current_host
inputs = sorted(path.name for path in Path(config.channel_data).iterdir())
before = sorted(str(path.relative_to(config.state)) for path in Path(config.state).rglob("*") if path.is_file())
Path(config.instance_state, "mark").write_text(who)
Path(config.model_dir, who).write_text("model of " + who)
Path(config.output_data_dir, who).write_text("output of " + who)
Path(config.model_dir, who + ".json").write_text(json.dumps([dict(os.environ), sys.argv, os.getcwd(), inputs, before]))
print("Score=%s;" % who[-1], "of", who)
if who == "algo-2" and config.hps["code"] != "0":
    time.sleep(3)  # the other host is ended with this one: it has written by then
    sys.exit(int(config.hps["code"]))
"""

# The rows of the table in docs/docker.md, and what each host's Python and image bring.
DIFFERENT = {"SM_NETWORK_INTERFACE_NAME", "NCCL_SOCKET_IFNAME", "MASTER_PORT"}
OF_THE_PLACE = {
    *("PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "_", "HOSTNAME", "LANG", "LC_ALL", "TZ", "USER", "TERM"),
    *("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "PYTHONNOUSERSITE"),
    *("SSM_PYTHON", "SSM_PYTHON_BELOW", "SSM_ENVIRONMENTS"),
}
# These hold one of the others.
INSIDE = {"SM_TRAINING_ENV", "SM_RESOURCE_CONFIG"}


def ssm(folder: Path, engine: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ssm with a home of this engine's own."""
    variables = {**os.environ, "SSM_ENGINE": engine, "SSM_HOME": str(folder / f"home-{engine}")}
    return subprocess.run(
        [sys.executable, "-m", "simple_sagemaker.cli.main", *words],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def ran(folder: Path, engine: str, task: str, *words: str) -> tuple[int, Path, str]:
    """The exit status of a job of two hosts, where its results are, and what was said of it."""
    out = folder / f"out-{engine}-{task}"
    more = [
        "--image_uri",
        BASE,
        "--ic",
        "2",
        "-o",
        str(out),
        "--download_model",
        "--download_output",
        "--download_state",
    ]
    done = ssm(
        folder, engine, "run", "-p", "p", "-t", task, "-e", "worker.py", "-i", "data", "ShardedByS3Key", *more, *words
    )
    return done.returncode, out, done.stderr


@pytest.fixture
def folder(docker: Daemon, tmp_path: Path) -> Path:
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    (tmp_path / "data").mkdir()
    for name in "abc":
        (tmp_path / "data" / name).write_text(name, encoding="utf-8")
    return tmp_path


def told(model: Path) -> dict[str, list[Any]]:
    return {host: json.loads((model / f"{host}.json").read_text()) for host in ("algo-1", "algo-2")}


def without(variables: Mapping[str, str], job: str) -> dict[str, str]:
    """The variables that must be the same, with the job's own name taken out of them."""
    left = {name: value for name, value in variables.items() if name not in DIFFERENT | OF_THE_PLACE | INSIDE}
    return {name: value.replace(job, "JOB").replace(job.lower(), "JOB") for name, value in left.items()}


def test_results_arguments_and_environment_are_the_same(folder: Path) -> None:
    words = ["--code", "0", "--msg", "a b", "--md", "Score", "Score=(.*?);", "--job_env", "OF_MINE", "x y"]
    arguments = ["--", "--last", "", "$HOME", "é\\n"]
    found = {engine: ran(folder, engine, "same", *words, *arguments) for engine in ("local", "docker")}
    assert {engine: status for engine, (status, _, _) in found.items()} == {"local": 0, "docker": 0}, found
    (_, here, _), (_, there, _) = found["local"], found["docker"]
    assert files(here / "state") == files(there / "state") == {"algo-1/mark": "algo-1", "algo-2/mark": "algo-2"}
    assert files(here / "output") == files(there / "output") == {"algo-1": "output of algo-1"}
    assert {*files(here / "model")} == {*files(there / "model")}
    mine, theirs = told(here / "model"), told(there / "model")
    for host in ("algo-1", "algo-2"):
        assert mine[host][1:] == theirs[host][1:]  # words, working folder, shares of the input, state before
        one, other = mine[host][0], theirs[host][0]
        assert without(one, one["TRAINING_JOB_NAME"]) == without(other, other["TRAINING_JOB_NAME"])
    lines = [(here / "logs" / f"logs{number}").read_text().splitlines()[-1] for number in (0, 1)]
    assert lines == [(there / "logs" / f"logs{number}").read_text().splitlines()[-1] for number in (0, 1)]


def test_a_failure_ends_the_same_and_the_next_run_finds_the_state(folder: Path) -> None:
    found = {engine: ran(folder, engine, "fails", "--code", "7") for engine in ("local", "docker")}
    assert {engine: status for engine, (status, _, _) in found.items()} == {"local": 1, "docker": 1}, found
    reasons = {
        engine: next(line for line in said.splitlines() if line.startswith("AlgorithmError"))
        for engine, (_, _, said) in found.items()
    }
    assert reasons["local"] == reasons["docker"]
    again = {engine: ran(folder, engine, "fails", "--code", "0") for engine in ("local", "docker")}
    for engine, (status, out, said) in again.items():
        assert status == 0, (engine, said)
        assert told(out / "model")["algo-1"][4] == ["algo-1/mark", "algo-2/mark"]
