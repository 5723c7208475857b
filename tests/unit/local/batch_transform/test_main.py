"""A host of a transform job: where its code is, and how many processes hold the model."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.batch_transform import main


@pytest.mark.parametrize(
    ("named", "folder"),
    [
        (None, "/opt/ml/model/code"),
        ("", "/opt/ml/model/code"),
        ("s3://b/code.tar.gz", "/opt/ml/code"),
        ("file:///my/code", "/my/code"),
        ("/my/code", "/my/code"),
        ("file://", "/opt/ml/model/code"),
    ],
)
def test_the_code_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, named: str | None, folder: str) -> None:
    monkeypatch.delenv("SAGEMAKER_SUBMIT_DIRECTORY", raising=False)
    if named is not None:
        monkeypatch.setenv("SAGEMAKER_SUBMIT_DIRECTORY", named)
    assert main._code_folder("/opt/ml") == folder


@pytest.mark.parametrize(
    ("named", "concurrent", "count"),
    [("3", 8, 3), ("3", 2, 2), ("0", 1, 1), ("x", 1, 1), ("", 1, 1), ("1", 8, 1), ("0", 100_000, os.cpu_count() or 1)],
)
def test_as_many_processes_hold_the_model_as_requests_come_at_once_and_may(
    monkeypatch: pytest.MonkeyPatch, named: str, concurrent: int, count: int
) -> None:
    monkeypatch.setenv("SAGEMAKER_MODEL_SERVER_WORKERS", named)
    assert main._worker_count({"max_concurrent": concurrent}) == count


def test_a_host_without_objects_does_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "transform").mkdir()
    job: dict[str, Any] = {"files": []}
    (tmp_path / "transform/job.json").write_text(json.dumps(job))
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setattr(main, "_SIGNALS", ())
    assert main.main() == 0
    assert "No objects are left for this host." in capfd.readouterr().out
    assert not (tmp_path / "transform/failure").exists()
