"""The page about XGBoost: its example runs as it stands, and it names every warning that the code can give."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simple_sagemaker.local.xgboost_algorithm.caveats import differences

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "xgboost.md").read_text(encoding="utf-8")
SOURCE = TOP / "src" / "simple_sagemaker" / "local" / "xgboost_algorithm"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_warning_is_on_the_page() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in SOURCE.glob("*.py"))
    words = {*re.findall(r'code="([a-z-]+)"', text), *re.findall(r'warn\(\s*"([a-z-]+)"', text)}
    named = {*re.findall(r"`([a-z]+(?:-[a-z]+)+|unused)`", PAGE)}
    assert words - named == set()
    assert len(words) > 15


def test_every_difference_is_in_its_table() -> None:
    table = PAGE.partition("## Where AWS differs")[2]
    assert {one.code for one in differences()} == {*re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)}


@pytest.mark.xgboost
def test_the_example_trains_and_its_model_is_read(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "ssm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m simple_sagemaker.cli.main "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SSM_")},
        "SSM_HOME": str(tmp_path / "home"),
        "SSM_PYTHON": sys.executable,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    }
    data, read = (block for block in blocks("python") if "boto3" not in block)
    (command,) = (block for block in blocks("bash") if "ssm run" in block)

    def run(arguments: str | list[str]) -> subprocess.CompletedProcess[str]:
        shell = isinstance(arguments, str)
        return subprocess.run(
            arguments, shell=shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert run([sys.executable, "-c", data]).returncode == 0
    trained = run(command)
    assert trained.returncode == 0, trained.stderr
    assert "validation-auc:" in trained.stdout
    assert run([sys.executable, "-c", read]).stdout == "20\n"
