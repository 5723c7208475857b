"""Finding the usual folders' names in code."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.payload.ssm_launcher import hints


@pytest.mark.parametrize("text", ["'/opt/ml'", "/opt/ml/model", "x=/state", '"/state/"', "cd /state;"])
def test_a_literal_folder_is_found(text: str) -> None:
    assert hints.literal_paths("/no/such/folder", text) == ["the command"]


@pytest.mark.parametrize("text", ["/opt/mlx", "/a/opt/ml", "my/state", "/states", "/state.json", "./state"])
def test_other_folders_are_not(text: str) -> None:
    assert hints.literal_paths("/no/such/folder", text) == []


def test_files_of_code_are_read_and_ours_are_not(tmp_path: Path) -> None:
    for name in (
        "a.py",
        "sub/b.sh",
        "data.csv",
        "launcher.py",
        "worker_toolkit/x.py",
        "sub/launcher.py",
        "sub/worker_toolkit/x.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("/opt/ml")
    mentions = hints.literal_paths(str(tmp_path), "")
    assert mentions == ["a.py", "sub/b.sh", "sub/launcher.py", "sub/worker_toolkit/x.py"]


def test_the_warning_names_three_and_counts_the_rest() -> None:
    text = hints.warning(["a", "b", "c", "d", "e"], "/base")
    assert text.startswith("WARNING: a, b, c and 2 more mention /opt/ml or /state")
    assert "/base" in text
    assert "SSM_*" in text
