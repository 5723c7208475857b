"""The examples that are Python scripts, where they build an image: in containers, and on AWS with a registry."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.daemon import Daemon
from tests.emulated import Emulator
from tests.examples import single_files
from tests.examples.conftest import Clone
from tests.examples.test_python_api import EARLY

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

SINGLE_FILE, SINGLE_TASK = "examples/single_file/example.py", "examples/single_task/example.py"
_STEP = re.compile(r"^RUN .*$", re.MULTILINE)


@pytest.fixture(params=["docker", "aws"])
def clone(request: pytest.FixtureRequest, tmp_path: Path, docker: Daemon) -> Iterator[Clone]:
    """The examples with jobs in containers, or on an emulated AWS whose ECR points to a registry.

    What their Dockerfiles install comes from a package index; here a step that needs none stands in its place.
    """
    emulator = Emulator(tmp_path / "aws", "--registry", docker.registry) if request.param == "aws" else None
    made = Clone(tmp_path, emulator)
    if emulator is None:
        made.environment["SSM_ENGINE"] = "docker"
    made.environment |= docker.environment
    shutil.copy(EARLY, made.folder / "examples/single_file/early.py")
    for name in (SINGLE_FILE, "examples/single_file/early.py", "examples/single_task/Dockerfile"):
        file = made.folder / name
        text = file.read_text(encoding="utf-8")
        assert len(_STEP.findall(text)) == 1
        file.write_text(_STEP.sub("RUN echo built >/built", text), encoding="utf-8")
    yield made
    if emulator:
        emulator.stop()


def image_of(clone: Clone, task: str) -> str:
    """The image that the task's only job names."""
    (job,) = clone.jobs(task)
    image: str = clone.describe(job)["AlgorithmSpecification"]["TrainingImage"]
    return image


def was_built(image: str, docker: Daemon) -> bool:
    return docker.docker("run", "--rm", "--network", "none", image, "cat", "/built") == "built\n"


@pytest.mark.parametrize(
    ("script", "library"), [("example", "worker_toolkit.worker_lib"), ("early", "task_toolkit.task_lib")]
)
def test_a_runner_builds_the_image_of_its_worker(clone: Clone, docker: Daemon, script: str, library: str) -> None:
    clone.run(f"{sys.executable} examples/single_file/{script}.py", timeout_s=500)
    single_files.check(clone.folder / "examples/single_file/output", library)
    image = image_of(clone, "task1")
    assert image_of(clone, "task2") == image
    assert "task_repo" in image
    assert was_built(image, docker)


def test_a_folder_with_a_dockerfile_is_built(clone: Clone, docker: Daemon) -> None:
    clone.run(f"{sys.executable} {SINGLE_TASK} output", timeout_s=500)
    assert (clone.folder / "output/model/algo-2").read_text() == "hello hello sample_data.txt"
    assert was_built(image_of(clone, "single-task"), docker)


@pytest.mark.parametrize("clone", ["docker"], indirect=True)
def test_local_mode_runs_in_containers_of_the_image(clone: Clone, docker: Daemon) -> None:
    del clone.environment["SSM_ENGINE"]
    script = clone.folder / SINGLE_FILE
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("prefix=prefix)", "prefix=prefix, local_mode=True)"), encoding="utf-8")
    clone.run(f"{sys.executable} {SINGLE_FILE}", timeout_s=500)
    single_files.check(clone.folder / "examples/single_file/output", "worker_toolkit.worker_lib")
    (job,) = clone.jobs("task1")
    assert clone.describe(job)["ResourceConfig"]["InstanceType"] == "local"
