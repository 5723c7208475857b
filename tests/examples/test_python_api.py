"""The examples that are Python scripts: they run as they stand, on this machine and against an emulated AWS.

There a Docker daemon would build their images (tests/docker); here they use the ready-made ones.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulated import Emulator
from tests.examples import single_files
from tests.examples.conftest import Clone

TOP = Path(__file__).parents[2]
EARLY = TOP / "tests/docs/listings/first_release.py"


@pytest.fixture(params=["local", pytest.param("emulator", marks=pytest.mark.long)])
def clone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clone]:
    if request.param == "local":
        yield Clone(tmp_path)
        return
    emulator = Emulator(tmp_path / "aws")
    made = Clone(tmp_path, emulator)
    for script in ("single_file", "single_task"):
        without_building(made.folder / "examples" / script / "example.py")
    yield made
    emulator.stop()


def without_building(script: Path) -> None:
    """Leave the Dockerfile out of a script."""
    lines = script.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "docker_file_path_or_content" not in line]
    assert len(kept) == len(lines) - 1
    script.write_text("".join(kept), encoding="utf-8")


def test_a_runner_and_its_worker_in_one_file(clone: Clone) -> None:
    clone.run(f"{sys.executable} examples/single_file/example.py")
    single_files.check(clone.folder / "examples/single_file/output", "worker_toolkit.worker_lib")
    clone.run(f"{sys.executable} examples/single_file/example.py")  # which begins again from nothing
    assert [len(clone.jobs(task)) for task in ("task1", "task2")] == [2, 2]


def test_the_first_releases_file_does_the_same(clone: Clone) -> None:
    folder = clone.folder / "examples/single_file"
    shutil.copy(EARLY, folder / "early.py")
    if "AWS_ENDPOINT_URL" in clone.environment:
        without_building(folder / "early.py")
    clone.run(f"{sys.executable} examples/single_file/early.py")
    single_files.check(folder / "output", "task_toolkit.task_lib")
    (job,) = clone.jobs("task1")
    logs = "".join(log.read_text() for log in (folder / "output/output1/logs").iterdir())
    for host in ("algo-1", "algo-2"):
        assert f"INFO:task_toolkit.task_lib:Marking instance {host} completion" in logs
        recorded = json.loads((folder / f"output/output1/state/{host}/completed.json").read_text())
        assert recorded["job"] == job


def test_a_task_with_folders_of_code_library_and_data(clone: Clone) -> None:
    clone.run(f"{sys.executable} examples/single_task/example.py output")
    for host in ("algo-1", "algo-2"):
        assert (clone.folder / "output/model" / host).read_text() == "hello hello sample_data.txt"
    (job,) = clone.jobs("single-task")
    tags = clone.sagemaker.list_tags(ResourceArn=clone.describe(job)["TrainingJobArn"])["Tags"]
    assert {"Key": "kind", "Value": "example"} in tags
