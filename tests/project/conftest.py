"""Python's own way to tasks: a folder to stand in, with jobs on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker import Project
from tests.warm_homes import warm

WORKER = """
import pathlib
from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig()
print("hps", sorted(config.hps.items()))
pathlib.Path(config.model_dir, "of_" + config.current_host).write_text(str(config.hps.get("word")))
pathlib.Path(config.output_data_dir, "output").write_text("output")
pathlib.Path(config.state, "kept").write_text("state")
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a worker, where the environment chooses this machine."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "worker.py").write_text(WORKER)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SSM_ENGINE", "local")
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "home"))
    warm(tmp_path / "home")
    monkeypatch.setenv("SSM_STOP_GRACE_S", "1")
    return folder


@pytest.fixture
def project(here: Path) -> Project:
    return Project("proj")
