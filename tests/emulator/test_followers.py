"""``ssm logs -f`` while CloudWatch throttles it and somebody kills it: each time the lines are whole and in order."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counts import LONG, examples
from tests.emulated import Emulator

HOSTS, LINES, KILLS = examples(2, 4), examples(3_000, 100_000), examples(3, 8)
SEED = random.SystemRandom().randrange(10_000) if LONG else 7
WORKER = """
import os, sys, time
host, count = os.environ["SM_CURRENT_HOST"], int(sys.argv[1])
for number in range(count):
    print(f"{host} line {number} \\u00e9 " + "x" * (number % 97))
    if number % (count // 200) == 0:
        sys.stdout.flush()
        time.sleep(0.04)
"""


def printed(host: int) -> list[str]:
    return [f"algo-{host} line {number} \u00e9 " + "x" * (number % 97) for number in range(LINES)]


def lines_of(host: int, output: bytes) -> list[str]:
    """The worker's lines of a host, as far as they are whole."""
    label = f"algo-{host} | "
    lines = output[: output.rfind(b"\n") + 1].decode().split("\n")
    return [line[len(label) :] for line in lines if line.startswith(f"{label}algo-{host} line ")]


@pytest.mark.timeout(3600 if LONG else 300)
@pytest.mark.long
def test_a_throttled_follower_that_is_killed_loses_and_doubles_no_line(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, "--faults", f"seed={SEED},throttle=0.1")
    chance = random.Random(SEED)
    named = ["-p", "proj", "-t", "task"]
    (tmp_path / "w.py").write_text(WORKER)
    started = emulator.ssm(tmp_path, "run", *named, "-e", "w.py", "--ic", str(HOSTS), "--no_wait", "--", str(LINES))
    assert started.returncode == 0, started.stderr
    status = -1
    for turn in range(KILLS + 1):
        with open(tmp_path / "out", "wb") as out, open(tmp_path / "err", "wb") as err:
            command = [sys.executable, "-m", "simple_sagemaker.cli.main", "logs", *named, "-f"]
            follower = subprocess.Popen(command, cwd=tmp_path, env=emulator.environment, stdout=out, stderr=err)
            try:
                status = follower.wait(chance.uniform(0.5, 4) if turn < KILLS else 600)
            except subprocess.TimeoutExpired:
                follower.kill()
                status = follower.wait()
        output = (tmp_path / "out").read_bytes()
        for host in range(1, HOSTS + 1):
            lines = lines_of(host, output)
            assert lines == printed(host)[: len(lines)], f"seed {SEED}, turn {turn}, host {host}"
            assert status != 0 or len(lines) == LINES, f"seed {SEED}, turn {turn}, host {host}"
    assert status == 0, (tmp_path / "err").read_text()
    past = emulator.ssm(tmp_path, "logs", *named)
    assert past.returncode == 0, past.stderr
    for host in range(1, HOSTS + 1):
        assert lines_of(host, past.stdout.encode()) == printed(host), f"seed {SEED}, host {host}"
    emulator.stop()
