"""How long a one-line job takes in a container, beside ``docker run`` of the same line.

python benchmarks/containers.py IMAGE [ROUNDS]: IMAGE is one with Python that is on this machine; DOCKER_HOST and
SSM_DOCKER are honoured. It measures the ``ssm`` of the environment whose Python runs this.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import paired, table

IMAGE = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
NETWORK = f"ssm-bench-{os.getpid()}"
SSM = str(Path(sys.executable).with_name("ssm"))
DOCKER = shlex.split(os.environ.get("SSM_DOCKER") or "docker")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        worker = Path(folder, "worker.py")
        worker.write_text("print('one line')\n", encoding="utf-8")
        environment = {**os.environ, "SSM_ENGINE": "docker", "SSM_HOME": f"{folder}/home"}
        job = [SSM, "run", "-p", "bench", "-t", "one", "-e", str(worker), "--image_uri", IMAGE, "--force_running"]
        mounted = ["--volume", f"{folder}:/code", "--workdir", "/code"]
        subprocess.run([*DOCKER, "network", "create", NETWORK], check=True, stdout=subprocess.DEVNULL)
        commands = {
            "docker run": [*DOCKER, "run", "--rm", "--network", NETWORK, *mounted, IMAGE, "python3", "worker.py"],
            "ssm run, 1 host": job,
            "ssm run, 2 hosts": [*job, "--ic", "2"],
        }
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
        try:
            print(table(paired(commands, rounds=ROUNDS, environment=environment), "docker run"))
        finally:
            subprocess.run([*DOCKER, "network", "rm", NETWORK], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
