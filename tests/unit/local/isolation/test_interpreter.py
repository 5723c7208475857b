"""Which Python a job gets, and what is known of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from simple_sagemaker.local.isolation import interpreter
from simple_sagemaker.local.isolation.interpreter import NoInterpreter

OURS = "/ours/bin/python"


def program(path: Path, mode: int = 0o755) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


@pytest.fixture
def everything(tmp_path: Path) -> dict[str, str]:
    """An environment in which every way to a Python leads somewhere else."""
    named = program(tmp_path / "named/python")
    program(tmp_path / "venv/bin/python")
    program(tmp_path / "conda/bin/python")
    program(tmp_path / "path/python3")
    return {
        "SSM_PYTHON": named,
        "VIRTUAL_ENV": str(tmp_path / "venv"),
        "CONDA_PREFIX": str(tmp_path / "conda"),
        "PATH": f"{tmp_path / 'none'}{os.pathsep}{tmp_path / 'path'}",
    }


def test_the_named_one_then_the_active_environments_then_the_path_then_ours(everything: dict[str, str]) -> None:
    expected = {
        "SSM_PYTHON": everything["SSM_PYTHON"],
        "VIRTUAL_ENV": f"{everything['VIRTUAL_ENV']}/bin/python",
        "CONDA_PREFIX": f"{everything['CONDA_PREFIX']}/bin/python",
        "PATH": everything["PATH"].split(os.pathsep)[1] + "/python3",
    }
    for variable, python in expected.items():
        assert interpreter.choose(everything, default=OURS) == python
        del everything[variable]
    assert interpreter.choose(everything, default=OURS) == OURS


def test_empty_variables_and_environments_without_a_python_are_passed_over(everything: dict[str, str]) -> None:
    (Path(everything["VIRTUAL_ENV"]) / "bin/python").chmod(0o644)
    (Path(everything["CONDA_PREFIX"]) / "bin/python").unlink()
    everything["SSM_PYTHON"] = ""
    everything["PATH"] = "" + os.pathsep + everything["PATH"]
    assert interpreter.choose(everything, default=OURS).endswith("path/python3")


def test_a_named_python_is_not_passed_over_when_it_is_missing(everything: dict[str, str]) -> None:
    assert interpreter.choose(everything | {"SSM_PYTHON": "/no/such"}, default=OURS) == "/no/such"


def test_a_virtual_environment_is_known_with_its_base_and_its_packages(tmp_path: Path) -> None:
    python_facts = interpreter.inspect(sys.executable, tmp_path)
    assert python_facts.version == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert {sys.prefix, sys.base_prefix} <= set(python_facts.prefixes)
    assert any(Path(folder, "pytest").is_dir() for folder in python_facts.sites)
    assert interpreter.inspect(sys.executable, tmp_path) == python_facts


def test_an_answer_is_kept_and_asked_again_when_the_program_changes(tmp_path: Path) -> None:
    first = interpreter.inspect(sys.executable, tmp_path)
    (kept,) = tmp_path.glob("python-*.json")
    kept.write_text("{half")
    assert interpreter.inspect(sys.executable, tmp_path) == first


def test_a_shim_is_asked_each_time(tmp_path: Path) -> None:
    shim = tmp_path / "python"
    shim.write_text(f'#!/bin/sh\necho asked >> {tmp_path}/count\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)
    for _ in range(2):
        interpreter.inspect(str(shim), tmp_path / "cache")
    assert (tmp_path / "count").read_text() == "asked\nasked\n"


@pytest.mark.parametrize("path", ["/no/such/python", "/bin/true", "/etc/hostname", "/"])
def test_what_is_no_python_is_refused_by_name(tmp_path: Path, path: str) -> None:
    with pytest.raises(NoInterpreter, match=path):
        interpreter.inspect(path, tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_python_that_cannot_be_reached_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "shut"
    program(folder / "python")
    folder.chmod(0)
    try:
        with pytest.raises(NoInterpreter, match="shut/python"):
            interpreter.inspect(str(folder / "python"), tmp_path)
    finally:
        folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "hole"])
def test_what_is_no_answer_in_the_cache_is_replaced(tmp_path: Path, kind: str) -> None:
    known = interpreter.inspect(sys.executable, tmp_path / "cache")
    (cached,) = (tmp_path / "cache").iterdir()
    cached.unlink()
    if kind == "pipe":
        os.mkfifo(cached)
    else:
        with open(cached, "wb") as out:
            out.truncate(1 << 36)
    assert interpreter.inspect(sys.executable, tmp_path / "cache") == known
    assert 0 < cached.stat().st_size < 10_000


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    known = interpreter.inspect(sys.executable, tmp_path / "cache")
    (cached,) = (tmp_path / "cache").iterdir()
    cached.unlink()
    cached.mkdir()
    assert interpreter.inspect(sys.executable, tmp_path / "cache") == known
