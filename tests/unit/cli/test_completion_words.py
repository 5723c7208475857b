"""What a shell completes: names of jobs of this machine and of the project file, each once, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.completion.words import words
from simple_sagemaker.local.job.home import Home
from tests.unit.local.made_jobs import make

FILE = """
[project]
name = "mine"
[profile.night]
instance_type = "local"
[profile.day]
instance_type = "ml.m5.large"
[task.train]
entry_point = "a.py"
[task.clean]
code = "b.py"
[task.search]
entry_point = "a.py"
hp_space = { lr = "0..1" }
[task.command]
cmd_line = "ls"
[task.any]
framework = "pytorch"
"""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder with a project file, and a home with jobs of two projects, some of them trials."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ssm.toml").write_text(FILE)
    home = Home(tmp_path / "home")
    for name, project, task in (
        ("train-2030-01-31-12-00-00-aaaaaaaa", "mine", "train"),
        ("train-2030-01-31-12-00-01-bbbbbbbb", "mine", "train"),
        ("other-2030-01-31-12-00-02-cccccccc", "theirs", "other"),
        ("s-t-001-2030-01-31-12-00-03-dddddddd", "mine", "s_t"),
        ("s-t-012-2030-01-31-12-00-04-eeeeeeee", "mine", "s_t"),
        ("s-t-002-2030-01-31-12-00-05-ffffffff", "theirs", "s_t"),
    ):
        make(home, name, SimpleSagemakerProject=project, SimpleSagemakerTask=task)
    (home.jobs / "no-job").mkdir()
    return {"SSM_HOME": str(tmp_path / "home")}


@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [
        ("profiles", [], ["night", "day"]),
        ("projects", [], ["mine", "theirs"]),
        ("tasks", ["run"], ["train", "any", "s_t"]),
        ("tasks", ["shell"], ["command", "any", "s_t", "train"]),
        ("tasks", ["process"], ["clean", "any", "s_t", "train"]),
        ("tasks", ["tune"], ["train", "search", "any", "s_t"]),
        ("tasks", ["status"], ["train", "clean", "search", "command", "any", "s_t"]),
        ("tasks", ["status", "-p", "theirs"], ["train", "clean", "search", "command", "any", "s_t", "other"]),
        ("jobs", ["status"], ["eeeeeeee", "dddddddd", "bbbbbbbb", "aaaaaaaa"]),
        ("jobs", ["status", "--project_name=theirs"], ["ffffffff", "cccccccc"]),
        ("jobs", ["status", "-t", "train"], ["bbbbbbbb", "aaaaaaaa"]),
        ("jobs", ["status", "-p", "theirs", "--task_name", "other"], ["cccccccc"]),
        ("trials", ["status", "-t", "s_t"], ["1", "12"]),
        ("trials", ["status", "-p", "theirs", "-t", "s_t"], ["2"]),
        ("trials", ["status", "-t", "train"], []),
        ("trials", ["status"], []),
        ("nothing", [], []),
    ],
)
def test_names_fit_to_what_was_typed_so_far(
    environment: dict[str, str], kind: str, typed: list[str], expected: list[str]
) -> None:
    assert words(kind, typed, environment) == expected


def test_without_a_file_and_a_home_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("profiles", "projects", "tasks", "jobs", "trials"):
        assert words(kind, ["run"], {"SSM_HOME": str(tmp_path / "none")}) == []


def test_what_is_damaged_or_no_name_is_passed_over(environment: dict[str, str], tmp_path: Path) -> None:
    jobs = tmp_path / "home/jobs"
    tags = jobs / "train-2030-01-31-12-00-00-aaaaaaaa/tags.json"
    tags.write_text('[{"Key": "SimpleSagemakerProject", "Value": "a b; rm"}]')
    (jobs / "train-2030-01-31-12-00-01-bbbbbbbb/tags.json").unlink()
    (tmp_path / "ssm.toml").write_text('[project]\nname = "$(rm)"\n')
    assert words("projects", [], environment) == ["theirs", "mine"]
    (tmp_path / "ssm.toml").write_bytes(b"\xff\xfe")
    assert words("profiles", [], environment) == []
    assert words("projects", [], environment) == ["theirs", "mine"]


def test_the_file_of_a_python_project_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "package"\n[tool.ssm.task.train]\nentry_point = "a.py"\n'
    )
    assert words("tasks", ["run"], {"SSM_HOME": str(tmp_path)}) == ["train"]
    assert words("projects", ["run"], {"SSM_HOME": str(tmp_path)}) == []
