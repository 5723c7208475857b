"""How long one TAB takes: what the shells' completion asks ``ssm`` for, beside Python alone.

python benchmarks/completion.py [ROUNDS [JOBS]]: a project file with ten tasks, and a home with JOBS jobs (10,000).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from measure import paired, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
JOBS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
PYTHON = sys.executable
SSM = str(Path(sys.executable).with_name("ssm"))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tasks = "".join(f"[task.task{number}]\nentry_point = 'train.py'\n" for number in range(10))
        (folder / "ssm.toml").write_text(f"[project]\nname = 'bench'\n{tasks}", encoding="utf-8")
        make_jobs(folder / "home" / "jobs")
        os.chdir(folder)
        asked = {
            "python -c pass": [PYTHON, "-c", "pass"],
            "ssm -h": [SSM, "-h"],
            "tasks": [SSM, "--complete", "tasks", "run", "-t"],
            "short names of jobs": [SSM, "--complete", "jobs", "logs", "--job"],
            "profiles": [SSM, "--complete", "profiles", "run", "--use_profile"],
        }
        environment = {**os.environ, "SSM_HOME": str(folder / "home")}
        print(
            f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {JOBS} jobs, medians of {ROUNDS} rounds\n"
        )
        print(table(paired(asked, rounds=ROUNDS, environment=environment), "python -c pass"))


def make_jobs(jobs: Path) -> None:
    tags = [{"Key": "SimpleSagemakerProject", "Value": "bench"}, {"Key": "SimpleSagemakerTask", "Value": "old"}]
    for number in range(JOBS):
        folder = jobs / f"old-2026-01-01-00-{number // 60 % 60:02}-{number % 60:02}-{number:08}"
        folder.mkdir(parents=True)
        (folder / "tags.json").write_text(json.dumps(tags), encoding="utf-8")


if __name__ == "__main__":
    main()
