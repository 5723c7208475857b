"""One run in MLflow for a job's whole life, with MLflow itself and its server on loopback: `tox -e mlflow`.

MLFLOW_PYTHON names a Python that has MLflow, where the one that runs the tests has not.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell

pytestmark = [pytest.mark.mlflow, pytest.mark.timeout(600)]

PYTHON = os.environ.get("MLFLOW_PYTHON", sys.executable)
METRIC = ("--md", "loss", r"loss=(\S+)")
# Goes on from its state, one step after another, until it is done.
STEPS = """
import os, sys, time
from pathlib import Path
print("variables", sorted(name for name in os.environ if name.startswith("MLFLOW_")), flush=True)
state = Path(os.environ["SSM_INSTANCE_STATE"]) / "step"
step = int(state.read_text()) if state.exists() else 0
while step < int(sys.argv[sys.argv.index("--steps") + 1]):
    print(f"loss={100 - step}", flush=True)
    step += 1
    state.write_text(str(step))
    time.sleep(0.5)
"""
READ = """
import json, sys
from mlflow.tracking import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
runs = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]):
        metrics = {name: sorted([one.step, one.value] for one in client.get_metric_history(run.info.run_id, name))
                   for name in run.data.metrics}
        runs.append({"experiment": experiment.name, "id": run.info.run_id, "name": run.info.run_name,
                     "status": run.info.status, "params": run.data.params, "tags": run.data.tags, "metrics": metrics,
                     "artifacts": [one.path for one in client.list_artifacts(run.info.run_id)]})
print(json.dumps(runs))
"""


def runs_at(uri: str) -> list[dict[str, Any]]:
    """All runs that MLflow has, the oldest first."""
    done = subprocess.run([PYTHON, "-c", READ, uri], capture_output=True, check=True, timeout=120)
    runs: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return runs


class Server:
    """MLflow's server on loopback, with SQLite."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.start()

    def start(self) -> None:
        store = f"sqlite:///{self._folder}/server.db"
        line = [PYTHON, "-m", "mlflow", "server", "--backend-store-uri", store, "--host", "127.0.0.1"]
        line += ["--port", str(self.port), "--workers", "1", "--artifacts-destination", str(self._folder / "files")]
        with open(self._folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(line, stdout=log, stderr=log, cwd=self._folder, start_new_session=True)
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.5)
        raise AssertionError((self._folder / "server.log").read_text(encoding="utf-8"))

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.kill()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.environment |= {"SSM_PYTHON": PYTHON, "SSM_STOP_GRACE_S": "60"}
    shell.write("steps.py", STEPS)
    return shell


def local_uri(shell: Shell, project: str = "proj") -> str:
    return f"sqlite:///{shell.home}/mlflow/{project}/mlflow.db"


def runs_of(uri: str, task: str) -> list[dict[str, Any]]:
    return [run for run in runs_at(uri) if run["tags"].get("ssm.task") == task or run["name"].startswith(f"{task}-")]


def test_two_hosts_and_two_interruptions_are_one_run(shell: Shell, shared_server: Server) -> None:
    line = ("run", "-p", "proj", "-t", "hosts", "-e", "steps.py", "--ic", "2", *METRIC, "--steps", "60")
    more = ("--mlflow_to", shared_server.uri, "-o", "out")
    # each start takes MLflow some seconds to import, and steps take 30 s
    done = shell.ssm(*line, *more, environment={"SSM_SPOT_INTERRUPT_S": "20,20"})
    assert done.status == 0, done.err
    (run,) = runs_of(shared_server.uri, "hosts")
    assert run["status"] == "FINISHED"
    assert run["experiment"] == "proj"
    assert run["params"] == {"steps": "60"}
    assert run["tags"]["ssm.attempts"] == "3"
    assert run["tags"]["ssm.hosts"] == "2"
    steps = [step for step, _ in run["metrics"]["loss"]]
    assert steps == list(range(len(steps)))
    values = [value for _, value in run["metrics"]["loss"]]
    assert values == sorted(values, reverse=True)
    assert {100 - value for value in values} >= set(range(55))
    assert "MLFLOW_RUN_ID" in shell.log("out", 0)
    assert "variables []" in shell.log("out", 1)


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ("import mlflow; mlflow.log_metric('own', 1); raise ValueError('wrong')", "FAILED"),
        ("import mlflow; mlflow.start_run(); import os; os.kill(os.getpid(), 9)", "FAILED"),
        ("import mlflow; mlflow.start_run(); mlflow.log_param('lr', 0.5); print('well')", "FINISHED"),
    ],
)
def test_a_run_ends_as_its_job_does(shell: Shell, ends: str, state: str) -> None:
    shell.write("ends.py", ends)
    done = shell.run("-e", "ends.py", "--mlflow_to", "local", "--lr", "5e-1")
    assert done.status == (0 if state == "FINISHED" else 1)
    (run,) = runs_at(local_uri(shell))
    assert run["status"] == state
    assert run["params"] == {"lr": "0.5" if "log_param" in ends else "5e-1"}


def test_a_failure_of_another_host_is_the_runs_too(shell: Shell) -> None:
    shell.write(
        "w.py", "import os, time\ntime.sleep(3)\nif os.environ['SSM_HOST_RANK'] == '1': 1 / 0\ntime.sleep(120)\n"
    )
    done = shell.run("-e", "w.py", "--ic", "2", "--mlflow_to", "local")
    assert done.status == 1
    (run,) = runs_at(local_uri(shell))
    assert run["status"] == "FAILED"
    assert run["tags"]["ssm.failed_host"] == "algo-2"


def test_a_job_that_is_stopped_has_a_run_that_was_killed(shell: Shell) -> None:
    assert shell.run("-e", "steps.py", "--steps", "600", "--mlflow_to", "local", "--no_wait").status == 0
    until = time.monotonic() + 60
    while "loss=" not in shell.ssm("logs", "-p", "proj", "-t", "task").out:
        assert time.monotonic() < until
        time.sleep(0.5)
    shell.ssm("stop", "-p", "proj", "-t", "task", "--yes", "--wait")
    (run,) = runs_at(local_uri(shell))
    assert run["status"] == "KILLED"


def test_a_metric_that_the_script_logs_is_left_to_it(shell: Shell) -> None:
    shell.write(
        "both.py",
        "import mlflow\nfor step in range(3):\n    print(f'loss={step} acc={step}', flush=True)\n"
        "    mlflow.log_metric('loss', step * 10, step=step * 5)\n",
    )
    done = shell.run("-e", "both.py", "--mlflow_to", "local", *METRIC, "--md", "acc", r"acc=(\S+)")
    assert done.status == 0, done.err
    (run,) = runs_at(local_uri(shell))
    assert run["metrics"] == {"loss": [[0, 0], [5, 10], [10, 20]], "acc": [[0, 0], [1, 1], [2, 2]]}


def test_a_script_that_names_an_experiment_has_its_run_there(shell: Shell) -> None:
    shell.write("w.py", "import mlflow\nmlflow.set_experiment('mine')\nwith mlflow.start_run():\n    print('loss=1')\n")
    done = shell.run("-e", "w.py", "--mlflow_to", "local", *METRIC, "--force_running")
    assert done.status == 0, done.err
    (run,) = runs_at(local_uri(shell))
    assert (run["experiment"], run["status"], run["metrics"]) == ("mine", "FINISHED", {"loss": [[0, 1]]})


def test_a_script_whose_experiment_nobody_can_know_opens_the_run_itself(shell: Shell) -> None:
    shell.write(
        "w.py",
        "import mlflow, sys\nmlflow.set_experiment('-'.join(['a', 'b']))\nmlflow.start_run()\nprint('loss=1')\n"
        "sys.exit(3)\n",
    )
    done = shell.run("-e", "w.py", "--mlflow_to", "local", *METRIC)
    assert done.status == 1
    (run,) = runs_at(local_uri(shell))
    assert (run["experiment"], run["status"], run["metrics"]) == ("a-b", "FAILED", {"loss": [[0, 1]]})


def test_files_of_a_local_run_are_kept_with_it(shell: Shell) -> None:
    shell.write("w.py", "import mlflow\nmlflow.log_text('hello', 'hello.txt')\n")
    assert shell.run("-e", "w.py", "--mlflow_to", "local").status == 0
    (run,) = runs_at(local_uri(shell))
    assert run["artifacts"] == ["hello.txt"]
    assert list((shell.home / "mlflow/proj/artifacts").rglob("hello.txt"))


def test_jobs_at_once_write_one_file(shell: Shell) -> None:
    line = [*shell.command("run", "-p", "proj", "-e", "steps.py", "--steps", "3", *METRIC, "--mlflow_to", "local")]
    started = [
        subprocess.Popen([*line, "-t", f"t{n}"], cwd=shell.folder, env=shell.environment, stdout=-3, stderr=-3)
        for n in range(3)
    ]
    assert [process.wait(timeout=300) for process in started] == [0, 0, 0]
    runs = runs_at(local_uri(shell))
    assert [run["status"] for run in runs] == ["FINISHED"] * 3
    assert all(run["metrics"] == {"loss": [[0, 100], [1, 99], [2, 98]]} for run in runs)


def test_the_page_shows_the_runs_of_this_machine(shell: Shell) -> None:
    nothing = shell.ssm("mlflow", "-p", "proj")
    assert (nothing.status, "There are no runs of the project 'proj'" in nothing.err) == (4, True)
    assert shell.run("-e", "steps.py", "--steps", "1", "--mlflow_to", "local").status == 0
    page = subprocess.Popen(
        shell.command("mlflow", "-p", "proj", "--port", "0"), cwd=shell.folder, env=shell.environment,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert page.stdout is not None
        uri = page.stdout.readline().decode().split()[0]
        until = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"{uri}/health", timeout=5):
                    break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.5)
        (run,) = runs_at(uri)
        assert run["tags"]["ssm.task"] == "task"
    finally:
        os.killpg(page.pid, signal.SIGKILL)
        page.communicate()


def test_a_trial_is_a_run(shell: Shell) -> None:
    shell.write("w.py", "import sys\nprint('loss=' + sys.argv[sys.argv.index('--lr') + 1])\n")
    space = ("--hp_space", "lr", "1|2", "--tune_by", "grid", "--tune_for", "loss", "min", "--tune_at_once", "2")
    done = shell.ssm("tune", "-p", "proj", "-t", "s", "-e", "w.py", *METRIC, *space, "--mlflow_to", "local")
    assert done.status == 0, done.err
    runs = runs_at(local_uri(shell))
    assert sorted((run["params"]["lr"], run["metrics"]["loss"][0][1], run["status"]) for run in runs) == [
        ("1", 1.0, "FINISHED"),
        ("2", 2.0, "FINISHED"),
    ]


def test_a_server_that_goes_costs_values_and_no_job(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    server = Server(tmp_path / "own")
    try:
        shell.environment["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
        line = shell.command("run", "-p", "proj", "-t", "gone", "-e", "steps.py", "--steps", "20", *METRIC)
        with open(tmp_path / "err", "wb") as err:
            process = subprocess.Popen(
                [*line, "--mlflow_to", server.uri, "-o", "out"], cwd=shell.folder, env=shell.environment,
                stdout=err, stderr=err,
            )  # fmt: skip
            until = time.monotonic() + 120
            while "loss=90" not in (tmp_path / "err").read_text(encoding="utf-8"):
                assert time.monotonic() < until
                time.sleep(0.1)
            server.kill()
            assert process.wait(timeout=200) == 0
    finally:
        server.kill()
    assert re.search(r"MLflow: \d+ of 20 values are lost", shell.log())
    assert "the run is not marked as FINISHED" in shell.log()


def test_a_server_that_is_not_there_costs_no_job(shell: Shell) -> None:
    done = shell.run("-e", "steps.py", "--steps", "1", *METRIC, "--mlflow_to", "http://127.0.0.1:9", "-o", "out")
    assert done.status == 0, done.err
    assert "the script starts without a run" in shell.log()
    assert "1 of 1 values are lost" in shell.log()
