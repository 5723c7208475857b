"""What a command costs that asks AWS: a skip, a dry run and a start, beside one call by AWS's own command line.

python benchmarks/aws.py [ROUNDS]: needs the extra `emulator` and awscli in the environment whose Python runs this. The
emulator answers on this machine, so that what is measured is the clients' own time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import paired, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
HERE = Path(sys.executable).parent
SSM, AWS = str(HERE / "ssm"), str(HERE / "aws")
ONE_CALL = "import boto3; boto3.client('sts').get_caller_identity()"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("worker.py").write_text("print('one line')\n", encoding="utf-8")
        exports = Path(folder, "exports")
        emulator = subprocess.Popen(
            [SSM, "emulator", "--port", "0", "--home", "home", "--env_file", str(exports)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not exports.exists():
                time.sleep(0.05)
            lines = exports.read_text(encoding="utf-8").replace("export ", "").splitlines()
            environment = {**os.environ, **dict(line.split("=", 1) for line in lines)}
            environment.pop("SSM_ENGINE", None)
            done = [SSM, "run", "-p", "bench", "-t", "done", "-e", "worker.py"]
            subprocess.run(done, env=environment, check=True, capture_output=True)
            commands = {
                "aws sts get-caller-identity": [AWS, "sts", "get-caller-identity"],
                "the same call by boto3": [sys.executable, "-c", ONE_CALL],
                "ssm run, skipped": done,
                "ssm run --dry_run": [SSM, "run", "-p", "bench", "-t", "new", "-e", "worker.py", "--dry_run"],
                "ssm run --force_running --no_wait": [*done, "--force_running", "--no_wait"],
            }
            print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
            print(table(paired(commands, rounds=ROUNDS, environment=environment), "aws sts get-caller-identity"))
        finally:
            emulator.terminate()
            emulator.wait()


if __name__ == "__main__":
    main()
