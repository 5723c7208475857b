"""The page about searching hyperparameters: its commands and its Python run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import typed_ssm
from tests.warm_homes import warm

PAGE = Path(__file__).parents[2] / "docs" / "tuning.md"
EXAMPLE = Path(__file__).parents[2] / "examples" / "tune_digits"
WORKER = """import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--layers", type=int, default=2)
parser.add_argument("--opt")
args = parser.parse_args()
print(f"loss={abs(args.lr - 0.1) + args.layers / 10:.4f}")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    typed_ssm.install(tmp_path / "bin")
    warm(tmp_path / "home")
    (tmp_path / "train.py").write_text(WORKER)
    return tmp_path


def run(command: str | list[str], folder: Path, where: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SSM_")},
        "SSM_HOME": str(folder / "home"),
        "SSM_ISOLATION": "plain",
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
    }
    shell = isinstance(command, str)
    return subprocess.run(command, shell=shell, cwd=where, env=environment, capture_output=True, text=True, check=False)


def test_the_first_command_works(folder: Path) -> None:
    (command,) = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    done = run(command, folder, folder)
    assert done.returncode == 0, done.stderr
    study = json.loads((folder / "best" / "study.json").read_text())
    assert len(study["trials"]) == 6
    assert {path.name for path in (folder / "best").iterdir()} >= {"logs", "model", "study.json", "trials.csv"}
    again = re.search(r"To run it again: (.*)", done.stderr)
    assert again
    repeated = run(again.group(1), folder, folder)
    assert f"loss={study['best']['objective']:.4f}" in repeated.stdout, repeated.stderr


def test_the_python_works(folder: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    done = run([sys.executable, "-c", code], folder, folder)
    assert done.returncode == 0, done.stderr
    assert "'lr'" in done.stdout


def test_the_example_searches_a_network(folder: Path) -> None:
    pytest.importorskip("sklearn")
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    first, _ = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    done = run(first.replace("--tune_jobs 12 -o random", f"--tune_jobs 3 -o {folder}/random"), folder, EXAMPLE)
    assert done.returncode == 0, done.stderr
    assert (folder / "random" / "model" / "network.pickle").is_file()
