"""A search from Python: the same study as from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import Project
from simple_sagemaker.errors import InputNotFound, JobFailed, JobStopped, UsageError

WORKER = """
import argparse, time
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--kind")
parser.add_argument("--wait_s", type=float, default=0)
args = parser.parse_args()
time.sleep(args.wait_s)
print(f"loss={abs(args.rate - 0.3):.6f}")
"""
SPACE: dict[str, Any] = {"rate": "0.0..1.0", "kind": ["a", "b"]}
METRIC = {"loss": r"loss=(\S+)"}


@pytest.fixture(autouse=True)
def worker(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "tuned.py").write_text(WORKER)
    monkeypatch.setenv("SSM_ISOLATION", "plain")


def tune(project: Project, task: str = "task", **more: Any) -> Any:
    options: dict[str, Any] = {"metric_definitions": METRIC, "tune_jobs": 3, "tune_at_once": 1, "tune_seed": 1}
    return project.tune(task, "tuned.py", hp_space=SPACE, tune_for=("loss", "min"), **{**options, **more})


def test_a_study_has_its_trials_best_first_and_the_best_ones_job(project: Project, here: Path) -> None:
    study = tune(project, output_path=here / "out")
    assert study.status == "Completed"
    trials = study.trials()
    assert [trial.objective for trial in trials] == sorted(trial.objective for trial in trials)
    assert study.best == trials[0]
    assert {trial.hyperparameters["kind"] for trial in trials} <= {"a", "b"}
    assert any(f"loss={study.best.objective:.6f}" in line for line in study.best_job.logs()["algo-1"])
    assert (here / "out" / "trials.csv").is_file()
    again = tune(project, tune_jobs=4)
    assert len(again.trials()) == 4
    assert {trial.number: trial.hyperparameters for trial in trials}.items() <= {
        trial.number: trial.hyperparameters for trial in again.trials()
    }.items()


def test_a_study_is_known_by_its_tasks_name_alone(project: Project) -> None:
    study = tune(project)
    assert Project("proj").study("task") == study.record
    with pytest.raises(InputNotFound, match="'other' of project 'proj' has no study"):
        project.study("other")


def test_a_study_that_is_not_waited_for_is_stopped(project: Project) -> None:
    study = tune(project, wait=False, hyperparameters={"wait_s": 60})
    while not study.trials():
        pass
    study.stop()
    with pytest.raises(JobStopped):
        study.wait()
    assert study.status == "Stopped"


def test_a_search_that_fails_is_an_error(project: Project, here: Path) -> None:
    (here / "tuned.py").write_text("raise SystemExit('no data')")
    with pytest.raises(JobFailed, match="1 trial failed, and 0 may"):
        tune(project, tune_failures=0)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"tune_for": ("loss",)}, "tune_for is a metric's name and min or max"),
        ({"tune_for": {"loss": "low"}}, "say min or max"),
        ({"tune_resource": 3, "tune_by": "hyperband"}, "tune_resource is a list, not 3"),
        ({"tune_resource": ("epochs", 1), "tune_by": "hyperband"}, "('epochs', 1, 27)"),
        ({"hp_space": {"rate": "2..1"}}, "hp_space['rate'] '2..1': its ends are reversed"),
        ({"hp_space": {"rate": ["a"]}}, "hp_space['rate'] ['a'] has one value"),
        ({"hp_space": {"rate": [None, 1]}}, "neither text nor a number"),
        ({"force_running": True}, "There is no force_running"),
    ],
)
def test_mistakes_are_refused_as_python_spells_them(project: Project, more: dict[str, Any], why: str) -> None:
    options = {"hp_space": SPACE, "tune_for": ("loss", "min"), "metric_definitions": METRIC, **more}
    with pytest.raises(UsageError) as error:
        project.tune("task", "tuned.py", **options)
    assert why in str(error.value)
