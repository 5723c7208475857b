"""What asking for a task again costs: a skip, a rerun and a join, beside ``ssm -h``.

python benchmarks/rerun.py [ROUNDS] [FILES]: measures the ``ssm`` of the environment whose Python runs this. The second
table has a task with 2 input files and one with FILES (20,000) of them: of so many a
skip looks at none. The third times what joining a job in progress adds: from its start to the line that says so,
and from the first command's end to its own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from measure import paired, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
FILES = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
PYTHON = sys.executable
SSM = str(Path(sys.executable).with_name("ssm"))
WAITS = """
import os, time
while not os.path.exists(os.environ["SSM_STATE"] + "/go"): time.sleep(0.002)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": str(home), "SSM_PYTHON": PYTHON}
        Path(folder, "worker.py").write_text("print('one line')\n", encoding="utf-8")
        Path(folder, "waits.py").write_text(WAITS, encoding="utf-8")
        os.chdir(folder)
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
        print(reruns(environment), "\n")
        print(skips_with_inputs(environment), "\n")
        print(joins(home, environment))


def task(name: str, *more: str, script: str = "worker.py") -> list[str]:
    return [SSM, "run", "-p", "bench", "-t", name, "-e", script, *more]


def quietly(words: list[str], environment: Mapping[str, str]) -> None:
    subprocess.run(words, env=environment, check=True, capture_output=True)


def reruns(environment: Mapping[str, str]) -> str:
    quietly(task("done"), environment)
    commands = {
        "ssm -h": [SSM, "-h"],
        "a skip": task("done"),
        "a skip that brings the log": task("done", "-o", "out"),
        "a rerun, --if_changed, nothing has": task("done", "--if_changed"),
        "a rerun, --force_running": task("done", "--force_running"),
        "a rerun, --clean_state": task("done", "--clean_state"),
    }
    return table(paired(commands, rounds=ROUNDS, environment=environment), "ssm -h")


def skips_with_inputs(environment: Mapping[str, str]) -> str:
    for count in (2, FILES):
        os.mkdir(f"data{count}")
        for number in range(count):
            Path(f"data{count}", f"{number}.txt").write_text("x", encoding="utf-8")
        quietly(task(f"with{count}", "-i", f"data{count}"), environment)
    few, many = (task(f"with{count}", "-i", f"data{count}") for count in (2, FILES))
    commands = {
        "a skip, 2 input files": few,
        f"a skip, {FILES:,} input files": many,
        "--if_changed, 2 input files": [*few, "--if_changed"],
        f"--if_changed, {FILES:,} input files": [*many, "--if_changed"],
    }
    return table(paired(commands, rounds=ROUNDS, environment=environment), "a skip, 2 input files")


def joins(home: Path, environment: Mapping[str, str]) -> str:
    found = [join(home, f"join{number}", environment) for number in range(ROUNDS)]
    lines = ["| a join | median [min to max] |", "|---|---|"]
    what = ("its start to saying so", "the first command's end to its own")
    for name, seconds in zip(what, zip(*found, strict=True), strict=True):
        low, middle, high = (round(one * 1000) for one in (min(seconds), statistics.median(seconds), max(seconds)))
        lines.append(f"| {name} | {middle} ms [{low} to {high}] |")
    return "\n".join(lines)


def join(home: Path, name: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds until a second command says that it joined, and from the first command's exit to the second's."""
    words = task(name, script="waits.py")
    first = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (states := list(home.glob(f"jobs/{name}-*/algo-1/state"))):
        time.sleep(0.01)
    began = time.perf_counter()
    second = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert second.stderr
    while b"Joining" not in second.stderr.readline():
        pass
    said = time.perf_counter() - began
    (states[0] / "go").touch()
    ends: dict[int, float] = {}
    while len(ends) < 2:
        pid, _ = os.wait()
        ends[pid] = time.perf_counter()
    first.returncode = second.returncode = 0
    second.stderr.close()
    return said, ends[second.pid] - ends[first.pid]


if __name__ == "__main__":
    main()
