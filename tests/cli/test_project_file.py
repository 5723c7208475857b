"""``ssm`` in a folder with a project file: the commands as a person types them, with jobs on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

FILE = """
[project]
name = "demo"

[defaults]
instance_type = "local"
output_path = "out"

[task.train]
entry_point = "train.py"
arguments = ["last"]
hp = {lr = 0.1}

[profile.two]
instance_count = 2
"""


@pytest.fixture
def project(shell: Shell) -> Shell:
    shell.write("ssm.toml", FILE)
    shell.write("train.py", "import sys\nprint('argv', sys.argv[1:])\n")
    del shell.environment["SSM_ENGINE"]
    shell.environment["HOME"] = str(shell.folder)
    return shell


def test_a_task_runs_and_its_results_come_by_its_name_alone(project: Shell) -> None:
    done = project.ssm("run", "-t", "train")
    assert done.status == 0, done.err
    assert done.err.startswith("Project file: ssm.toml, task train\n")
    assert done.err.count("Project file") == 1
    assert "argv ['--lr', '0.1', 'last']" in project.log()
    again = project.ssm("data", "-t", "train", "-o", "again")
    assert again.status == 0, again.err
    assert "argv" in project.log("again")


def test_jobs_are_looked_at_by_their_names_alone(project: Shell) -> None:
    assert project.ssm("run", "-t", "train").status == 0
    done = project.ssm("logs", "-t", "train")
    assert (done.status, "argv" in done.out) == (0, True), done.err
    assert done.err.startswith("Project file: ssm.toml, task train\n")
    quiet = project.ssm("logs", "-t", "train", "--quiet")
    assert (quiet.status, quiet.err) == (0, "")
    assert "train" in project.ssm("ls").out


def test_a_folder_below_works_alike(project: Shell) -> None:
    (project.folder / "sub").mkdir()
    done = subprocess.run(
        project.command("run", "-t", "train", "--lr", "0.2", "--use_profile", "two"),
        cwd=project.folder / "sub",
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Project file: ../ssm.toml, profile two, task train\n")
    assert "argv ['--lr', '0.2', 'last']" in project.log(number=1)


def test_a_mistake_starts_nothing(project: Shell) -> None:
    project.write("ssm.toml", FILE.replace("instance_count", "instance_cuont"))
    done = project.ssm("run", "-t", "train")
    assert (done.status, done.out) == (2, "")
    assert "ssm.toml:15: profile.two.instance_cuont: there is no such key; did you mean instance_count?" in done.err
    assert not project.written()


def test_a_missing_input_is_named_with_its_line(project: Shell) -> None:
    project.write("ssm.toml", FILE.replace("[profile.two]", "input_path = 'gone'\n[profile.two]"))
    done = project.ssm("run", "-t", "train")
    assert done.status == 4
    assert "input_path (ssm.toml:14) 'gone': there is no 'gone' on this machine." in done.err
    assert f"Paths in ssm.toml are relative to its folder: {project.folder}" in done.err


def test_a_typed_engine_beats_the_file(project: Shell) -> None:
    clean = {name: None for name in os.environ if name.startswith("AWS_")}
    nowhere = {**clean, "AWS_EC2_METADATA_DISABLED": "true"}
    done = project.ssm("run", "-t", "train", "--it", "ml.m5.large", environment=nowhere)
    assert done.status == 5, "a machine of AWS was asked for, and there are no credentials"


def test_another_program_with_a_mistyped_variable_is_refused(project: Shell) -> None:
    done = project.ssm("run", "-t", "train", environment={"SSM_PROFIL": "two"})
    assert done.status == 2
    assert "did you mean SSM_PROFILE?" in done.err


def modules(folder: Path, *argv: str) -> set[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "simple_sagemaker.cli.main", *argv],
        cwd=folder,
        env={**clean, "SSM_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_without_a_file_nothing_is_loaded_for_it(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print()")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    plain = ["run", "-p", "p", "-t", "t", "-e", "train.py", "--it", "local"]
    loaded = modules(tmp_path, *plain)
    ours = {name.rpartition(".")[2] for name in loaded if ".project_file." in name}
    assert "simple_sagemaker.local.api.sagemaker" in loaded
    assert (ours, loaded & {"tomllib", "tomli"}) == ({"apply", "find"}, set())
    assert not any(".project_file" in name for name in modules(tmp_path, "run", "-h"))
