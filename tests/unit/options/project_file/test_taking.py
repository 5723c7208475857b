"""What is taken of a project file: paths from elsewhere, addresses and texts as they are, and whose task it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import LocalInput, S3Input
from simple_sagemaker.errors import UsageError
from simple_sagemaker.studies.spec import TuneSpec
from tests.unit.options.project_file.conftest import Write, task


def test_addresses_and_what_is_no_path_stay_as_they_are(
    write: Write, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        "[project]\nname = 'p'\n"
        "[task.a]\nentry_point = 'train.py'\nsource_dir = 's3://b/code.tar.gz'\nmodel_uri = 's3://b/m'\n"
        "input_path = ['s3://b/x', 'ShardedByS3Key', 'part']\nimage_uri = 'mine/x:1'\n"
        "[task.b]\nentry_point = 'train.py'\nmodel_uri = 'more'\noutput_path = '~/out'\n"
        "input_local = {c = ['data', 'ShardedByS3Key']}\ndependencies = ['more', 'data']\n"
    )
    monkeypatch.chdir(here / "sub")
    spec = task("run", "-t", "a")
    assert (spec.code.source_uri, spec.code.entry_point, spec.model_uri) == (
        "s3://b/code.tar.gz",
        "train.py",
        "s3://b/m",
    )
    assert spec.inputs == (S3Input(name="data", uri="s3://b/x", distribution="ShardedByS3Key", subdir="part"),)
    assert spec.image.uri == "mine/x:1"
    spec = task("run", "-t", "b")
    assert (spec.model_uri, spec.download.path) == (str(here / "more"), here / "out")
    assert spec.inputs == (LocalInput(name="c", path=here / "data", distribution="ShardedByS3Key", is_main=False),)
    assert spec.code.dependencies == (here / "more", here / "data")


def test_a_dockerfile_is_a_path_where_there_is_one(write: Write, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "docker").mkdir()
    (here / "docker/Dockerfile").write_text("FROM x\n")
    write("[project]\nname = 'p'\n[task.a]\nentry_point = 'train.py'\ndocker_file_path_or_content = 'docker'\n")
    monkeypatch.chdir(here / "sub")
    assert task("run", "-t", "a").image.docker_file == str(here / "docker")


def test_the_source_folder_that_is_typed_holds_the_entry_point(write: Write, here: Path) -> None:
    write("[project]\nname = 'p'\n[task.a]\nentry_point = 'worker.py'\n")
    assert task("run", "-t", "a", "-s", "code").code.entry_point == "worker.py"
    with pytest.raises(UsageError, match=r"entry_point \(ssm.toml:4\) 'worker.py': it does not exist"):
        task("run", "-t", "a")
    write("[project]\nname = 'p'\n[task.a]\nentry_point = 'worker.py'\nsource_dir = 'code'\n")
    assert task("run", "-t", "a", "-e", "other.py", "-s", ".").code.entry_point == "other.py"
    assert (here / "code/worker.py").exists()


def test_what_a_file_says_of_a_command_and_its_words(write: Write) -> None:
    write(
        "[project]\nname = 'p'\n"
        "[task.words]\nentrypoint = 'ls'\narguments = ['-l', 3]\n"
        "[task.text]\nentrypoint = 'ls'\narguments = '-l'\n"
        "[task.script]\nentry_point = 'train.py'\narguments = '-l x'\n"
    )
    spec: Any = parse(["process", "-t", "words"])
    assert (spec.command, spec.arguments) == (("ls",), ("-l", "3"))
    spec = parse(["process", "-t", "text"])
    assert spec.arguments == ("-l",)
    assert task("run", "-t", "script").arguments == ("-l x",)
    assert task("run", "-t", "script", "--", "z").arguments == ("z",)


SEARCH = (
    "entry_point = 'train.py'\nhp_space = {lr = '1|2'}\nmetric_definitions = {m = 'm=(.*)'}\ntune_for = {m = 'min'}\n"
)


def test_a_task_with_a_search_is_for_tune_and_what_is_run_can_be_searched(write: Write) -> None:
    write(f"[project]\nname = 'p'\n[task.s]\n{SEARCH}[task.r]\nentry_point = 'train.py'\n")
    with pytest.raises(
        UsageError, match=r"the task s has hp_space \(ssm.toml:5\), which is for 'ssm tune': ssm tune -t s"
    ):
        task("run", "-t", "s")
    assert task("run", "-t", "s", "-e", "other.py").code.entry_point == "other.py"
    spec: Any = parse(["tune", "-t", "s"])
    assert spec.task.code.entry_point == "train.py"
    words = ["--hp_space", "lr", "1|2", "--md", "m", "m=(.*)", "--tune_for", "m", "min"]
    assert isinstance(parse(["tune", "-t", "r", *words]), TuneSpec)
    with pytest.raises(UsageError, match=r"the task r has entry_point \(ssm.toml:9\), which is for 'ssm run'"):
        parse(["shell", "-t", "r"])
    assert task("shell", "-t", "r", "--cmd_line", "ls").code.command == "ls"


def test_without_tasks_nothing_is_said_of_them(write: Write) -> None:
    write("[project]\nname = 'p'\n")
    with pytest.raises(UsageError) as caught:
        task("run", "-t", "x")
    assert "has no task" not in str(caught.value)
    assert "Tasks of" not in str(caught.value)
    write("[project]\nname = 'p'\n[task.x]\nno_spot = true\n")
    with pytest.raises(UsageError) as caught:
        task("run", "-t", "x")
    assert "has no task" not in str(caught.value)


def test_the_task_of_the_defaults_is_named_in_the_note(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("[project]\nname = 'p'\n[defaults]\ntask_name = 'a'\n[task.a]\nentry_point = 'train.py'\n")
    task("run")
    assert capsys.readouterr().err == "Project file: ssm.toml, task a\n"
    parse(["ls"])
    assert capsys.readouterr().err == "Project file: ssm.toml, task a\n"


@pytest.mark.parametrize(
    ("words", "project", "task_name"),
    [
        (["ls"], "p", "a"),
        (["ls", "--all_projects"], "", ""),
        (["ls", "-p", "other"], "other", "a"),
        (["status", "--job", "aaaaaaaa"], "", ""),
        (["status"], "p", "a"),
        (["stop", "--all_tasks"], "p", ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_for_what_there_is_takes_the_project_unless_it_can_be_any(
    write: Write, words: list[str], project: str, task_name: str
) -> None:
    write("[project]\nname = 'p'\n[defaults]\ntask_name = 'a'\n[task.a]\nentry_point = 'train.py'\n")
    spec: Any = parse(words)
    assert (spec.place.project, spec.place.task) == (project, task_name)


def test_a_project_and_all_projects_contradict_only_where_both_are_typed(write: Write) -> None:
    write("[project]\nname = 'p'\n")
    spec: Any = parse(["ls", "--all_projects"])
    assert spec.place.project == ""
    with pytest.raises(UsageError, match="-p and --all_projects contradict"):
        parse(["ls", "--all_projects", "-p", "p"])
