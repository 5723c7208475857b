"""``--built_in xgboost`` on this machine, trained by the package itself: results, metrics, and both kinds of search."""

from __future__ import annotations

import json
import random
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

pytestmark = pytest.mark.xgboost

LINE = (
    "--built_in xgboost:3.2-0 --input_local train train.csv --input_local validation val.csv --objective "
    "binary:logistic --num_round 5 --it local"
)
PAGE = (Path(__file__).parents[2] / "docs" / "built-ins.md").read_text(encoding="utf-8")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path)
    made.environment["SSM_PYTHON"] = sys.executable
    source = random.Random(1)
    for name, rows in (("train.csv", 120), ("val.csv", 40)):
        lines = []
        for _ in range(rows):
            one, two = source.gauss(0, 1), source.gauss(0, 1)
            lines.append(f"{int(one + two > 0)},{one:.3f},{two:.3f}\n")
        made.write(name, "".join(lines))
    return made


def test_the_first_line_of_the_page_trains_and_is_skipped_the_second_time(shell: Shell) -> None:
    words = shlex.split(PAGE.partition("```bash\n")[2].partition("\n")[0])[1:]
    words = ["20" if word == "200" else word for word in words]
    done = shell.ssm(*words, "--it", "local")
    assert done.status == 0, done.err
    assert (shell.folder / "out" / "model" / "xgboost-model").stat().st_size > 1000
    assert "validation:logloss" in done.err + done.out
    assert "Nothing ran" in (again := shell.ssm(*words, "--it", "local")).out + again.err
    points = json.loads(shell.ssm("metrics", "-p", "demo", "-t", "churn", "--it", "local", "--json").out)
    assert {one["metric"] for one in points} == {"train:logloss", "validation:logloss"}
    assert len(points) == 40
    compared = json.loads(shell.ssm("compare", "-p", "demo", "--it", "local", "--json").out)
    assert compared[0]["metrics"]["validation:logloss"] == pytest.approx(points[-1]["value"], abs=1)


def test_a_training_that_has_ended_is_no_checkpoint_of_the_next(shell: Shell) -> None:
    words = shlex.split(f"run -p p -t t {LINE}")
    assert shell.ssm(*words).status == 0
    for again in (
        [*words, "--eta", "0.1", "--if_changed"],
        [*words, "--eta", "0.1", "--force_running"],
        shlex.split("replay -p p -t t --it local"),
    ):
        done = shell.ssm(*again)
        assert done.status == 0, done.err
        lines = [line for line in (done.out + done.err).splitlines() if "\ttrain-logloss" in line]
        assert len(lines) == 5, done.err
        assert "checkpoints of another training" in done.err


@pytest.mark.parametrize("driver", ["client", "aws"])
def test_a_search_is_driven_by_the_metric_that_is_asked_for(shell: Shell, driver: str) -> None:
    words = f"tune -p p -t {driver} {LINE} --hp_space eta auto --tune_for validation:auc auto --tune_jobs 2 -o out"
    done = shell.ssm(*shlex.split(words), "--tune_on", driver)
    assert done.status == 0, done.err
    study = json.loads((shell.folder / "out" / "study.json").read_text(encoding="utf-8"))
    assert [one["status"] for one in study["trials"]] == ["Completed"] * 2
    assert all(0.5 < one["objective"] <= 1 for one in study["trials"])


def test_another_algorithm_is_refused_with_the_ways_out(shell: Shell) -> None:
    done = shell.ssm(
        *shlex.split("run -p p -t t --built_in kmeans --input_local train train.csv --k 2 --feature_dim 3 --it local")
    )
    assert done.status != 0
    assert "SSM_ENGINE=docker" in done.err
