"""A training that is stopped keeps its model where it was asked to, and ends at once either way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.xgboost_algorithm.recorded import prepare, start

pytestmark = pytest.mark.xgboost


def stopped(base: Path) -> int:
    """The exit status of a training that is told to end after a few rounds."""
    with start(base) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("[5]"):
                break
        process.terminate()
        process.communicate(timeout=60)
    return process.returncode


def test_the_model_of_the_last_round_is_kept_on_request(tmp_path: Path) -> None:
    import xgboost

    base = prepare("reg-csv", tmp_path / "ml", num_round="100000", save_model_on_termination="true")
    assert stopped(base) == 0
    (model,) = (base / "model").iterdir()
    assert model.name == "xgboost-model"
    assert xgboost.Booster(model_file=bytearray(model.read_bytes())).num_boosted_rounds() >= 5


def test_without_a_word_there_is_no_model(tmp_path: Path) -> None:
    base = prepare("reg-csv", tmp_path / "ml", num_round="100000")
    assert stopped(base) != 0
    assert not list((base / "model").iterdir())
