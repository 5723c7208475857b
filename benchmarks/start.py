"""How long ``ssm -h`` and a one-line job take, beside Python alone.

python benchmarks/start.py [ROUNDS]: measures the ``ssm`` of the environment whose Python runs this.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import paired, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
PYTHON = sys.executable
SSM = str(Path(sys.executable).with_name("ssm"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        worker = Path(folder, "worker.py")
        worker.write_text("print('one line')\n", encoding="utf-8")
        environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": f"{folder}/home", "SSM_PYTHON": PYTHON}
        job = [SSM, "run", "-p", "bench", "-t", "one", "-e", str(worker), "--force_running"]
        pages = {"python -c pass": [PYTHON, "-c", "pass"], "ssm -h": [SSM, "-h"], "ssm run -h": [SSM, "run", "-h"]}
        jobs = {
            "python worker.py": [PYTHON, str(worker)],
            "ssm run, 1 host": job,
            "ssm run, 2 hosts": [*job, "--ic", "2"],
            "ssm run, 16 hosts": [*job, "--ic", "16"],
        }
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
        print(table(paired(pages, rounds=ROUNDS, environment=environment), "python -c pass"), "\n")
        print(table(paired(jobs, rounds=ROUNDS, environment=environment), "python worker.py"), "\n")
        for hosts in ("1", "16"):
            print(f"{hosts} hosts: {memory([*job, '--ic', hosts], folder, environment)}")


def memory(job: list[str], folder: str, environment: dict[str, str]) -> str:
    """What the processes of a waiting job hold, in MiB of their own (PSS): command, supervisor, and per host."""
    worker = Path(folder, "worker.py")
    worker.write_text("import time\ntime.sleep(3)\n", encoding="utf-8")
    command = subprocess.Popen(job, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    newest = max(Path(folder, "home", "jobs").glob("[!.]*"), key=lambda path: path.stat().st_mtime)
    supervisor = int((newest / "supervisor.pid").read_text(encoding="ascii"))
    below = {pid: own(pid) for pid in children(supervisor)}
    command.wait()
    alone = below.pop(supervisor)
    return f"supervisor {alone:.0f} MiB, the {len(below)} processes below it {sum(below.values()):.0f} MiB together"


def children(top: int) -> list[int]:
    """A process and all below it."""
    found = [top]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(word) for word in task.read_text(encoding="ascii").split()]
    return found


def own(pid: int) -> float:
    """The memory that a process has to itself, shared pages counted in parts, in MiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    match = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(match.group(1)) / 1024 if match else 0.0


if __name__ == "__main__":
    main()
