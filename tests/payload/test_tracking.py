"""What the launcher does for a run in MLflow, where no MLflow is: `tox -e mlflow` has the rest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from simple_sagemaker.payload.ssm_launcher import mlflow_code, recorder
from simple_sagemaker.payload.ssm_launcher.metric_lines import Finder, Lines
from tests.cli.conftest import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.parametrize(
    ("text", "experiment", "is_unsure"),
    [
        ("import mlflow\nmlflow.set_experiment('a b')\n", "a b", False),
        ("from mlflow import set_experiment\nset_experiment(experiment_name='a')\n", "a", False),
        ("mlflow.set_experiment('a')\nmlflow.set_experiment('b')\n", None, True),
        ("mlflow.set_experiment(name)\n", None, True),
        ("mlflow.set_experiment(experiment_id='3')\n", None, True),
        ("print 'old'; mlflow.set_experiment('a')\n", None, True),
        ("def set_experiment(name): pass\n", None, False),
        ("print('nothing')\n", None, False),
    ],
)
def test_the_experiment_of_a_script_is_read_from_it(
    tmp_path: Path, text: str, experiment: str | None, is_unsure: bool
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/w.py").write_text(text, encoding="utf-8")
    code = mlflow_code.Code(str(tmp_path))
    assert (code.experiment, code.is_unsure) == (experiment, is_unsure)
    assert code.may_log == ("mlflow" in text)


def test_values_are_found_across_pieces_of_output() -> None:
    lines, finder = Lines(), Finder({"loss": r"loss=(\S+)"}, "for MLflow", print)
    pieces = [b"loss=1\nlos", b"s=2", b"\nother\nloss=", b"3"]
    texts = [lines.push(piece) for piece in pieces] + [lines.rest()]
    assert [value for text in texts for _, _, value in finder.values(text)] == [1, 2, 3]


def test_a_python_without_mlflow_is_refused_before_anything_is_sent(shell: Shell) -> None:
    shell.write("w.py", "print('ran')\n")
    shell.environment["SSM_PYTHON"] = sys.executable
    done = shell.run("-e", "w.py", "--mlflow_to", "http://127.0.0.1:9")
    assert done.status == 2
    assert "--mlflow_to http://127.0.0.1:9 needs mlflow in the job's Python" in done.err
    assert "-m pip install mlflow" in done.err
    assert shell.jobs() == []


def test_a_job_whose_requirements_bring_no_mlflow_runs_without_a_run(shell: Shell) -> None:
    """Our check trusts a line of the requirements; a file of that name that is empty stands for an old package."""
    shell.write("code/w.py", "import os\nprint(sorted(name for name in os.environ if name.startswith('MLFLOW')))\n")
    shell.write("code/requirements.txt", "mlflow; python_version < '3'\n")
    done = shell.run("-s", "code", "-e", "w.py", "--mlflow_to", "http://127.0.0.1:9", "-o", "out")
    assert done.status == 0, done.err
    assert "cannot import mlflow" in shell.log()
    assert "the script starts without a run" in shell.log()
    assert shell.log().count("add it to requirements.txt") == 1
    assert "MLFLOW_TRACKING_URI" in shell.log()


def test_values_for_a_recorder_that_does_not_read_are_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recorder, "START", b"import time; time.sleep(60)")
    monkeypatch.setattr(recorder, "MOST_VALUES", 5000)
    stuck = recorder.Recorder({"act": "keep", "code": str(tmp_path)}, {b"PATH": b"/usr/bin:/bin"})
    for number in range(20_000):
        stuck.add("loss", float(number), 0)
        stuck.pump()
    (lost, unmarked) = stuck.finish("FINISHED", 0.2)
    assert lost == "20000 of 20000 values are lost: no answer within 0 s"
    assert unmarked == "the run is not marked as FINISHED"


def test_what_a_recorder_says_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answers = [{"run": "r1", "experiment": "e", "attempt": 1}, {"settled": 1}, {"note": "n"}, {"ended": "FAILED"}]
    text = "".join(json.dumps(one) + "\n" for one in answers)
    script = f"import sys, time\nprint({text!r}, end='', flush=True)\nsys.stdin.read()"
    monkeypatch.setattr(recorder, "START", script.encode())
    said = recorder.Recorder({"act": "keep", "code": str(tmp_path)}, {b"PATH": b"/usr/bin:/bin"})
    assert said.wait_until_ready(30) == answers[0]
    said.add("loss", 1.0, 0)
    assert said.finish("FAILED", 1) == ["n"]
