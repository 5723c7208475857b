"""Which graphics processors this machine has, by NVIDIA's own tool: trials that run at once share them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.local.hosts.gpus import gpus

LISTED = ["GPU-8f3a", "GPU-11c0"]
LISTS = "\n".join(f"echo {name}" for name in LISTED)


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (None, []),
        (LISTS, LISTED),
        (f"echo 'WARNING: infoROM is corrupted'\n{LISTS}", LISTED),
        (f"{LISTS}\nexit 9", []),  # as without a driver
    ],
    ids=["no tool", "two", "a warning before them", "failed"],
)
def test_gpus_are_those_that_nvidias_tool_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str | None, expected: list[str]
) -> None:
    if tool is not None:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{tool}\n", encoding="utf-8")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus() == expected
