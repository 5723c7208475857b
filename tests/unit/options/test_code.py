from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.core.specs import Code
from simple_sagemaker.options.code import OURS_AT_THE_ROOT
from tests.unit.cli.typed import RUN, SHELL, TASK, meant, refused, run, shell


def code_of(*argv: str) -> Code:
    return meant(["run", *TASK, *argv]).code


def test_without_a_source_folder_only_the_entry_file_is_packed() -> None:
    assert code_of("-e", "code/worker.py") == Code(entry_point="worker.py", entry_file=Path("code/worker.py"))


@pytest.mark.parametrize("entry", ["worker.py", "code/worker.py", "./code/worker.py", "code/sub/../worker.py"])
def test_an_entry_point_is_found_from_the_source_folder_or_from_here(entry: str) -> None:
    assert code_of("-s", "code", "-e", entry) == Code(entry_point="worker.py", source_dir=Path("code"))


def test_an_entry_point_can_be_absolute(here: Path) -> None:
    assert code_of("-s", "code", "-e", str(here / "code" / "worker.py")).entry_point == "worker.py"


def test_a_pipe_is_no_file_and_a_file_no_folder(here: Path) -> None:
    os.mkfifo(here / "pipe")
    assert "-e 'pipe': it is not a file." in refused(*RUN[:-2], "-e", "pipe")
    assert "-s 'pipe': it is not a folder." in refused(*RUN[:-2], "-s", "pipe", "-e", "pipe")


def test_an_entry_point_can_lie_deeper_in_the_source_folder() -> None:
    assert code_of("-s", "code", "-e", "sub/deep.py").entry_point == "sub/deep.py"


def test_the_file_within_the_source_folder_is_preferred(here: Path) -> None:
    (here / "code" / "code").mkdir()
    (here / "code" / "code" / "worker.py").write_text("")
    assert code_of("-s", "code", "-e", "code/worker.py").entry_point == "code/worker.py"


def test_the_source_folder_can_be_where_we_are() -> None:
    assert code_of("-s", ".", "-e", "code/worker.py").entry_point == "code/worker.py"


@pytest.mark.parametrize("entry", ["train.py", "../train.py"])
def test_an_entry_point_outside_the_source_folder_is_refused(entry: str) -> None:
    assert "is outside the source folder 'code'" in refused("run", *TASK, "-s", "code", "-e", entry)


def test_a_link_that_leaves_the_source_folder_is_refused(here: Path) -> None:
    (here / "code" / "away.py").symlink_to(here / "train.py")
    assert "is outside" in refused("run", *TASK, "-s", "code", "-e", "away.py")


def test_a_link_within_the_source_folder_keeps_its_name(here: Path) -> None:
    (here / "code" / "alias.py").symlink_to("worker.py")
    assert code_of("-s", "code", "-e", "alias.py").entry_point == "alias.py"


def test_a_source_folder_behind_a_link_is_the_same_folder(here: Path) -> None:
    (here / "latest").symlink_to("code")
    assert code_of("-s", "latest", "-e", "code/worker.py").entry_point == "worker.py"


@pytest.mark.parametrize("argv", [["-e", "nosuch.py"], ["-s", "code", "-e", "nosuch.py"], ["-e", "code"]])
def test_an_entry_point_that_is_no_file_is_refused(argv: list[str]) -> None:
    assert repr(argv[-1]) in refused("run", *TASK, *argv)


@pytest.mark.parametrize("folder", ["nosuch", "train.py"])
def test_a_source_folder_that_is_none_is_refused(folder: str) -> None:
    assert f"-s {folder!r}" in refused("run", *TASK, "-s", folder, "-e", "train.py")


@pytest.mark.parametrize("name", ["a b.py", "ü.py", "a$b.sh"])
def test_an_entry_point_that_sagemaker_would_not_run_is_refused(here: Path, name: str) -> None:
    (here / name).write_text("")
    assert "SageMaker runs no file of that name" in refused("run", *TASK, "-e", name)


def test_an_entry_point_that_begins_with_a_dash_is_refused(here: Path) -> None:
    (here / "-x.py").write_text("")
    assert "do not begin with a dash" in refused("run", *TASK, "-e", "./-x.py")


def test_code_on_s3_is_not_looked_for_here() -> None:
    code = code_of("-s", "s3://bucket/x/code.tar.gz", "-e", "far/away.py")
    assert code == Code(entry_point="far/away.py", source_uri="s3://bucket/x/code.tar.gz")


@pytest.mark.parametrize(
    "uri", ["s3://bucket/code.zip", "s3://bucket/folder/", "s3://", "s3:///x.tar.gz", "s3://b/.tar.gz"]
)
def test_code_on_s3_is_one_packed_file(uri: str) -> None:
    assert ".tar.gz" in refused("run", *TASK, "-s", uri, "-e", "a.py")


@pytest.mark.parametrize("entry", ["/a.py", "../a.py", "./a.py", "a//b.py"])
def test_an_entry_point_in_packed_code_is_a_plain_relative_path(entry: str) -> None:
    assert "SageMaker runs no file" in refused("run", *TASK, "-s", "s3://b/x.tar.gz", "-e", entry)


def test_dependencies_are_kept_in_order() -> None:
    assert code_of("-e", "train.py", "-d", "lib", "data/a.txt").dependencies == (Path("lib"), Path("data/a.txt"))


@pytest.mark.parametrize("path", ["nosuch", "s3://bucket/lib", ""])
def test_a_dependency_that_is_not_here_is_refused(path: str) -> None:
    assert "-d" in refused(*RUN, "-d", "lib", path)


def test_a_link_that_leads_nowhere_is_named_as_such(here: Path) -> None:
    (here / "dead").symlink_to("nosuch")
    assert "a broken link" in refused(*RUN, "-d", "dead")


@pytest.mark.parametrize(
    "argv",
    [
        ["-e", "train.py", "-d", "lib", "code/../lib"],
        ["-e", "train.py", "-d", "code/sub/../../train.py"],
        ["-s", "code", "-e", "worker.py", "-d", "other/sub"],
    ],
)
def test_two_things_of_one_name_at_the_root_are_refused(here: Path, argv: list[str]) -> None:
    (here / "other" / "sub").mkdir(parents=True)
    assert "at the root of the code folder" in refused("run", *TASK, *argv)


@pytest.mark.parametrize(
    "name", ["launcher.py", "run.json", "ssm_launcher", "task_toolkit", "worker_toolkit", "start.sh"]
)
def test_a_dependency_cannot_have_the_name_of_a_file_of_ours(here: Path, name: str) -> None:
    (here / name).write_text("")
    assert "a file of ours" in refused(*RUN, "-d", name)


@pytest.mark.parametrize("name", OURS_AT_THE_ROOT)
def test_the_source_folder_cannot_hold_a_file_of_ours(here: Path, name: str) -> None:
    (here / "code" / name).write_text("")
    assert "a file of ours" in refused("run", *TASK, "-s", "code", "-e", "worker.py")


def test_an_entry_file_cannot_have_the_name_of_a_file_of_ours(here: Path) -> None:
    (here / "launcher.py").write_text("")
    assert "a file of ours" in refused("run", *TASK, "-e", "launcher.py")


def test_a_start_script_of_ones_own_is_fine(here: Path) -> None:
    (here / "code" / "start.sh").write_text("")
    assert code_of("-s", "code", "-e", "start.sh").entry_point == "start.sh"


def test_one_folder_for_a_command_is_its_code_folder() -> None:
    assert shell("--dir_files", "code").code == Code(command="ls -l", source_dir=Path("code"))


@pytest.mark.parametrize("paths", [["train.py"], ["train.py", "lib"], ["lib", "code"]])
def test_files_for_a_command_land_by_their_base_names(paths: list[str]) -> None:
    assert shell("--dir_files", *paths).code == Code(command="ls -l", dependencies=tuple(map(Path, paths)))


def test_files_for_a_command_and_dependencies_come_together() -> None:
    assert shell("--dir_files", "code", "-d", "lib").code.dependencies == (Path("lib"),)
    assert "at the root" in refused(*SHELL, "--dir_files", "lib", "data", "-d", "lib")


def test_a_file_for_a_command_has_to_be_there() -> None:
    assert "--dir_files 'nosuch'" in refused(*SHELL, "--dir_files", "nosuch")


def test_cmd_is_short_for_cmd_line() -> None:
    assert meant(["shell", *TASK, "--cmd", "cat x && ls"]).code.command == "cat x && ls"


def test_parsing_writes_nothing(here: Path) -> None:
    before = sorted(here.rglob("*"))
    run()
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("where", [(), ("-s", ".")])
def test_a_notebook_is_refused_as_what_runs_with_what_makes_a_script_of_it(here: Path, where: tuple[str, ...]) -> None:
    (here / "Train.IPYNB").write_text("{}")
    message = refused("run", *TASK, *where, "-e", "Train.IPYNB")
    assert "-e 'Train.IPYNB' is a notebook" in message
    assert "jupyter nbconvert --to script Train.IPYNB" in message
    assert "is a notebook" in refused("process", *TASK, *where, "--code", "Train.IPYNB")
