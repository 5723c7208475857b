"""How long ``ssm -h`` and a one-line job take, beside Python alone.

python benchmarks/start.py [ROUNDS]: measures the ``ssm`` of the environment whose Python runs this.
"""

from __future__ import annotations

import os
import sys
import tempfile
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
        print(table(paired(jobs, rounds=ROUNDS, environment=environment), "python worker.py"))


if __name__ == "__main__":
    main()
