"""A program in a running job of this machine, and 100 MB through one, beside ``docker exec`` in a container.

python benchmarks/exec.py IMAGE [ROUNDS]: IMAGE is one with a shell that is on this machine; DOCKER_HOST and SSM_DOCKER
are honoured. It measures the ``ssm`` of the environment whose Python runs this.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import paired, table

IMAGE = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
SSM = str(Path(sys.executable).with_name("ssm"))
DOCKER = shlex.split(os.environ.get("SSM_DOCKER") or "docker")
WAITS = "import time\ntime.sleep(3600)\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": f"{folder}/home"}
        Path(folder, "worker.py").write_text(WAITS, encoding="utf-8")
        data = Path(folder, "data")
        data.write_bytes(os.urandom(1_000_000) * 100)
        job = start_job(folder, environment)
        words = ["run", "--detach", "--rm", IMAGE, "sleep", "3600"]
        container = subprocess.run([*DOCKER, *words], check=True, capture_output=True, text=True).stdout.strip()
        ours, theirs = [SSM, "exec", "--job", job, "--"], [*DOCKER, "exec", "-i", container]
        try:
            print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
            started = {"docker exec … true": [*theirs, "true"], "ssm exec … true": [*ours, "true"]}
            print(table(paired(started, rounds=ROUNDS, environment=environment), "docker exec … true"), "\n")
            through = {
                f"{name} … cat, 100 MB": [
                    "sh",
                    "-c",
                    f"{shlex.join([*words, 'cat'])} < {shlex.quote(str(data))} | wc -c",
                ]
                for name, words in (("docker exec", theirs), ("ssm exec", ours))
            }
            print(table(paired(through, rounds=ROUNDS, environment=environment), "docker exec … cat, 100 MB"))
        finally:
            subprocess.run([*DOCKER, "kill", container], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([SSM, "stop", "--job", job, "--wait"], env=environment, check=True, capture_output=True)


def start_job(folder: str, environment: dict[str, str]) -> str:
    """Start a job that waits; return its name once its code runs."""
    words = [SSM, "run", "-p", "bench", "-t", "waits", "-e", f"{folder}/worker.py", "--no_wait"]
    done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    job = done.stdout.strip()
    words = [SSM, "exec", "--job", job, "--", "true"]
    while subprocess.run(words, env=environment, check=False, capture_output=True).returncode:
        time.sleep(0.1)
    return job


if __name__ == "__main__":
    main()
