"""Every test here stands in a folder of its own, with a script and some data to name, and nothing of ours is set."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    for name in ("train.py", "other.py", "code/worker.py", "data/a.txt", "more/b.txt", "sub/train.py"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("print()\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    for name in os.environ:
        if name.startswith(("AWS_", "SSM_", "SUDO_")):
            monkeypatch.delenv(name)
    return folder


@pytest.fixture
def write(here: Path) -> Write:
    """Write the project file."""

    def write_file(text: str) -> Path:
        path = here / "ssm.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def task(*argv: str) -> TaskSpec:
    spec = parse(argv)
    assert isinstance(spec, TaskSpec)
    return spec
