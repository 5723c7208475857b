"""The start script: finding a Python, refusing clearly, CUDA's compatibility library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simple_sagemaker.payload import FOLDER
from tests.payload.job import JobFolder

TOOLS = ["mkdir", "readlink", "ls"]


@pytest.fixture
def empty_path(tmp_path: Path) -> Path:
    """A PATH with a few tools and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        path = shutil.which(name)
        assert path
        (folder / name).symlink_to(path)
    return folder


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def start(job: JobFolder, path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    argv = job.launch_argv("direct")
    environment = {**job.surroundings(), "PATH": str(path), **more}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def without_the_usual_places(job: JobFolder, tmp_path: Path) -> None:
    """Make the start script look for Python on PATH and below ``tmp_path`` alone."""
    script = job.base / "input/data/ssm_source/start.sh"
    script.write_text(script.read_text().replace(" /", f" {tmp_path}/no/"))


def test_the_interpreter_named_is_taken_without_asking_others(job: JobFolder, empty_path: Path) -> None:
    program(empty_path / "python3", "echo asked; exit 9")
    done = start(job, empty_path)
    assert done.returncode == 0
    assert "asked" not in done.stdout


def test_a_python_on_path_is_found(job: JobFolder, empty_path: Path) -> None:
    program(empty_path / "python3", f'exec {sys.executable} "$@"')
    done = start(job, empty_path, SSM_PYTHON="")
    assert done.returncode == 0
    assert "simple-sagemaker: Python 3." in done.stdout


def test_a_python_that_is_too_old_is_passed_over(job: JobFolder, empty_path: Path) -> None:
    program(empty_path / "python3", 'case "$*" in *version_info*) exit 1;; esac; echo old; exit 9')
    program(empty_path / "python", f'exec {sys.executable} "$@"')
    done = start(job, empty_path, SSM_PYTHON="")
    assert done.returncode == 0
    assert "old" not in done.stdout


def test_an_image_without_python_fails_with_a_sentence(job: JobFolder, empty_path: Path, tmp_path: Path) -> None:
    argv = job.launch_argv("direct")
    without_the_usual_places(job, tmp_path)
    environment = {**job.surroundings(), "PATH": str(empty_path), "SSM_PYTHON": ""}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no Python of version 3.6 or newer" in job.failure
    assert done.stderr.strip().count("\n") == 0
    assert job.failure.strip() in done.stderr


def test_a_named_interpreter_that_is_not_there_is_refused(job: JobFolder, empty_path: Path) -> None:
    done = start(job, empty_path, SSM_PYTHON="/no/such/python")
    assert done.returncode == 1
    assert "SSM_PYTHON names /no/such/python" in job.failure


def test_an_old_interpreter_that_is_named_gets_a_sentence(job: JobFolder) -> None:
    old = Path("~/.pyenv/versions/2.7.18/bin/python").expanduser()
    if not old.exists():
        pytest.skip("no Python 2.7 here")
    job.python = str(old)
    ended = job.run()
    assert ended.status == 1
    assert "Python 2.7.18 is too old: the launcher of a job needs 3.6 or newer" in job.failure


@pytest.mark.parametrize(
    ("driver", "compat", "is_used"),
    [
        ("470.82.01", "535.104.05", True),
        ("535.104.05", "535.104.05", False),
        ("535.104.09", "535.104.05", False),
        ("550.54.15", "535.104.05", False),
        ("535.54.03", "535.104.05", True),
    ],
)
def test_cudas_compatibility_library_is_used_with_an_older_driver(
    tmp_path: Path, driver: str, compat: str, is_used: bool
) -> None:
    version, library = tmp_path / "version", tmp_path / "compat"
    version.write_text(
        f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {driver}  Tue Sep 26\nGCC version: gcc 9.4.0\n"
    )
    library.mkdir()
    (library / "libcuda.so.1").symlink_to(f"libcuda.so.{compat}")
    (library / f"libcuda.so.{compat}").write_text("")
    text = (FOLDER / "start.sh").read_text()
    functions = text[text.index("is_older()") : text.index("if [ -n")]
    functions = functions.replace("/proc/driver/nvidia/version", str(version)).replace(
        "/usr/local/cuda/compat", str(library)
    )
    script = functions + '\nuse_cuda_compatibility\nprintf %s "$LD_LIBRARY_PATH"\n'
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env={**os.environ, "LD_LIBRARY_PATH": "/x"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (f"{library}:/x" if is_used else "/x")


def test_the_script_is_plain_posix() -> None:
    checker = shutil.which("shellcheck") or Path(sys.executable).with_name("shellcheck")
    if not Path(checker).exists():
        pytest.skip("shellcheck is not installed")
    subprocess.run([checker, "--shell=sh", FOLDER / "start.sh"], check=True)
