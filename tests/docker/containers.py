"""Jobs in containers, for the tests: an engine on the tests' daemon, and images made for a case."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.home import Settings
from tests.docker import base
from tests.docker.daemon import Daemon
from tests.local.conftest import Engine, settings

BASE = base.aws_names()[0]
LABEL = "simple-sagemaker.job"


def in_containers(daemon: Daemon) -> Settings:
    """The engine's settings for jobs as containers of the tests' daemon."""
    environment = {"PATH": os.environ["PATH"], **daemon.environment}
    return settings(isolation="docker", docker=["docker"], docker_environment=environment)


def engine_on(daemon: Daemon, root: Path) -> Engine:
    made = Engine(root, "direct")
    made.client = made.direct = LocalSageMaker(made.home, settings=in_containers(daemon))
    return made


def left(daemon: Daemon, engine: Engine) -> list[str]:
    """The folders of an engine's jobs that still have a container or a network, once for each."""
    words = ["--format", f'{{{{.Label "{LABEL}"}}}}', "--filter", f"label={LABEL}"]
    found = daemon.docker("ps", "--all", *words) + daemon.docker("network", "ls", *words)
    return [line for line in found.splitlines() if line.startswith(f"{engine.home.root}/")]


def build(daemon: Daemon, folder: Path, dockerfile: str, files: Mapping[str, bytes] | None = None) -> str:
    """An image of a Dockerfile's text; ``{base}`` in it is the base image. Programs in ``files`` can be run."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile.replace("{base}", BASE), encoding="utf-8")
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755)
    image = f"case-{folder.name}:{os.urandom(4).hex()}"
    daemon.docker("build", "--quiet", "--network", "host", "--tag", image, str(folder))
    return image


def static_program(folder: Path, code: str) -> bytes:
    """A program that needs nothing of the image that it is in."""
    folder.mkdir()
    (folder / "program.c").write_text(code, encoding="utf-8")
    subprocess.run(["cc", "-static", "-o", folder / "program", folder / "program.c"], check=True)
    return (folder / "program").read_bytes()
