from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import Code, Download, Image, Instances, Place, Rerun, TaskSpec
from tests.unit.cli.typed import RUN, SHELL, TASK, meant, refused, run, shell


def test_a_bare_run_has_the_defaults_of_the_specs() -> None:
    expected = TaskSpec(
        kind="run",
        place=Place(project="proj", task="task"),
        code=Code(entry_point="train.py", entry_file=Path("train.py")),
        instances=Instances(),
        image=Image(),
        rerun=Rerun(),
        download=Download(),
    )
    assert run() == expected


def test_a_bare_shell_has_no_code_but_its_command() -> None:
    spec = shell()
    assert spec.kind == "shell"
    assert spec.code == Code(command="ls -l")


def test_a_command_line_without_a_command_is_run() -> None:
    assert parse([*TASK, "-e", "train.py"]) == run()


def test_the_first_releases_names_mean_todays_options() -> None:
    early = ["--aws_repo", "repo", "--python_version", "py3", "--docker_file_path", "RUN true", "-m"]
    today = ["--aws_repo_name", "repo", "--py_version", "py3", "--docker_file_path_or_content", "RUN true"]
    assert run(*early) == run(*today)


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        (["run"], ["--project_name NAME (-p)", "--task_name NAME (-t)", "--entry_point FILE (-e)"]),
        (["run", "-p", "x"], ["--task_name NAME (-t)", "--entry_point FILE (-e)"]),
        (["shell", *TASK], ["--cmd_line COMMAND (--cmd)"]),
        (["--fr"], ["--project_name NAME (-p)"]),
    ],
)
def test_all_missing_options_are_named_at_once(argv: list[str], names: list[str]) -> None:
    message = refused(*argv)
    assert all(name in message for name in names)


def test_an_unknown_command_is_refused() -> None:
    assert "no command 'rum'" in refused("rum", "-p", "x")


def test_nothing_typed_is_refused_with_the_page() -> None:
    assert "Run a Python or shell script as a task" in refused()


@pytest.mark.parametrize("name", [".", "..", "a b", "a/b", "é", "a\n", "x" * 129])
@pytest.mark.parametrize("flag", ["-p", "-t"])
def test_names_of_projects_and_tasks_are_checked(flag: str, name: str) -> None:
    argv = ["run", "-e", "train.py", flag, name, {"-p": "-t", "-t": "-p"}[flag], "ok"]
    assert f"{flag} {name!r} is not a legal name" in refused(*argv)
    argv[4] = ""
    assert f"{flag} is empty" in refused(*argv)


def test_underscores_and_dots_are_fine_in_names() -> None:
    assert meant(["run", "-e", "train.py", "-p", "x" * 128, "-t", "y" * 128]).place.task == "y" * 128
    spec = meant(["run", "-e", "train.py", "-p", "my_p.1", "-t", "my_task"])
    assert spec.place == Place(project="my_p.1", task="my_task")


@pytest.mark.parametrize("prefix", ["", "x", "x/", "a/b/c"])
def test_the_prefix_is_kept_as_typed(prefix: str) -> None:
    assert run("--prefix", prefix).place.prefix == prefix


@pytest.mark.parametrize("prefix", ["/x", "a//b", "../x", "a/./b", "/"])
def test_a_prefix_that_no_folder_could_hold_is_refused(prefix: str) -> None:
    assert repr(prefix) in refused(*RUN, "--prefix", prefix)


def test_a_bucket_is_kept_and_checked() -> None:
    assert run("-b", "my-bucket").place.bucket == "my-bucket"
    assert "My_Bucket" in refused(*RUN, "-b", "My_Bucket")


@pytest.mark.parametrize("flag", ["-o", "-b", "--fv", "--image_tag", "--model_uri", "--df", "--it", "--ic", "-s"])
def test_an_empty_value_is_refused(flag: str) -> None:
    assert f"{flag} is empty" in refused(*RUN, flag, "")


def test_an_empty_command_line_is_refused() -> None:
    assert "--cmd_line is empty" in refused("shell", *TASK, "--cmd_line", "")


@pytest.mark.parametrize(
    ("chosen", "rerun"),
    [
        (["--fr"], Rerun(force_running=True)),
        (["--cs"], Rerun(clean_state=True)),
        (["--ks"], Rerun()),
        (["--clean_state", "--force_running"], Rerun(force_running=True, clean_state=True)),
    ],
)
def test_rerunning_is_as_chosen(chosen: list[str], rerun: Rerun) -> None:
    assert run(*chosen).rerun == rerun


def test_clearing_and_keeping_the_state_contradict_each_other() -> None:
    assert "--cs and --ks contradict" in refused(*RUN, "--ks", "--cs")


def test_downloads_are_as_chosen() -> None:
    spec = run("-o", "out", "--download_state", "--download_output")
    assert spec.download == Download(path=Path("out"), state=True, output=True)
    assert run("-o", "out", "--download_model").download == Download(path=Path("out"), model=True)


@pytest.mark.parametrize("what", ["state", "model", "output"])
def test_a_download_without_a_place_is_refused(what: str) -> None:
    message = refused(*SHELL, f"--download_{what}")
    assert f"--download_{what}" in message
    assert "-o" in message


@pytest.mark.parametrize("path", ["train.py", "train.py/deeper/still"])
def test_an_output_path_that_is_a_file_is_refused(path: str) -> None:
    assert "'train.py' is a file" in refused(*RUN, "-o", path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
@pytest.mark.parametrize("path", ["locked", "locked/new", "locked/new/deep"])
def test_an_output_path_that_cannot_be_written_is_refused_before_the_job(here: Path, path: str) -> None:
    (here / "locked").mkdir(mode=0o555)
    assert f"-o {path!r}: 'locked' cannot be written" in refused(*RUN, "-o", path)


def test_an_output_path_need_not_be_there() -> None:
    assert run("-o", "a/b/c").download.path == Path("a/b/c")


def test_an_output_path_may_be_a_folder_that_is_there() -> None:
    assert run("-o", "data").download.path == Path("data")


def test_a_path_that_the_system_refuses_is_no_traceback() -> None:
    message = refused(*RUN, "-i", "x" * 5000)
    assert "too long" in message


@pytest.mark.parametrize("name", ["input", "inputs", "state", "study", "trials", "State"])
def test_a_task_is_not_named_as_a_folder_of_one(name: str) -> None:
    assert f"-t {name!r}" in refused("run", "-p", "p", "-t", name, "-e", "train.py")
    parse(["data", "-p", "p", "-t", name, "-o", "out"])
