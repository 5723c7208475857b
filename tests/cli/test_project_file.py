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


SEARCH = """
[task.search]
entry_point = "train.py"
metric_definitions = {loss = 'loss=(\\S+)'}
hp_space = {kind = "good|bad", rate = "0.1..0.4/0.1"}
tune_for = {loss = "min"}
tune_by = "grid"
tune_jobs = 3
tune_at_once = 1
tune_seed = 1
tune_target = 0.5

[task.rounds]
entry_point = "train.py"
metric_definitions = {loss = 'loss=(\\S+)'}
tune_for = {loss = "min"}
hp_space = {rate = "0.1..0.9"}
tune_by = "hyperband"
tune_resource = ["epochs", 1, 3]
"""


def test_a_task_with_a_space_is_for_tune(project: Shell) -> None:
    project.environment["SSM_ISOLATION"] = "plain"
    project.write("train.py", "import sys\nprint('loss=1')\nprint('argv', sys.argv[1:])\n")
    project.write("ssm.toml", FILE + SEARCH)
    done = project.ssm("tune", "-t", "search", "--tune_jobs", "2")
    assert done.status == 0, done.err
    assert "Project file: ssm.toml, task search" in done.err
    assert "all 2 trials have ended" in done.err
    assert "Searches    kind  good|bad" in project.ssm("status", "-t", "search").out
    refused = project.ssm("run", "-t", "search")
    assert refused.status == 2
    line = (FILE + SEARCH).split("\n").index('hp_space = {kind = "good|bad", rate = "0.1..0.4/0.1"}') + 1
    assert f"the task search has hp_space (ssm.toml:{line}), which is for 'ssm tune': ssm tune -t search" in refused.err
    shown = project.ssm("config", "-t", "search").out
    assert "Task: search (ssm tune)" in shown
    for name in ("hp_space.rate", "tune_for.loss", "tune_by", "tune_seed", "tune_target"):
        assert name in shown
    dry = project.ssm("tune", "-t", "rounds", "--dry_run")
    assert dry.status == 0, dry.err
    other = project.ssm("tune", "-t", "rounds", "--tune_resource", "steps", "1", "9", "--md", "acc", "acc=(.*)",
                        "--tune_for", "acc", "max", "--dry_run")  # fmt: skip
    assert other.status == 0, other.err


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ('rate = "0.1..0.9"}', 'rate = "0.9..0.1"}', "hp_space (ssm.toml:LINE) '0.9..0.1'"),
        ('rate = "0.1..0.9"}', "rate = true}", "ssm.toml:LINE: task.rounds.hp_space.rate: it is a text"),
        ('["epochs", 1, 3]', '["epochs", 3, 1]', "tune_resource (ssm.toml:LINE) epochs 3 1: MIN is at least 1"),
        ('["epochs", 1, 3]', '["epochs", 1]', "tune_resource (ssm.toml:LINE)"),
        ('["epochs", 1, 3]', "[]", "say which hyperparameter tells how long"),
        ('tune_for = {loss = "min"}\nhp', 'tune_for = {loss = "low"}\nhp', "tune_for (ssm.toml:LINE) loss 'low'"),
        (
            'tune_for = {loss = "min"}\nhp',
            'tune_for = {loss = "min", x = "max"}\nhp',
            "tune_for (ssm.toml:LINE) x: the search is for loss already",
        ),
        ('tune_by = "hyperband"', 'tune_by = "hyper"', "tune_by (ssm.toml:LINE) 'hyper' is not one of"),
        ('tune_by = "hyperband"', "tune_by = 3", "ssm.toml:LINE: task.rounds.tune_by: it is a text"),
        ('tune_by = "hyperband"', 'tune_target = "x"', "ssm.toml:LINE: task.rounds.tune_target: it is a number"),
        ('tune_by = "hyperband"', 'cmd_line = "ls"', "ssm.toml:LINE: task.rounds.cmd_line: "),
    ],
)  # fmt: skip
def test_a_wrong_search_is_refused_with_its_line(project: Shell, before: str, after: str, error: str) -> None:
    text = FILE + SEARCH
    assert text.count(before) == 1 or before in text.split("[task.rounds]")[1]
    head, rounds = text.split("[task.rounds]")
    place = rounds.index(before)
    line = (head + "[task.rounds]" + rounds[:place]).count("\n") + 1
    project.write("ssm.toml", f"{head}[task.rounds]{rounds[:place]}{after}{rounds[place + len(before) :]}")
    done = project.ssm("tune", "-t", "rounds", "--dry_run")
    assert done.status == 2, done.out
    assert error.replace("LINE", str(line)) in done.err
