"""A person's script that uses the Python API passes the strictest reading of types, and a wrong one does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from pathlib import Path

from simple_sagemaker import Data, Job, Project, Result, SageMakerProject
from simple_sagemaker.errors import JobFailed


def train(rates: list[float]) -> dict[float, float]:
    project = Project("demo", engine="local", progress="auto")
    jobs: dict[float, Job] = {}
    for rate in rates:
        jobs[rate] = project.run(
            f"train-{rate}",
            Path("train.py"),
            source_dir="code",
            hyperparameters={"lr": rate, "layers": [1, 2]},
            inputs={"data": "data", "more": Data("s3://bucket/key", distribution="ShardedByS3Key")},
            instance_count=2,
            use_spot_instances=False,
            wait=False,
        )
    return {rate: job.result().metrics["loss"] for rate, job in jobs.items()}


def look(project: Project) -> str:
    try:
        shown = project.shell("look", "ls", inputs={"model": project.input_of("train", "model")}, tags={"a": "b"})
    except JobFailed as error:
        return str(error)
    result: Result = shown.wait()
    folders: dict[str, Path] = project.download("look", "out", state=False)
    lines: list[str] = shown.logs()["algo-1"]
    return f"{result.status} {result.seconds} {result.uri('model')} {folders['logs']} {len(lines)}"


def early() -> str:
    project = SageMakerProject("demo", prefix="p/", local_mode=True)
    project.setDefaultCodeParams(entry_point=__file__, dependencies=[])
    project.setDefaultInstanceParams(instance_count=2)
    image = project.buildOrGetImage(instance_type=project.defaultInstanceParams.instance_type)
    project.runTask("one", image, hyperparameters={"a": 1}, clean_state=True)
    project.downloadResults("one", Path("out"))
    return project.tasks["one"].getOutputTargetUri(model=True)
"""

WRONG = """
from simple_sagemaker import Project

project = Project("demo", engine="spark")
project.run("task", "train.py", instance_count="two")
project.run("task", "train.py", instance_cout=2)
project.input_of("task", "modle")
print(project.run("task").result().stats)
import simple_sagemaker
simple_sagemaker.Projekt
"""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_scripts_are_read_strictly_and_wrong_words_are_errors(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(SCRIPT)
    (tmp_path / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "right.py", "wrong.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [tuple(line.split(":")[:2]) for line in done.stdout.splitlines() if ": error:" in line]
    assert errors == [("wrong.py", line) for line in ("4", "5", "6", "7", "8", "10")], done.stdout
