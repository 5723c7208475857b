"""A search over a built-in algorithm's hyperparameters: recommended ranges, its own metrics, their directions."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from simple_sagemaker.built_ins.algorithms import algorithm, names
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.errors import UsageError
from simple_sagemaker.studies.spec import TuneSpec
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer

XGBOOST = (
    "--built_in xgboost:3.2-0 --no_spot --input_local train train.csv --input_local validation train.csv --num_round 9 "
    "--objective binary:logistic"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.csv").write_text("0,1.5\n1,2.5\n", encoding="utf-8")


def search(line: str) -> TuneSpec:
    spec = parse(["tune", "-p", "p", "-t", "t", *shlex.split(line)])
    assert isinstance(spec, TuneSpec)
    return spec


def test_auto_is_the_recommended_range_and_the_metrics_own_direction() -> None:
    spec = search(f"{XGBOOST} --hp_space eta auto --hp_space max_depth auto --tune_for validation:auc auto")
    assert spec.space == (Continuous(name="eta", low="0.1", high="0.5"), Integer(name="max_depth", low=0, high=10))
    assert (spec.metric, spec.goal) == ("validation:auc", "max")


@pytest.mark.parametrize("name", names())
def test_every_recommended_range_is_one(name: str) -> None:
    from simple_sagemaker.options.arguments import Arguments, Use
    from simple_sagemaker.options.hp_space import space

    arguments = Arguments("tune", ())
    arguments.uses["built_in"] = [Use("--built_in", (name,))]
    tunable = algorithm(name).tunable
    arguments.uses["hp_space"] = [Use("--hp_space", (one, "auto")) for one in tunable]
    found = {one.name: one for one in space(arguments)}
    assert found.keys() == tunable.keys()
    for one, range_ in found.items():
        form = algorithm(name).hyperparameters[one].form
        kind = {"int": (Integer, Categorical), "float": (Continuous, Integer)}.get(form, (Categorical,))
        assert isinstance(range_, kind), one


def test_a_trial_of_this_command_is_told_the_objective_and_one_of_a_tuning_job_is_not() -> None:
    line = f"{XGBOOST} --hp_space eta auto --tune_for validation:auc max"
    assert search(line).task.hyperparameters["_tuning_objective_metric"] == "validation:auc"
    assert "_tuning_objective_metric" not in search(f"{line} --tune_on aws").task.hyperparameters


def test_a_searched_hyperparameter_is_not_missing() -> None:
    line = XGBOOST.replace("--num_round 9", "--hp_space num_round 5..9")
    assert "num_round" not in search(f"{line} --tune_for validation:logloss min").task.hyperparameters


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ("--hp_space eta auto --tune_for validation:auc min", "Write: --tune_for validation:auc max"),
        ("--hp_space eta auto --tune_for auc max", "Write: --tune_for validation:auc max"),
        ("--hp_space eta auto --tune_for train:auc max", "Write: --tune_for validation:auc max"),
        ("--hp_space eta auto --tune_for validation:loss min", "Write: --tune_for validation:logloss min"),
        ("--hp_space booster auto --tune_for validation:auc max", "there are ranges for num_round, eta"),
        ("--hp_space eta 0.1..1.5 --tune_for validation:auc max", "Write: --hp_space eta '0.1..0.5'"),
        ("--hp_space 'booster' 'gbtree|forest' --tune_for validation:auc max", "'forest' is not a value of it"),
        ("--hp_space etaa 0.1..0.5 --tune_for validation:auc max", "Did you mean --eta?"),
    ],
)
def test_a_mistake_is_refused_with_what_mends_it(words: str, mend: str) -> None:
    with pytest.raises(UsageError) as error:
        search(f"{XGBOOST} {words}")
    assert mend in str(error.value)


def test_an_objective_needs_the_channel_that_it_is_computed_on() -> None:
    line = XGBOOST.replace("--input_local validation train.csv", "")
    with pytest.raises(UsageError, match="Add: --input_local validation PATH"):
        search(f"{line} --hp_space eta auto --tune_for validation:auc max")
