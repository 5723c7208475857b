"""Tables of jobs and of metrics, in pandas, which SageMaker's SDK brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker import Project

pytest.importorskip("pandas")
WORKER = "for epoch in range(1, 4):\n    print(f'loss={6 / epoch}')\n"


def test_jobs_and_metrics_are_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "home"))
    (tmp_path / "w.py").write_text(WORKER)
    project = Project("demo", engine="local")
    metric = {"loss": r"loss=(\S+)"}
    job = project.run("a", tmp_path / "w.py", hyperparameters={"lr": 6}, metric_definitions=metric)
    jobs, values = project.jobs().to_dataframe(), job.metrics().to_dataframe()
    assert (jobs["job"][0], jobs["hyperparameters.lr"][0], jobs["metrics.loss"][0]) == (job.name, "6", 2.0)
    assert list(values["value"]) == [6.0, 3.0, 2.0]
    assert str(values["time"].dt.tz) == "UTC"
