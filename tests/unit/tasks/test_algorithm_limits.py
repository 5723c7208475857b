"""What a built-in algorithm cannot do, or does unexpectedly, is said before anything is sent."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.records import replace
from simple_sagemaker.errors import UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks import engine_limits
from tests.unit.tasks.service import World


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.csv").write_text("0,1.5\n1,2.5\n", encoding="utf-8")


def notes(line: str, **changes: Any) -> list[str]:
    """What is said of a command line before its job is sent."""
    usual = "--num_round 9 --objective binary:logistic" if line.startswith("xgboost") else ""
    words = f"{line} --input_local train train.csv {usual}"
    spec: Any = parse(["run", "-p", "p", "-t", "t", "--built_in", *shlex.split(words)])
    said: list[str] = []
    engine_limits.check(spec, replace(World(FolderStore(Path())).services(), **changes), said.append)
    return said


def test_awss_xgboost_is_warned_about_before_a_job_is_sent_there() -> None:
    said = "\n".join(notes("xgboost --eval_metric accuracy"))
    assert "[metric-on-probabilities]" in said
    assert "[no-resume]" in said
    assert "[no-resume]" not in "\n".join(notes("xgboost --no_spot"))
    assert notes("xgboost --no_spot --eval_metric auc") == []


def python_that_prints(text: str) -> str:
    program = Path("python-of-a-test").absolute()
    program.write_text(f"#!/bin/sh\necho '{text}'\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def test_without_its_package_a_job_of_this_machine_is_refused() -> None:
    with pytest.raises(UsageError, match=r"pip install 'xgboost"):
        notes("xgboost --it local", engine="local", python=python_that_prints(""))
    assert notes("xgboost --it local", engine="local", python=python_that_prints("3.2.0")) == []


def test_another_algorithm_is_refused_on_this_machine_by_name() -> None:
    with pytest.raises(UsageError, match="algorithm pca exists only as AWS's image"):
        notes("pca --it local --feature_dim 2 --num_components 1 --mini_batch_size 1", engine="local")
