"""What a host has, told by the programs its image has."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.payload.ssm_launcher import machine


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_without_their_tools_there_are_no_accelerators(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))
    assert (machine.gpu_count(), machine.neuron_count("ml.g5.xlarge")) == (0, 0)


def test_gpus_are_those_that_nvidias_tool_lists(programs: Path) -> None:
    program(programs / "nvidia-smi", 'echo "GPU 0: A10G (UUID: x)"; echo "GPU 1: A10G"; echo "  MIG 1g"')
    assert machine.gpu_count() == 2


def test_a_tool_that_finds_no_driver_has_no_gpus(programs: Path) -> None:
    program(programs / "nvidia-smi", 'echo "GPU 0: imagined"; exit 9')
    assert machine.gpu_count() == 0


def test_neuron_cores_are_added_up(programs: Path) -> None:
    program(programs / "neuron-ls", """echo '[{"nc_count": 2}, {"nc_count": 2}, {}]'""")
    assert machine.neuron_count("ml.trn1.2xlarge") == 4
    assert machine.neuron_count("ml.trn2.48xlarge") == 64


def test_a_file_that_cannot_be_run_is_no_program(programs: Path) -> None:
    (programs / "surely-not-installed").write_text("")
    assert machine.find_program("surely-not-installed") is None
