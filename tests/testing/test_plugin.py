"""pytest's fixtures, in a run of pytest that knows nothing else of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import os
import boto3

def test_nothing_is_loaded_yet(request):
    import sys
    assert not [name for name in sys.modules if name.startswith(("moto", "simple_sagemaker.emulator"))]
    assert "AWS_ENDPOINT_URL" not in os.environ

def test_a_bucket(sagemaker, sagemaker_emulator):
    boto3.client("s3").create_bucket(Bucket="mine")
    assert os.environ["AWS_ENDPOINT_URL"] == sagemaker_emulator.url
    assert sagemaker.list_training_jobs()["TrainingJobSummaries"] == []

def test_the_next_test_begins_with_nothing(sagemaker):
    assert boto3.client("s3").list_buckets()["Buckets"] == []

def test_faults(sagemaker, sagemaker_emulator):
    sagemaker_emulator.set_faults("throttle=1")

def test_have_ended_with_their_test(sagemaker):
    sagemaker.list_models()

def test_the_environment_is_as_before():
    assert "AWS_ENDPOINT_URL" not in os.environ
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_fixtures_are_there_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TESTS)
    done = run(tmp_path)
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_the_fixtures_are_listed_with_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "test_none.py").write_text("")
    listed = run(tmp_path, "--fixtures").stdout
    assert "boto3's client for SageMaker on an emulated AWS in which there is nothing yet." in listed
    assert "An emulated AWS for the whole session" in listed
