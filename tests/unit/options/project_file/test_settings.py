"""What a project file says reaches the spec of a command, below all that is said otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.cli.argv import read
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import DataSpec, LocalInput, ProcessSpec, S3Input, TaskInput
from simple_sagemaker.errors import UsageError
from simple_sagemaker.options.project_file.apply import local_type
from tests.unit.options.project_file.conftest import Write, task

WHOLE = """
[project]
name = "demo"
bucket_name = "team-bucket"
prefix = "p/"
data_store = "s3"

[defaults]
instance_type = "ml.c5.xlarge"
volume_size = 40
tag = {team = "x", kind = "d"}

[profile.big]
instance_type = "ml.p3.2xlarge"
instance_count = 4

[task.train]
entry_point = "train.py"
dependencies = ["more", "data"]
arguments = ["-v", "a b"]
input_path = ["data", "ShardedByS3Key"]
no_spot = true
tag = {kind = "t"}
metric_definitions = {loss = "loss=(.*)"}
distribution = {torch_distributed = {enabled = true}}

[task.train.hp]
lr = 0.1
layers = [1, 2]
name = "n"

[task.train.input_s3]
far = "s3://b/k"
part = ["s3://b/k", "FullyReplicated", "sub"]

[task.train.input_task]
model = ["first", "model"]

[task.look]
cmd_line = "ls"

[task.clean]
code = "train.py"
env = {MODE = "x", LEVEL = 3}
arguments = ["--rows", 5]
"""


def test_a_task_of_the_file_needs_its_name_alone(write: Write) -> None:
    write(WHOLE)
    spec = task("run", "-t", "train")
    place = spec.place
    assert (place.project, place.bucket, place.prefix, place.data_store) == ("demo", "team-bucket", "p/", "s3")
    assert (spec.instances.type, spec.instances.volume_gb, spec.instances.spot) == ("ml.c5.xlarge", 40, False)
    assert spec.hyperparameters == {"lr": 0.1, "layers": [1, 2], "name": "n"}
    assert spec.arguments == ("-v", "a b")
    assert [str(path) for path in spec.code.dependencies] == ["more", "data"]
    assert spec.tags == {"team": "x", "kind": "t"}
    assert [(metric.name, metric.regex) for metric in spec.metrics] == [("loss", "loss=(.*)")]
    assert spec.launch_distribution == {"torch_distributed": {"enabled": True}}
    assert spec.inputs == (
        LocalInput(path=Path("data"), distribution="ShardedByS3Key", subdir="", name="data"),
        S3Input(name="far", uri="s3://b/k"),
        S3Input(name="part", uri="s3://b/k", subdir="sub"),
        TaskInput(name="model", task="first", type="model"),
    )


def test_other_commands_take_what_they_have(write: Write) -> None:
    write(WHOLE)
    assert task("shell", "-t", "look").code.command == "ls"
    spec = parse(["process", "-t", "clean"])
    assert isinstance(spec, ProcessSpec)
    assert (spec.arguments, spec.environment) == (("--rows", "5"), {"MODE": "x", "LEVEL": "3"})
    data = parse(["data", "-t", "train", "-o", "out"])
    assert isinstance(data, DataSpec)
    assert (data.place.project, data.place.bucket, data.place.data_store) == ("demo", "team-bucket", "s3")


def test_the_highest_level_counts(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(WHOLE + "instance_count = 2\n[task.small]\nentry_point='train.py'\ninstance_type = 'local'\n")
    assert task("run", "-t", "small").instances.type == "local"
    assert task("run", "-t", "small", "--use_profile", "big").instances.type == "ml.p3.2xlarge"
    monkeypatch.setenv("SSM_PROFILE", "big")
    spec = task("run", "-t", "small", "--it", "ml.m5.large")
    assert (spec.instances.type, spec.instances.count, spec.instances.volume_gb) == ("ml.m5.large", 4, 40)


def test_lists_are_replaced_and_tables_merged(write: Write) -> None:
    write(WHOLE)
    spec = task(
        *["run", "-t", "train", "-d", "code", "--lr", "0.2", "--hp", "new", "1", "--tag", "team", "y"],
        *["--iis", "far", "s3://other/k", "--input_local", "part", "more", "-i", "more", "--", "z"],
    )
    assert [str(path) for path in spec.code.dependencies] == ["code"]
    assert spec.arguments == ("z",)
    assert spec.hyperparameters == {"layers": [1, 2], "name": "n", "lr": "0.2", "new": "1"}
    assert spec.tags == {"kind": "t", "team": "y"}
    assert {one.name: getattr(one, "uri", None) or getattr(one, "path", None) for one in spec.inputs} == {
        "data": Path("more"),
        "far": "s3://other/k",
        "part": Path("more"),
        "model": None,
    }


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("no_spot = true\nkeep_alive_mins = 5", "--use_spot_instances"),
        ("max_wait_mins = 2000", "--no_spot"),
        ("clean_state = true", "--keep_state"),
        ("if_changed = true", "--keep_state"),
        ("output_path = 'out'\ndownload_model = true", "--no_wait"),
        ("no_wait = true", "-o out"),
        ("framework = 'sklearn'\nframework_version = '1'", "--image_uri a/b:c"),
        ("image_uri = 'a/b:c'", "-f sklearn"),
        ("framework = 'pytorch'\nframework_version = '2.1'\npy_version = 'py3'", "-f sklearn"),
        ("bucket_name = 'mine-x'\nbucket_owner = '123456789012'", "-b other-x"),
    ],
)
def test_what_is_typed_takes_away_what_it_contradicts(write: Write, line: str, argv: str) -> None:
    plain = ["run", "-p", "p", "-t", "t", "-e", "train.py", *argv.split()]
    typed = task(*plain)
    write(f"[defaults]\n{line}\n")
    assert task(*plain) == typed


def test_a_setting_can_be_taken_away(write: Write) -> None:
    write(
        "[defaults]\nsource_dir = 'code'\nno_spot = true\ndependencies = 'more'\n[task.t]\nentry_point = 'train.py'\n"
    )
    with pytest.raises(UsageError, match="outside the source folder"):
        task("run", "-p", "p", "-t", "t")
    write(
        "[defaults]\nsource_dir = 'code'\nno_spot = true\ndependencies = 'more'\n"
        "[task.t]\nentry_point = 'train.py'\nsource_dir = ''\nno_spot = false\ndependencies = []\n"
    )
    spec = task("run", "-p", "p", "-t", "t")
    assert (spec.code.source_dir, spec.code.dependencies, spec.instances.spot) == (None, (), True)


@pytest.mark.parametrize(
    ("default", "own"),
    [
        ("max_wait_mins = 2000", "no_spot = false"),
        ("no_spot = true\nkeep_alive_mins = 5", "use_spot_instances = false"),
    ],
)
def test_a_false_about_spot_instances_takes_away_what_hangs_on_the_other_answer(
    write: Write, default: str, own: str
) -> None:
    tables = f"[task.t]\nentry_point = 'train.py'\n{own}\n"
    write(tables)
    alone = task("run", "-p", "p", "-t", "t")
    write(f"[defaults]\n{default}\n{tables}")
    assert task("run", "-p", "p", "-t", "t") == alone


def test_variables_beat_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        "[project]\nname = 'p'\naws_region = 'eu-west-1'\naws_profile = 'work'\n"
        "[defaults]\nif_changed = false\n[task.t]\nentry_point = 'train.py'\n"
    )
    spec = task("run", "-t", "t")
    assert (spec.place.aws_region, spec.place.aws_profile, spec.rerun.if_changed) == ("eu-west-1", "work", False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("SSM_RERUN", "if_changed")
    spec = task("run", "-t", "t")
    assert (spec.place.aws_region, spec.place.aws_profile, spec.rerun.if_changed) == (None, None, True)
    spec = task("run", "-t", "t", "--aws_profile", "other", "--keep_state")
    assert (spec.place.aws_profile, spec.rerun.if_changed) == ("other", False)


def test_paths_are_relative_to_the_file(
    write: Write, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        "[project]\nname = 'p'\n[defaults]\noutput_path = 'out'\n"
        "[task.t]\nentry_point = 'train.py'\ninput_path = 'data'\ndependencies = ['~/more']\n"
        "docker_file_path_or_content = 'RUN true'\ninput_local = {more = ['more']}\n"
        "[task.in]\nentry_point = 'worker.py'\nsource_dir = 'code'\n"
        "[task.gone]\nentry_point = 'gone.py'\n"
    )
    monkeypatch.chdir(here / "sub")
    spec = task("run", "-t", "t")
    assert spec.code.entry_file == here / "train.py", "not the file of that name in the current folder"
    assert spec.download.path == here / "out"
    assert spec.code.dependencies == (here / "more",)
    assert [one.path for one in spec.inputs if isinstance(one, LocalInput)] == [here / "data", here / "more"]
    assert spec.image.docker_file == "RUN true"
    assert task("run", "-t", "t", "-e", "train.py", "-o", "o").code.entry_file == Path("train.py")
    inside = task("run", "-t", "in").code
    assert (inside.source_dir, inside.entry_point) == (here / "code", "worker.py")
    with pytest.raises(UsageError) as error:
        task("run", "-t", "gone")
    assert f"entry_point (../ssm.toml:15) '{here}/gone.py': it does not exist." in str(error.value)
    assert f"Paths in ../ssm.toml are relative to its folder: {here}" in str(error.value)
    assert "Project file: ../ssm.toml, task gone\n" in capsys.readouterr().err


def test_the_file_that_is_used_is_printed_once(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(WHOLE)
    task("run", "-t", "train", "--use_profile", "big")
    assert capsys.readouterr() == ("", "Project file: ssm.toml, profile big, task train\n")
    write("")
    task("run", "-p", "p", "-t", "train", "-e", "train.py")
    assert capsys.readouterr() == ("", "")


def test_the_defaults_can_name_the_task(write: Write) -> None:
    write("[project]\nname = 'p'\n[defaults]\ntask_name = 'a'\n[task.a]\nentry_point = 'train.py'\n")
    assert task("run").place.task == "a"
    write("[project]\nname = 'p'\n[defaults]\ntask_name = 'a'\n[task.b]\nentry_point = 'train.py'\n")
    assert task("run", "-t", "b").place.task == "b"


def test_a_task_is_run_by_its_own_command(write: Write) -> None:
    write(WHOLE)
    with pytest.raises(UsageError, match=r"the task look has cmd_line \(ssm.toml:40\), which is for 'ssm shell'"):
        task("run", "-t", "look")
    assert task("run", "-t", "look", "-e", "train.py").code.entry_point == "train.py"


def test_a_mistyped_task_or_profile_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(WHOLE)
    with pytest.raises(UsageError, match=r"has no task 'trian'; did you mean train\?"):
        task("run", "-t", "trian")
    with pytest.raises(UsageError, match=r"Tasks of ssm.toml: train, look, clean"):
        task("run")
    with pytest.raises(UsageError, match=r"--use_profile bgi: ssm.toml has no such profile; did you mean big\?"):
        task("run", "-t", "train", "--use_profile", "bgi")
    monkeypatch.setenv("SSM_PROFILE", "other")
    with pytest.raises(UsageError, match=r"SSM_PROFILE=other: ssm.toml has no such profile; there are: big."):
        task("run", "-t", "train")


def test_a_profile_needs_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = ("run", "-p", "p", "-t", "t", "-e", "train.py")
    with pytest.raises(UsageError, match=r"--use_profile big: there is no project file"):
        task(*plain, "--use_profile", "big")
    monkeypatch.setenv("SSM_PROFILE", "big")
    assert task(*plain).place.project == "p"


def test_a_value_that_is_wrong_is_named_with_its_line(write: Write) -> None:
    write("[project]\nname = 'p'\n\n[task.t]\nentry_point = 'train.py'\ninstance_count = 0\n")
    with pytest.raises(UsageError, match=r"instance_count \(ssm.toml:6\) 0 is too small"):
        task("run", "-t", "t")
    write("[project]\nname = 'p'\n\n[task.t]\nentry_point = 'train.py'\nhp.sagemaker_x = 1\n")
    with pytest.raises(UsageError, match=r"hp.sagemaker_x \(ssm.toml:6\): SageMaker's toolkit reserves"):
        task("run", "-t", "t")


def test_commands_on_data_know_that_jobs_run_here(write: Write) -> None:
    write("[project]\nname = 'p'\n[defaults]\ninstance_type = 'local'\n[task.far]\ninstance_type = 'ml.m5.large'\n")
    for name, expected in (("near", True), ("far", False)):
        spec = parse(["data", "-t", name, "-o", "out"])
        assert isinstance(spec, DataSpec)
        assert spec.place.is_local == expected


def test_a_state_is_not_cleared_because_a_task_clears_it(write: Write) -> None:
    write("[project]\nname = 'p'\n[defaults]\nclean_state = true\n")
    assert task("run", "-t", "t", "-e", "train.py").rerun.clean_state
    spec = parse(["data", "-t", "t", "-o", "out"])
    assert isinstance(spec, DataSpec)
    assert not spec.clean_state


NAMED = "[project]\nname = 'p'\nbucket_name = 'mine-x'\n[defaults]\ntask_name = 'train'\n[task.train]\nhp.a = 1\n"


@pytest.mark.parametrize("command", ["stop", "rm"])
def test_what_is_stopped_or_deleted_has_to_be_typed(write: Write, command: str) -> None:
    write(NAMED)
    with pytest.raises(UsageError, match="say what to"):
        parse([command])
    spec = parse([command, "-t", "train"])
    assert (spec.place.project, spec.place.task, spec.place.bucket) == ("p", "train", "mine-x")  # type: ignore[union-attr]
    assert parse(["status"]).place.task == "train"  # type: ignore[union-attr]


def test_a_job_that_is_named_can_be_of_any_project(write: Write) -> None:
    write(NAMED)
    for argv in (["logs", "--job", "a1B2c3D4"], ["rm", "--job", "a1B2c3D4"], ["ls", "--all_projects"]):
        place = parse(argv).place  # type: ignore[union-attr]
        assert (place.project, place.task, place.bucket) == ("", "", None)
    place = parse(["logs", "--job", "a1B2c3D4", "-t", "other"]).place  # type: ignore[union-attr]
    assert (place.project, place.task) == ("p", "other")
    assert parse(["stop", "--all_tasks"]).place.project == "p"  # type: ignore[union-attr]


def test_clearing_a_state_brings_nothing_unasked(write: Write) -> None:
    write("[project]\nname = 'p'\n[defaults]\noutput_path = 'out'\ndownload_model = true\n")
    spec = parse(["data", "-t", "t", "--clean_state"])
    assert isinstance(spec, DataSpec)
    assert (spec.download.path, spec.download.model, spec.clean_state) == (None, False, True)
    spec = parse(["data", "-t", "t", "--clean_state", "-o", "here"])
    assert isinstance(spec, DataSpec)
    assert spec.download.path == Path("here")


@pytest.mark.parametrize(
    ("text", "argv", "expected"),
    [
        ("[defaults]\ninstance_type = 'local'", "", "local"),
        ("[defaults]\ninstance_type = 'local'", "--it ml.m5.large", "ml.m5.large"),
        ("[task.u]\ninstance_type = 'local'", "", "ml.m5.large"),
        ("[task.t]\ninstance_type = 'local_gpu'", "", "local_gpu"),
        ("[task.t]\ninstance_type = 'local'\nimage_uri = 'a/b'", "", ""),
        ("[defaults]\ninstance_type = 'ml.m5.large'", "", ""),
        ("", "", ""),
    ],
)
def test_a_supervisor_is_started_ahead_for_the_right_machine_alone(
    write: Write, text: str, argv: str, expected: str
) -> None:
    write(f"[project]\nname = 'p'\n{text}\n")
    arguments = read("run", ["-t", "t", "-e", "train.py", *argv.split()])
    assert local_type(arguments, os.environ) == expected
