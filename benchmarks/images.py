"""What an image of one's own costs when nothing changed, beside Docker's own build and push of the same.

python -m tests.docker.daemon python benchmarks/images.py [ROUNDS]: as root, with what the Docker tests need. The
image's folder has 200 small files and one of 20 MB; ECR is the emulator's, the registry a real one of this machine.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import paired, table

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.docker import base, daemon

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
SSM = str(Path(sys.executable).with_name("ssm"))

# From nothing to the image's address, as a run of a task finds it on its way.
FIND = """
import os, sys
from simple_sagemaker.core import specs
from simple_sagemaker.images import choose
from simple_sagemaker.services.choose import aws
services, image = aws(os.environ), specs.Image(docker_file=sys.argv[1])
dockerfile = choose.dockerfile_of(image)
recipe = choose.choose(image, dockerfile, instance_type="ml.m5.large", region=services.region, project="bench")
services.images.made(recipe, lambda _: None)
"""


def image_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {base.aws_names()[0]}\nCOPY . /in\n")
    (folder / "large").write_bytes(os.urandom(20_000_000))
    for number in range(200):
        (folder / f"{number}.txt").write_text(str(number))


def emulator(folder: Path, registry: str) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    exports = folder / "exports"
    words = [SSM, "emulator", "--port", "0", "--registry", registry, "--env_file", str(exports)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not exports.exists():
        time.sleep(0.05)
    return process, dict(re.findall(r"export (\w+)='?([^'\n]*)'?", exports.read_text()))


def main() -> None:
    host, registry = os.environ[daemon.HOST], os.environ[daemon.REGISTRY]
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        image_folder(folder / "image")
        process, variables = emulator(folder, registry)
        environment = {**os.environ, **variables, "DOCKER_HOST": host}
        theirs = f"{registry}/theirs:1"
        commands = {
            "docker build": ["docker", "build", "--quiet", "--tag", theirs, str(folder / "image")],
            "docker push": ["docker", "push", "--quiet", theirs],
            "an unchanged image found": [sys.executable, "-c", FIND, str(folder / "image")],
        }
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
        try:
            found = paired(commands, rounds=ROUNDS, environment=environment)
            print(table(found, "docker build"))
            for name, runs in found.items():
                print(f"{name}: {statistics.median(run.cpu_s for run in runs):.2f} s of a processor")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
