"""A training that goes on from a checkpoint ends as one that was not interrupted: the same lines, the same model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.local.xgboost_algorithm.recorded import Trained, keep_checkpoints, prepare, train

pytestmark = pytest.mark.xgboost


def numbers(base: Path) -> list[int]:
    """The rounds of which there are checkpoints."""
    return sorted(int(file.stem.partition("_")[2]) for file in (base / "checkpoints").iterdir())


def again(base: Path, *, after: int) -> Trained:
    """Train once more, with the checkpoints up to a round."""
    for number in numbers(base):
        if number > after:
            (base / "checkpoints" / f"xgboost-checkpoint_{number}.ubj").unlink()
    (base / "model" / "xgboost-model").unlink()
    return train(base)


@pytest.mark.parametrize(
    "name",
    ["reg-csv", "early-stopping-auc", "seed-nthread-subsample", "multi-softprob-csv", "gblinear-coord-descent", "dart"],
)
def test_a_resumed_training_ends_as_an_undisturbed_one(name: str, tmp_path: Path) -> None:
    base = prepare(name, tmp_path / "ml")
    keep_checkpoints(base)
    whole = train(base)
    kept = numbers(base)
    assert whole.exit_status == 0, whole.errors
    assert len(kept) == 5
    shutil.copytree(base / "checkpoints", tmp_path / "kept")
    for number in (kept[0], kept[2], kept[-1]):
        shutil.rmtree(base / "checkpoints")
        shutil.copytree(tmp_path / "kept", base / "checkpoints")
        resumed = again(base, after=number)
        assert resumed.lines == whole.lines[number + 1 :]
        assert resumed.model == whole.model
    assert numbers(base) == kept


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    base = prepare("reg-csv", tmp_path / "ml")
    keep_checkpoints(base)
    whole = train(base)
    newest = base / "checkpoints" / "xgboost-checkpoint_9.ubj"
    newest.write_bytes(newest.read_bytes()[:100])
    resumed = train(base)
    assert resumed.lines == whole.lines[9:]
    assert "damaged-checkpoint" in resumed.errors
    assert resumed.model == whole.model


def test_a_checkpoint_of_awss_container_is_resumed_from(tmp_path: Path) -> None:
    base = prepare("checkpoint", tmp_path / "ml")
    whole = train(base)
    old = base / "checkpoints" / "xgboost-checkpoint_1.ubj"
    shutil.copy(old, base / "checkpoints" / "xgboost-checkpoint.1")  # a name of version 1.2
    for file in (base / "checkpoints").glob("*.ubj"):
        file.unlink()
    assert train(base).lines == whole.lines[2:]
