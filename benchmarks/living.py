"""How long the commands for many jobs take: ``ssm ls`` and ``ssm status`` among 10,000 jobs, ``ssm logs`` of long logs.

python benchmarks/living.py [ROUNDS [JOBS [LINES]]]: makes a home of 10,000 jobs of 1,000 tasks (9 of 10 in one
project), copied from one that ran, and a job of 4 hosts of 100,000 lines each. Measures the ``ssm`` of the environment
whose Python runs this. ``docker ps -a`` is beside it where there is a daemon. The last part needs the extra `emulator`.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from jobs import emulator, local, seconds
from measure import paired, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
JOBS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
LINES = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
SSM = str(Path(sys.executable).with_name("ssm"))
WORKER = """
import os, sys, time
host, count = os.environ["SM_CURRENT_HOST"], int(sys.argv[1])
print("loss=0.5")
for number in range(count):
    print(f"{host} step {number} of {count}: nothing else happens here, which takes some eighty characters")
for turn in range(int(sys.argv[2])):
    time.sleep(0.37)
    print(f"printed at {time.time():.4f}", flush=True)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        Path("worker.py").write_text(WORKER, encoding="utf-8")
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
        print(f"{JOBS:,} ended jobs:\n\n{lists(folder / 'many')}\n")
        long_logs(local(folder / "long"))
        print(f"a line until `ssm logs -f` shows it, on this machine: {delays(local(folder / 'long'))}")
        try:
            import moto  # noqa: F401 - of the extra `emulator`
        except ImportError:
            return
        with emulator(folder / "emulated") as (_, variables):
            own = {key: value for key, value in os.environ.items() if key not in {"SSM_ENGINE", "SSM_HOME"}}
            print(f"the same, on the emulator: {delays({**own, **variables})}")


def job(task: str, hosts: int, lines: int, turns: int) -> list[str]:
    words = [SSM, "run", "-p", "bench", "-t", task, "-e", "worker.py", "--ic", str(hosts), "--fr"]
    return [*words, "--md", "loss", r"loss=(\S+)", "--", str(lines), str(turns)]


def lists(home: Path) -> str:
    subprocess.run(job("task0", 1, 0, 0), env=local(home), check=True, capture_output=True)
    copy_jobs(home, JOBS)
    commands = {
        "ssm -h": [SSM, "-h"],
        "ssm ls -p P": [SSM, "ls", "-p", "bench"],
        "ssm ls -p P -t T": [SSM, "ls", "-p", "bench", "-t", "task7"],
        "ssm ls -p P --running": [SSM, "ls", "-p", "bench", "--running"],
        "ssm ls -p P --failed": [SSM, "ls", "-p", "bench", "--failed"],
        "ssm ls -p P --limit 1000": [SSM, "ls", "-p", "bench", "--limit", "1000"],
        "ssm ls --all_projects": [SSM, "ls", "--all_projects"],
        "ssm status, by project and task": [SSM, "status", "-p", "bench", "-t", "task7"],
        "ssm status, by the job's short name": [SSM, "status", "--job", "00000007"],
        "ssm logs --tail 1": [SSM, "logs", "-p", "bench", "-t", "task7", "--tail", "1"],
    }
    if shutil.which("docker") and not subprocess.run(["docker", "ps"], capture_output=True, check=False).returncode:
        commands["docker ps -a"] = ["docker", "ps", "-a"]
    return table(paired(commands, rounds=ROUNDS, environment=local(home)), "ssm -h")


def copy_jobs(home: Path, count: int) -> None:
    """Copy the one job that has ended as jobs of a thousand tasks, a minute apart."""
    (original,) = (home / "jobs").glob("task0-*")
    for number in range(count):
        task = f"task{number % 1000}"
        project = "other" if number % 10 == 9 else "bench"
        copy_job(original, f"{task}-2026-01-01-00-00-00-{number:08}", project, task, minutes_ago=number)


def copy_job(original: Path, name: str, project: str, task: str, *, minutes_ago: int) -> None:
    """Copy an ended job under another name, as if it had run so long ago."""
    copy = original.with_name(name)
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("algo-*"))
    for file in ("request.json", "tags.json", "journal.jsonl"):
        text = (copy / file).read_text(encoding="utf-8").replace(original.name, name)
        text = text.replace("/bench/task0", f"/{project}/{task}").replace('"task0"', f'"{task}"')
        text = text.replace('"bench"', f'"{project}"')
        text = re.sub(r'"at": ([\d.]+)', lambda at: f'"at": {float(at[1]) - 60 * minutes_ago:.3f}', text)
        (copy / file).write_text(text, encoding="utf-8")


def long_logs(environment: Mapping[str, str]) -> None:
    """Time a whole log, read and printed."""
    subprocess.run(job("long", 4, LINES, 0), env=environment, check=True, capture_output=True)
    words = [SSM, "logs", "-p", "bench", "-t", "long"]
    acts = {
        f"ssm logs, 4 x {LINES:,} lines": words,
        "the same of one host": [*words, "--host", "2"],
        "with --times": [*words, "--times"],
        "with --json": [*words, "--json"],
        "with --tail 10": [*words, "--tail", "10"],
    }
    for name, each in acts.items():
        print(f"{name}: {seconds(lambda each=each: sink(each, environment)):.2f} s")  # type: ignore[misc]


def sink(words: list[str], environment: Mapping[str, str]) -> None:
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def delays(environment: Mapping[str, str]) -> str:
    """From a line's print to the end of its way through ``ssm logs -f``: the median, and the longest."""
    words = job("live", 1, 0, 25)
    words.insert(2, "--no_wait")
    subprocess.run(words, env=environment, check=True, capture_output=True)
    words = [SSM, "logs", "-p", "bench", "-t", "live", "-f"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as follower:
        assert follower.stdout
        began, late = time.time(), []
        for line in follower.stdout:
            at = re.search(rb"printed at ([\d.]+)", line)
            if at and float(at[1]) > began + 2:  # not what was printed before the follower looked
                late.append(time.time() - float(at[1]))
    return f"{statistics.median(late):.2f} s, at most {max(late):.2f} s ({len(late)} lines)"


if __name__ == "__main__":
    main()
