"""``ssm config`` without a process: what is in force, where it comes from, and what it beats."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.argv import read
from simple_sagemaker.cli.config import config_text
from simple_sagemaker.errors import UsageError

FILE = """\
[project]
name = "demo"
aws_region = "eu-west-1"
[defaults]
instance_type = "ml.m5.large"
task_name = "train"
[task.train]
entry_point = "train.py"
instance_type = "local"
[task.look]
cmd_line = "ls"
[task.odd]
[profile.big]
instance_type = "ml.p3.2xlarge"
if_changed = true
"""


@pytest.fixture(autouse=True)
def file(here: Path) -> Path:
    path = here / "ssm.toml"
    path.write_text(FILE)
    return path


def shown(*argv: str, **environment: str) -> tuple[list[str], dict[str, str], list[str]]:
    """The head, the origins by name and value, and the tail."""
    parts = config_text(read("config", argv), environment).split("\n\n")
    rows = [[part.strip() for part in line.split("  ") if part.strip()] for line in parts[1].splitlines()]
    tail = parts[2].splitlines() if len(parts) > 2 else []
    return parts[0].splitlines(), {f"{row[0]} {row[1]}": row[2] for row in rows}, tail


def test_without_variables_the_files_words_are_in_force(file: Path) -> None:
    head, rows, tail = shown()
    assert head == [f"Project file: {file}", "Task: train (ssm run)"]
    assert rows == {
        'project_name "demo"': "ssm.toml:2, project",
        'aws_region "eu-west-1"': "ssm.toml:3, project",
        'instance_type "local"': 'ssm.toml:9, task.train, instead of "ml.m5.large" (ssm.toml:5, defaults)',
        'task_name "train"': "ssm.toml:6, defaults",
        'entry_point "train.py"': "ssm.toml:8, task.train",
        "(engine) local": "instance_type local",
    }
    assert tail == ["Tasks: train (ssm run), look (ssm shell), odd", "Profiles: big"]


@pytest.mark.parametrize(
    ("argv", "head"),
    [
        (["-t", "look"], ["Task: look (ssm shell)"]),
        (["-t", "odd"], ["Task: odd"]),
        (["-t", "new"], ["Task: new (not in it)"]),
        (["-t", "look", "--use_profile", "big"], ["Profile: big", "Task: look (ssm shell)"]),
    ],
)
def test_the_head_says_what_was_chosen(file: Path, argv: list[str], head: list[str]) -> None:
    assert shown(*argv)[0] == [f"Project file: {file}", *head]
    assert shown(*argv, SSM_PROJECT_FILE=str(file))[0] == [f"Project file: {file} (SSM_PROJECT_FILE)", *head]


def test_a_variable_beats_the_file_and_says_so_only_where_it_has_a_say() -> None:
    rows = shown(AWS_DEFAULT_REGION="us-west-2", SSM_RERUN="if_changed", SSM_PROFILE="big")[1]
    assert rows['aws_region "us-west-2"'] == (
        'the variable AWS_DEFAULT_REGION, instead of "eu-west-1" (ssm.toml:3, project)'
    )
    assert rows['if_changed "if_changed"'] == "the variable SSM_RERUN, instead of true (ssm.toml:15, profile.big)"
    assert not [name for name in rows if name.startswith(("aws_profile", "keep_state"))]
    rows = shown(AWS_REGION="us-east-2", AWS_DEFAULT_REGION="us-west-2", AWS_ACCESS_KEY_ID="AKIA")[1]
    assert rows['aws_region "us-east-2"'].startswith("the variable AWS_REGION, ")
    assert not [name for name in rows if name.startswith("aws_profile")]  # which the file does not have
    shown_of_process = shown("-t", "odd", AWS_PROFILE="me")[1]
    assert shown_of_process['aws_profile "me"'] == "the variable AWS_PROFILE"


@pytest.mark.parametrize(
    ("argv", "environment", "engine", "why"),
    [
        (["-t", "look"], {}, "aws", "the default"),
        (["-t", "train"], {}, "local", "instance_type local"),
        (["-t", "look"], {"SSM_ENGINE": "docker"}, "docker", "the variable SSM_ENGINE"),
        (["-t", "look"], {"SSM_ENGINE": "aws"}, "aws", "the variable SSM_ENGINE"),
    ],
)
def test_the_engine_has_its_reason(argv: list[str], environment: dict[str, str], engine: str, why: str) -> None:
    assert shown(*argv, **environment)[1][f"(engine) {engine}"] == why


def test_our_defaults_are_of_the_command_that_the_task_is_for() -> None:
    plain, everything = shown("-t", "train")[1], shown("-t", "train", "--all")[1]
    assert plain.items() <= everything.items()
    added = {name: origin for name, origin in everything.items() if name not in plain}
    assert set(added.values()) == {"the default of ssm run"}
    assert "volume_size 30" in added
    assert not [name for name in added if name.startswith("instance_type")]  # which the file has
    assert set(shown("-t", "look", "--all")[1].values()) >= {"the default of ssm shell"}


def test_a_long_value_does_not_move_the_other_columns(file: Path) -> None:
    file.write_text(f'[defaults]\nrole_name = "{"r" * 60}"\ninstance_type = "ml.m5.large"\n')
    lines = config_text(read("config", []), {}).splitlines()
    (machine,) = (line for line in lines if line.startswith("instance_type"))
    assert machine == 'instance_type  "ml.m5.large"  ssm.toml:3, defaults'
    (role,) = (line for line in lines if line.startswith("role_name"))
    assert role == f'role_name      "{"r" * 60}"  ssm.toml:2, defaults'


def test_without_a_file_there_is_what_variables_say(file: Path) -> None:
    file.unlink()
    head, rows, tail = shown(HOME=str(file.parent), AWS_REGION="us-west-2")
    assert head == ["No project file: neither ssm.toml nor [tool.ssm] in pyproject.toml, here or above."]
    assert rows == {'aws_region "us-west-2"': "the variable AWS_REGION", "(engine) aws": "the default"}
    assert tail == []
    with pytest.raises(UsageError, match=r"--use_profile big: there is no project file\."):
        shown("--use_profile", "big", HOME=str(file.parent))
