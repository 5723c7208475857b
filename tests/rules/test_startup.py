"""What starting costs: a page of help loads nothing heavy, and every module stands on its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.tree import PACKAGE, files, module

HEAVY = {"boto3", "botocore", "obstore", "rich", "moto", "asyncio", "unittest", "importlib.metadata"}
MODULES = [module(file) for file in files() if not module(file).startswith("payload.")]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python that is not measured for coverage, which would load much before our first line."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    words = [sys.executable, *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, env=clean)


def loaded(*arguments: str) -> set[str]:
    """The modules that a Python with these arguments imports, as ``-X importtime`` reports them."""
    done = run("-X", "importtime", *arguments)
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize(
    "words",
    [["-h"], ["run", "-h"], ["shell", "-h"], ["data", "-h"], ["exec", "-h"], ["emulator", "-h"], ["--version"]],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    # What the environment itself imports at start-up (a .pth file) is not ours to answer for.
    ours = loaded("-m", f"{PACKAGE}.cli.main", *words) - loaded("-c", "pass")
    assert f"{PACKAGE}.errors" in ours
    assert not ours & HEAVY


def test_the_package_itself_loads_nothing() -> None:
    ours = loaded("-c", f"import {PACKAGE}") - loaded("-c", "pass")
    assert not {name for name in ours if name.startswith(f"{PACKAGE}.")}


@pytest.mark.parametrize("name", MODULES, ids=lambda name: name or PACKAGE)
def test_every_module_imports_on_its_own_without_a_warning(name: str) -> None:
    target = f"{PACKAGE}.{name}".rstrip(".")
    done = run("-W", "error", "-c", f"import {target}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_job_of_this_machine_loads_nothing_of_aws(tmp_path: Path) -> None:
    (tmp_path / "w.py").write_text("print('ran')")
    words = ("run", "--it", "local", "-p", "p", "-t", "t", "-e", str(tmp_path / "w.py"))
    found = loaded("-m", f"{PACKAGE}.cli.main", *words)
    assert f"{PACKAGE}.local.api.sagemaker" in found
    assert not found & {"boto3", "botocore", "obstore", f"{PACKAGE}.storage.s3.store", f"{PACKAGE}.emulator"}
