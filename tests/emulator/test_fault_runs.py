"""Many tasks at once while AWS misbehaves: each comes to its right end, none runs twice, none is lost."""

from __future__ import annotations

import collections
import os
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.counts import LONG, examples
from tests.emulated import Emulator

JOBS = examples(3, 200)  # of five, one fails, and of the first three
COMMANDS = examples(3, 10)
SEED = random.SystemRandom().randrange(10_000) if LONG else 7
FAULTS = f"seed={SEED},throttle=0.1,error=0.01,reset=0.01,empty_page=0.1,slow=0.02:0.2"

WORKER = """
import os, sys
print("ran", os.environ["TRAINING_JOB_NAME"], flush=True)
open(os.path.join(os.environ["SSM_STATE"], "runs"), "a").write(os.environ["TRAINING_JOB_NAME"] + "\\n")
open(os.path.join(os.environ["SM_MODEL_DIR"], "model"), "w").write(os.environ["SM_HP_NUMBER"])
sys.exit(3 if int(os.environ["SM_HP_NUMBER"]) % 5 == 2 else 0)
"""


def right_end(number: int) -> int:
    return 1 if number % 5 == 2 else 0


@pytest.mark.timeout(3600 if LONG else 180)
def test_every_task_comes_to_its_right_end_once(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, "--faults", FAULTS)
    (tmp_path / "w.py").write_text(WORKER)

    def run(number: int) -> subprocess.CompletedProcess[str]:
        arguments = ["run", "-p", f"proj{number % 3}", "-t", f"task-{number}", "-e", "w.py", "--number", str(number)]
        return emulator.ssm(tmp_path, *arguments, "-o", f"out{number}", "--download_model")

    with ThreadPoolExecutor(10) as commands:
        done = list(commands.map(run, range(JOBS)))
    wrong = {number: one for number, one in enumerate(done) if one.returncode != right_end(number)}
    assert not wrong, f"seed {SEED}: " + "\n".join(f"{number}: {one.stderr}" for number, one in wrong.items())
    jobs = sorted(name for name in os.listdir(emulator.home / "jobs") if not name.startswith("."))
    tasks = collections.Counter("-".join(name.split("-")[:2]) for name in jobs if not name.startswith("."))
    assert tasks == {f"task-{number}": 1 for number in range(JOBS)}, f"seed {SEED}"
    for number in range(JOBS):
        assert (tmp_path / f"out{number}" / "logs" / "logs0").read_text().count("ran task-") == 1, number
        assert (tmp_path / f"out{number}" / "model" / "model").read_text() == str(number)
    emulator.stop()


@pytest.mark.timeout(180)
def test_commands_of_one_task_at_once_make_one_job(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, "--faults", FAULTS)
    (tmp_path / "w.py").write_text(WORKER)
    arguments = ["run", "-p", "proj", "-t", "task", "-e", "w.py", "--number", "1"]
    with ThreadPoolExecutor(COMMANDS) as commands:
        done = list(commands.map(lambda _: emulator.ssm(tmp_path, *arguments), range(COMMANDS)))
    assert [one.returncode for one in done] == [0] * COMMANDS, "\n".join(one.stderr for one in done)
    assert len([name for name in os.listdir(emulator.home / "jobs") if not name.startswith(".")]) == 1
    emulator.stop()
