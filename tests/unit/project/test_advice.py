"""What an error advises from Python is written as Python has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import Project
from simple_sagemaker.errors import UsageError


@pytest.mark.parametrize(
    ("values", "more", "advice"),
    [
        ({}, {}, "hyperparameters['num_round'] = '100'"),
        ({"num_round": 0}, {}, "hyperparameters['num_round'] = '100'"),
        ({"num_round": 3, "tree_method": "gpu_hist"}, {}, "Write: hyperparameters['tree_method'] = 'hist'"),
        ({"num_round": 3, "objective": "multi:softmax", "num_class": 2}, {}, "hyperparameters['num_class'] = '3'"),
        (
            {"num_round": 3, "objective": "binary:logistic"},
            {},
            "hyperparameters['objective'] = 'multi:softprob', hyperparameters['num_class'] = '3'",
        ),
        ({"num_round": 3}, {"channel_type": {"train": "text/cvs"}}, "channel_type={'train': 'text/csv'}"),
        ({"num_round": 3}, {"inputs": {"training": "rows.csv"}}, "inputs={'train': 'rows.csv'}"),
        ({"num_round": 3}, {"inputs": {}}, "inputs={'train': 's3://BUCKET/KEY'}"),
        ({"num_round": 3}, {"input_mode": "Pipe"}, "input_mode='File'"),
    ],
)
def test_advice_gives_a_value_to_an_option_as_python_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], more: dict[str, Any], advice: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("0,1.5\n1,2.5\n2,3.5\n0,1.5\n", encoding="utf-8")
    options = {"built_in": "xgboost", "inputs": {"train": "rows.csv"}, "hyperparameters": values, **more}
    with pytest.raises(UsageError) as error:
        Project("p", instance_type="local").run("t", **options)
    assert advice in str(error.value)
