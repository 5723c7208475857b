"""What AWS's own XGBoost container did with 129 jobs, right and wrong, beside what is refused before one is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.errors import SsmError
from tests.local.xgboost_algorithm.recorded import NAMES, contents, recorded

OBJECTIVE = "_tuning_objective_metric"  # which nobody gives: tuning jobs do
# Wrong, and not refused: with the reason.
PASS = {
    "bad-early-stopping-metric-absent": "it trains all the same",
    "bad-parquet-text-column": "Parquet is not opened",
    "bad-rank-qid-descending": "it trains all the same, and groups may come in any order",
    "bad-success-marker": "it is harmless",
}
CASES = [name for name in NAMES if OBJECTIVE not in recorded(name)["hyperparameters"]]


@pytest.mark.parametrize("name", CASES)
def test_what_the_container_takes_passes_and_what_is_wrong_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case = recorded(name)
    words = ["run", "-p", "p", "-t", "t", "--built_in", "xgboost:3.2-0"]
    for channel, config in case["channels"].items():
        Path(channel).mkdir()
        words += ["--input_local", channel, channel]
        if "ContentType" in config:
            words += ["--channel_type", channel, config["ContentType"]]
        words += ["--input_mode", mode] if (mode := config["TrainingInputMode"]) not in {"File", *words} else []
    for path, data in contents(name).items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)
    for hyperparameter, value in case["hyperparameters"].items():
        words += ["--hp", hyperparameter, value]
    if name.startswith("bad-") and name not in PASS:
        with pytest.raises(SsmError):
            parse(words)
        return
    spec = parse(words)
    assert isinstance(spec, TaskSpec)
    assert dict(spec.hyperparameters) == case["hyperparameters"]
