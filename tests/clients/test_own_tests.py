"""The tests on docs/test-your-code.md that use AWS's clients and Airflow, each where its client is installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.clients.versions import version
from tests.testing.test_page import write
from tests.testing.test_plugin import run

pytestmark = pytest.mark.timeout(600)


def needs(package: str, number: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(version(package) != number, reason=f"{package} {number} is not installed here")


def passes(folder: Path, *names: str) -> None:
    """Have pytest run the page's files in a folder; there is one test."""
    write(folder, "code/train.py", *names)
    done = run(folder)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who has no settings of AWS or of Airflow, and the programs that are installed here."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home/airflow"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@needs("sagemaker", 2)
def test_sdk_2(tmp_path: Path) -> None:
    passes(tmp_path, "test_sdk2.py")


@needs("sagemaker", 3)
def test_sdk_3(tmp_path: Path) -> None:
    passes(tmp_path, "test_sdk3.py")


@needs("awscli", 1)
def test_awscli(tmp_path: Path) -> None:
    passes(tmp_path, "test_script.py", "train.sh")


@needs("apache-airflow-providers-amazon", 9)
def test_airflow(tmp_path: Path) -> None:
    passes(tmp_path, "test_operator.py")
