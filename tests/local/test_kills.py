"""Whoever is killed and whenever: no job goes on for ever, nothing runs on, nothing half looks whole, the next works.

A failing case prints its seed: ``SSM_SEED=n`` runs that one alone.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.api.cloudwatch_logs import LocalLogs
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.storage.folder_store import FolderStore
from tests.counts import examples
from tests.local.conftest import DOCKER, FINAL, Engine, channel, settings
from tests.local.kills import Prey, assert_gone, assert_whole, kill, new_mark, worker
from tests.local.scripts import python

PHASES = ("Starting", "Downloading", "Training", "Uploading")
SEEDS = [int(os.environ["SSM_SEED"])] if "SSM_SEED" in os.environ else range(examples(3, 100))
ROUNDS = range(examples(1, 8))
HOSTED = worker("ML + '/checkpoints'", "ML + '/model'", "os.environ['MARK']")
TYPED = worker("os.environ['SSM_STATE']", "os.environ['SM_MODEL_DIR']", "os.environ['SM_HP_MARK']")
STATE = {"CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/opt/ml/checkpoints"}}
SPOT: dict[str, Any] = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
}

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"), pytest.mark.timeout(600)]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine whose spot jobs wait a moment before they start, with inputs that take a moment to bring."""
    made = Engine(tmp_path / "home", "direct")
    made.client = made.direct = LocalSageMaker(made.home, settings=settings(stop_grace_s=1, spot_wait_s=0.5))
    for number in range(examples(600, 3000)):
        made.store.write("b", f"in/{number}", bytes(1 << 12))
    made.store.write("b", "piped/0", bytes(1 << 20))
    return made


def start(engine: Engine, seed: int, lingers_s: int = 0, **changes: Any) -> Prey:
    mark = new_mark(seed)
    name = engine.start(
        python(HOSTED),
        channels=[channel("d", "s3://b/in/"), channel("p", "s3://b/piped/", InputMode="Pipe")],
        Environment={"MARK": mark, "LINGERS_S": str(lingers_s)},
        **STATE,
        **changes,
    )
    return Prey(engine.home.jobs / name, mark)


def check(engine: Engine, prey: Prey, before: set[int], *, ended_first: bool) -> None:
    """All that must be true after a kill; a job that goes on after it may end first."""
    if not ended_first:
        assert_gone(prey, before)
    described = engine.end(prey.job.name, within_s=60)
    assert_gone(prey, before)
    assert_whole(engine.store, "b", described)
    again = start(engine, 0)
    assert engine.end(again.job.name)["TrainingJobStatus"] == "Completed", engine.printed(again.job.name)
    assert_whole(engine.store, "b", None)


@pytest.mark.parametrize("turn", ROUNDS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_supervisor_killed_in_a_phase(engine: Engine, phase: str, turn: int) -> None:
    chance = random.Random(f"{phase} {turn}")
    prey = start(engine, turn, **(SPOT if phase == "Starting" else {}))
    prey.wait_for(phase)
    if phase == "Training":  # with its daemon
        engine.until_printed(prey.job.name, "up")
    time.sleep(chance.uniform(0, 0.05))
    before = prey.everything()
    kill([chance.choice(prey.supervisors() or [*before])])
    check(engine, prey, before, ended_first=False)


@pytest.mark.parametrize("turn", ROUNDS)
def test_a_host_killed_while_it_trains(engine: Engine, turn: int) -> None:
    prey = start(engine, turn, lingers_s=30, hosts=1 + turn % 2)  # so that it cannot end before it is killed
    prey.wait_for("Training")
    engine.until_printed(prey.job.name, "up")
    before = prey.everything()
    kill(prey.first_process())
    described = engine.end(prey.job.name)
    assert (described["TrainingJobStatus"], described["FailureReason"][-3:]) == ("Failed", "137")
    check(engine, prey, before, ended_first=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_supervisor_or_a_host_killed_at_any_moment(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    prey = start(engine, seed)
    time.sleep(chance.uniform(0, examples(1, 3)))
    before = prey.everything()
    host = chance.random() < 0.5
    victims = prey.first_process() if host else prey.supervisors()[-1:]
    sys.stdout.write(f"seed {seed}: {'host' if host else 'supervisor'} {victims} in {prey.phase()}\n")
    kill(victims)
    check(engine, prey, before, ended_first=host or not victims or prey.phase() in FINAL)


class Command:
    """``ssm run`` with a home of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.mark = new_mark(seed)
        self.home = Home(folder / "home")
        self.store = FolderStore(self.home.buckets)
        self.worker = folder / "worker.py"
        self.worker.write_text(TYPED, encoding="utf-8")
        inputs = folder / "inputs"
        inputs.mkdir()
        for number in range(examples(200, 2000)):
            (inputs / str(number)).write_bytes(bytes(1 << 10))
        arguments = ["run", "-p", "p", "-t", "t", "-e", str(self.worker), "-i", str(inputs), "--mark", self.mark]
        self.argv = [sys.executable, "-m", "simple_sagemaker.cli.main", *arguments, "-o", str(folder / "out")]
        self.environment = {
            **os.environ,
            "SSM_ENGINE": "local",
            "SSM_HOME": str(self.home.root),
            "SSM_STOP_GRACE_S": "1",
            **({"DOCKER_HOST": os.environ["TESTS_DOCKER_HOST"]} if DOCKER else {}),
        }
        self.engine = LocalSageMaker(self.home, settings=settings())
        self.logs = LocalLogs(self.home)

    def begin(self) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(self.argv, env=self.environment, stdin=quiet, stdout=quiet, stderr=quiet)

    def jobs(self) -> list[Prey]:
        folders = sorted(self.home.jobs.glob("t-*")) if self.home.jobs.exists() else []
        return [Prey(job, self.mark) for job in folders]

    def again(self) -> subprocess.CompletedProcess[bytes]:
        """Run it once more. A claim that a killed command left without a job stands for two minutes: not waited for."""
        late = [] if self.jobs() else ["--force_running"]
        return subprocess.run(
            [*self.argv, *late],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
            check=False,
        )

    def check(self) -> None:
        """All that must be true after the command was killed."""
        for prey in self.jobs():
            limit = time.monotonic() + 300
            while (described := self.engine.describe_training_job(TrainingJobName=prey.job.name)) and (
                described["TrainingJobStatus"] not in FINAL
            ):
                assert time.monotonic() < limit, described
                time.sleep(0.02)
            assert described["TrainingJobStatus"] == "Completed", described
            assert_gone(prey, prey.everything())
            assert_whole(self.store, "sagemaker-us-east-1-000000000000", described)
        done = self.again()
        assert done.returncode == 0, done.stderr.decode()
        assert_gone(self.jobs()[-1], set())
        assert (Path(self.argv[-1]) / "logs" / "logs0").exists()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_command_killed_at_any_moment_leaves_a_job_that_completes_or_none(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    command = Command(tmp_path, seed)
    process = command.begin()
    time.sleep(chance.uniform(0, examples(1, 3)))
    process.kill()
    process.wait()
    sys.stdout.write(f"seed {seed}: {[(prey.job.name, prey.phase()) for prey in command.jobs()]}\n")
    command.check()


@pytest.mark.parametrize("turn", ROUNDS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_command_killed_in_a_phase_of_its_job(tmp_path: Path, phase: str, turn: int) -> None:
    command = Command(tmp_path, turn)
    process = command.begin()
    limit = time.monotonic() + 300
    while not command.jobs():
        assert time.monotonic() < limit
        assert process.poll() is None, "the command ended without a job"
        time.sleep(0.001)
    command.jobs()[0].wait_for(phase)
    process.kill()
    process.wait()
    command.check()
