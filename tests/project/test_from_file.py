"""A project file from Python: read only when it is asked for, below what is said in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker import Project
from simple_sagemaker.errors import UsageError

FILE = """
[project]
name = "demo"

[defaults]
instance_type = "local"

[task.train]
entry_point = "train.py"
arguments = ["last"]
hp = {lr = 0.1, epochs = 3}
no_wait = true

[task.look]
cmd_line = "echo looked"

[task.wrong]
entry_point = "gone.py"

[profile.other]
project_name = "demo-other"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "sub").mkdir(parents=True)
    (folder / "ssm.toml").write_text(FILE)
    (folder / "train.py").write_text("import os, sys\nprint('argv', sys.argv[1:], os.environ['SM_HPS'])\n")
    monkeypatch.delenv("SSM_ENGINE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(folder)
    return folder


def test_tasks_of_the_file_run_by_their_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "sub")
    project = Project.from_file()
    job = project.run("train", hyperparameters={"lr": 0.2}, output_path=folder / "out")
    assert job.status == "Completed"
    log = (folder / "out" / "logs" / "logs0").read_text()
    assert "argv ['--epochs', '3', '--lr', '0.2', 'last']" in log
    assert '"epochs":3' in log
    project.shell("look", output_path="out")
    assert "looked" in (folder / "sub" / "out" / "logs" / "logs0").read_text()
    assert project.result("look").status == "Completed"
    assert Project.from_file(folder / "ssm.toml").result("train").status == "Completed", "also from another process"


def test_a_project_without_the_file_does_not_read_it(folder: Path) -> None:
    (folder / "ssm.toml").write_text("no TOML")
    project = Project("plain", engine="local")
    assert project.run("train", "train.py").status == "Completed"


def test_a_profile_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repr(Project.from_file(profile="other")) == "<Project demo-other>"
    monkeypatch.setenv("SSM_PROFILE", "other")
    assert repr(Project.from_file("ssm.toml")) == "<Project demo-other>"
    with pytest.raises(UsageError, match=r"profile othr: ssm.toml has no such profile; did you mean other\?"):
        Project.from_file(profile="othr")


def test_what_is_wrong_is_named_with_its_line(folder: Path) -> None:
    project = Project.from_file()
    with pytest.raises(UsageError, match=r"entry_point \(ssm.toml:18\) 'gone.py': it does not exist"):
        project.run("wrong")
    with pytest.raises(UsageError, match=r"ssm.toml has no task 'trian'; did you mean train\?"):
        project.run("trian")
    (folder / "ssm.toml").write_text("[project]\nnam = 'x'\n")
    with pytest.raises(UsageError, match=r"ssm.toml:2: project.nam: there is no such key; did you mean name\?"):
        Project.from_file()


def test_a_file_is_needed_and_has_to_name_a_project(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(UsageError, match=r"it has no table \[tool.ssm\]"):
        Project.from_file("pyproject.toml")
    with pytest.raises(UsageError, match=r"path 'gone.toml': No such file"):
        Project.from_file("gone.toml")
    (folder / "ssm.toml").write_text("")
    with pytest.raises(UsageError, match=r"ssm.toml names no project: write name = \"NAME\" below \[project\]"):
        Project.from_file()
    (folder / "ssm.toml").unlink()
    with pytest.raises(UsageError, match="There is no project file"):
        Project.from_file()


def test_a_bucket_of_the_file_is_the_projects(folder: Path) -> None:
    (folder / "ssm.toml").write_text(FILE.replace('name = "demo"', 'name = "demo"\nbucket_name = "team-bucket"'))
    project = Project.from_file()
    project.run("train")
    assert project.bucket_name == "team-bucket"
