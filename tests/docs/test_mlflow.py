"""The page about MLflow: its commands and its Python run as they stand, with MLflow itself (`tox -e mlflow`)."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from simple_sagemaker.project import Project
from tests.cli.conftest import Shell

pytestmark = [pytest.mark.mlflow, pytest.mark.timeout(600)]

PAGE = (Path(__file__).parents[2] / "docs" / "mlflow.md").read_text(encoding="utf-8")
PYTHON = os.environ.get("MLFLOW_PYTHON", sys.executable)
WORKER = "import sys\nfor epoch in range(3):\n    print(f'epoch {epoch} loss={3 - epoch}')\n"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.environment["SSM_PYTHON"] = PYTHON
    shell.write("train.py", WORKER)
    return shell


def test_the_first_command_runs_as_it_stands(shell: Shell) -> None:
    block = re.search(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    assert block
    first, second = block[1].splitlines()
    done = shell.ssm(*shlex.split(first)[1:])
    assert done.status == 0, done.err
    assert re.search(r"MLflow: run [0-9a-f]{32} in the experiment 'demo'", shell.log("output"))
    assert shlex.split(second) == ["ssm", "mlflow", "-p", "demo"]  # tests/cli/test_mlflow.py starts the page
    assert (shell.home / "mlflow/demo/mlflow.db").is_file()


def test_the_command_of_an_experiment_runs_as_it_stands(shell: Shell) -> None:
    line = re.search(r"```bash\n(ssm run .*in_experiment.*)\n```", PAGE)
    assert line
    done = shell.ssm(*shlex.split(line[1])[1:])
    assert done.status == 0, done.err
    assert "Experiment: created the experiment digits and the trial first" in done.err


def test_the_python_runs_as_it_stands(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SSM_ENGINE", "local"), ("SSM_HOME", str(shell.home)), ("SSM_PYTHON", PYTHON)):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shell.folder)
    block = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert block
    exec(compile(block[1], "docs/mlflow.md", "exec"), {"project": Project("demo")})
    assert (shell.home / "mlflow/demo/mlflow.db").is_file()
