"""What is said in Python means what the same words on the command line mean, and is refused in the same way."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import Data, Outcome, Project
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.errors import InputNotFound, SsmError, UsageError
from simple_sagemaker.options.process import process_spec
from simple_sagemaker.options.table import options_of
from simple_sagemaker.options.task import task_spec
from simple_sagemaker.project.arguments import arguments_of, python_spelling
from simple_sagemaker.project.options import ProcessOptions, RunOptions, ShellOptions, TuneOptions

RUN_NAMES = RunOptions.__optional_keys__ | {"project_name", "task_name", "entry_point", "cmd_line"}
UNFOUND = "entry_point 'nosuch.py': it does not exist.\nName the file to run; its folder, if any, with source_dir."
NO_SHARE = Data("data", distribution="Sharded")  # type: ignore[arg-type]
SHELL_NAMES = ShellOptions.__optional_keys__ | RUN_NAMES


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("train.py", "code/worker.py", "data/part/b.txt", "lib/one.py", "Dockerfile"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("print()\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(command: str = "run", **options: Any) -> TaskSpec:
    own = {"entry_point": "train.py"} if command == "run" else {"cmd_line": "ls"}
    found = arguments_of(command, {"project_name": "p", "task_name": "t", **own, **options}, known=SHELL_NAMES)
    return task_spec(found)


def typed(*argv: str, command: str = "run") -> TaskSpec:
    own = ["-e", "train.py"] if command == "run" and "-e" not in argv else []
    spec = parse([command, "-p", "p", "-t", "t", *own, *argv])
    assert isinstance(spec, TaskSpec)
    return spec


SAME: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"source_dir": Path("code"), "entry_point": "worker.py"}, "-s code -e worker.py"),
    ({"dependencies": ["lib", Path("data")]}, "-d lib data"),
    ({"dependencies": "lib"}, "-d lib"),
    ({"dependencies": []}, ""),
    ({"instance_type": "ml.p3.2xlarge", "instance_count": 3}, "--it ml.p3.2xlarge --ic 3"),
    ({"volume_size": 50, "retry_attempts": 2}, "-v 50 --retry_attempts 2"),
    ({"use_spot_instances": False, "keep_alive_mins": 5}, "--no_spot --keep_alive_mins 5"),
    ({"use_spot_instances": True, "max_wait_mins": 20, "max_run_mins": 7}, "--max_wait_mins 20 --max_run_mins 7"),
    ({"framework": "tensorflow", "framework_version": "2.11"}, "-f tensorflow --fv 2.11"),
    ({"py_version": "py39"}, "--pv py39"),
    ({"image_uri": "registry/image:1"}, "--image_uri registry/image:1"),
    ({"docker_file_path_or_content": "RUN true", "aws_repo_name": "ab"}, "--df 'RUN true' --ar ab"),
    ({"docker_file_path_or_content": Path("Dockerfile"), "image_tag": "c"}, "--df Dockerfile --image_tag c"),
    ({"inputs": {"data": "data", "s3": "s3://b/k"}}, "-i data --iis s3 s3://b/k"),
    ({"inputs": {"data": "s3://b/k"}}, "--iis data s3://b/k"),
    ({"inputs": {"left": Outcome("other", "model")}}, "--iit left other model"),
    ({"inputs": {"data": Data("data", "ShardedByS3Key", "part")}}, "-i data ShardedByS3Key part"),
    ({"inputs": {"s3": Data("s3://b/k", distribution="ShardedByS3Key")}}, "--iis s3 s3://b/k ShardedByS3Key"),
    (
        {"inputs": {"left": Outcome("other", "state", "ShardedByS3Key", "sub")}},
        "--iit left other state ShardedByS3Key sub",
    ),
    ({"model_uri": "s3://b/m.tar.gz", "input_mode": "FastFile"}, "--model_uri s3://b/m.tar.gz --input_mode FastFile"),
    ({"hyperparameters": {"lr": "0.1", "task": "x y"}}, "--lr 0.1 --task 'x y'"),
    ({"arguments": ["-v", "a b", ""]}, "-- -v 'a b' ''"),
    ({"job_env": {"NAME": "value"}, "tags": {"k": "v"}}, "--job_env NAME value --tag k v"),
    ({"metric_definitions": {"Score": "Score=(.*?);"}}, "--md Score 'Score=(.*?);'"),
    ({"distribution": {"mpi": {"enabled": True}}}, """--distribution '{"mpi": {"enabled": true}}'"""),
    ({"launch_by": "toolkit"}, "--launch_by toolkit"),
    ({"force_running": True, "if_changed": False, "clean_state": True}, "--fr --cs"),
    ({"vpc_subnets": ["subnet-1"], "vpc_security_groups": "sg-1"}, "--vpc_subnets subnet-1 --vpc_security_groups sg-1"),
    ({"kms_key_id": "alias/key", "network_isolation": True}, "--kms_key_id alias/key --network_isolation"),
    ({"output_path": Path("out"), "download_model": True}, "-o out --download_model"),
    ({"encrypt_traffic": True}, "--encrypt_traffic"),
    ({"instance_type": None, "tags": None, "inputs": None, "arguments": None, "force_running": None}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("options", "command"), SAME, ids=[command for _, command in SAME])
def test_both_ways_of_saying_it_mean_the_same(options: dict[str, Any], command: str) -> None:
    assert said(**options) == typed(*shlex.split(command))


def test_a_shell_task_means_the_same() -> None:
    assert said("shell", cmd_line="ls -l", dir_files=["lib", "data"], hyperparameters={"top": "5"}) == typed(
        "--cmd_line", "ls -l", "--dir_files", "lib", "data", "--top", "5", command="shell"
    )


PROCESS: list[tuple[dict[str, Any], str]] = [
    ({"code": "train.py"}, "--code train.py"),
    ({"code": "worker.py", "source_dir": "code", "command": "bash -x"}, "--code worker.py -s code --command 'bash -x'"),
    ({"code": "s3://b/k.py", "command": ["bash", "-x"]}, "--code s3://b/k.py --command bash --command=-x"),
    ({"entrypoint": ["ls", "-l", "a b"]}, "-e ls --entrypoint=-l -e 'a b'"),
    ({"entrypoint": ["/opt/my program"]}, """-e '"/opt/my program"'"""),
    ({"code": "train.py", "arguments": ["--top", 5]}, "--code train.py -- --top 5"),
    ({"code": "train.py", "env": {"NAME": "value"}}, "--code train.py --env NAME value"),
    ({"code": "train.py", "dependencies": "lib", "framework": "pytorch"}, "--code train.py -d lib -f pytorch"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "command"), PROCESS, ids=[command for _, command in PROCESS])
def test_a_processing_task_means_the_same(options: dict[str, Any], command: str) -> None:
    place = {"project_name": "p", "task_name": "t"}
    found = arguments_of("process", {**place, **options}, known=ProcessOptions.__optional_keys__ | {*place, "code"})
    assert process_spec(found) == parse(["process", "-p", "p", "-t", "t", *shlex.split(command)])


# What Python says otherwise: by the project, by a method's own arguments, by False.
_OTHERWISE = """
help project_name task_name code prefix bucket_name bucket_owner data_store role_name entry_point cmd_line
dry_run no_wait keep_state no_spot m aws_region aws_profile skip_status use_profile quiet_run json_events
hp_space tune_for
"""


OPTIONS = {"run": RunOptions, "shell": ShellOptions, "process": ProcessOptions, "tune": TuneOptions}


@pytest.mark.parametrize(("command", "options"), OPTIONS.items())
def test_every_option_can_be_said_in_python(command: str, options: Any) -> None:
    kinds = ("input_path", "input_s3", "input_local", "input_task")
    plural = {**dict.fromkeys(kinds, "inputs"), "tag": "tags"}
    names = {plural.get(option.name, option.name) for option in options_of(command)} - set(_OTHERWISE.split())
    ours = {"arguments", "read_buckets"} | ({"hyperparameters"} if "hp" in names else set())
    assert options.__optional_keys__ == names - {"hp"} | ours


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"instance_cout": 2}, "There is no instance_cout. Did you mean instance_count?"),
        ({"input_path": "data"}, "There is no input_path. Did you mean inputs?"),
        ({"task_nam": "t", "zzz": 1}, "There is no task_nam. Did you mean task_name?"),  # the first by the alphabet
        ({"zzz": 1, "instance_cout": 2}, "There is no instance_cout. Did you mean instance_count?"),
        ({"no_spot": True}, "There is no no_spot. Did you mean use_spot_instances=False?"),
        ({"instance_count": 0}, "instance_count 0 is too small"),
        ({"instance_count": "two"}, "instance_count takes a whole number, not 'two'."),
        ({"instance_count": True}, "instance_count takes a whole number, not True."),
        ({"instance_count": 2.5}, "instance_count takes a whole number, not 2.5."),
        ({"instance_count": [2]}, "instance_count takes a whole number, not [2]."),
        ({"clean_state": 1}, "clean_state must be True or False, not 1."),
        ({"use_spot_instances": "no"}, "use_spot_instances must be True or False, not 'no'."),
        ({"launch_by": "me"}, "launch_by 'me': choose direct or toolkit."),
        (
            {"fail_if": "loss > 1"},
            "fail_if 'loss > 1': there is no metric 'loss'.\nDefine it: metric_definitions={'loss': 'loss=(\\\\S+)'}",
        ),
        ({"fail_if": ["nan"]}, "fail_if 'nan' looks at the values of metrics: define one with metric_definitions."),
        ({"framework": "jax"}, "framework 'jax': ready-made images are"),
        ({"dependencies": 3}, "dependencies is a list, not 3."),
        ({"dependencies": ["nosuch"]}, "dependencies 'nosuch'"),
        ({"arguments": b"x"}, "arguments is a list, not b'x'."),
        ({"tags": ["a"]}, "tags is a dictionary, not ['a']."),
        ({"tags": {1: "a"}}, "tags: a name in it is a text, not 1."),
        ({"tags": {"SimpleSagemakerTask": "x"}}, "tags 'SimpleSagemakerTask' is reserved by ssm, to find its jobs"),
        ({"read_buckets": "NO"}, "read_buckets 'NO' is not a legal bucket name."),
        ({"hyperparameters": {"a": {1}}}, "hyperparameters['a']: {1} cannot be written as JSON"),
        ({"hyperparameters": {"a": float("nan")}}, "hyperparameters['a']: nan cannot be written as JSON"),
        ({"hyperparameters": {"-a": 1}}, "hyperparameters '-a'"),
        ({"hyperparameters": {"big": "x" * 3000}}, "hyperparameters['big']: its value takes 3002 characters"),
        ({"distribution": "x"}, "distribution is a dictionary in the form of the SageMaker SDK"),
        ({"distribution": {"mpi": {"enabled": "yes"}}}, "distribution: mpi: 'enabled' must be true or false"),
        ({"inputs": {"data": "data", "ssm_source": "s3://b/k"}}, "inputs['ssm_source']"),
        ({"inputs": {"data": NO_SHARE}}, "inputs['data'] data: 'Sharded' is not a distribution"),
        ({"use_spot_instances": False, "max_wait_mins": 9}, "max_wait_mins 9: only spot jobs wait"),
        ({"entry_point": None}, "missing: entry_point."),
        ({"entry_point": "nosuch.py", "dependencies": "lib"}, UNFOUND),
        ({"download_model": True}, "download_model: name the folder for it with output_path."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_pythons_words(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught, python_spelling():
        said(**options)
    assert str(caught.value).startswith(told)
    assert "--hp" not in str(caught.value)


def test_an_input_that_is_not_there_is_said() -> None:
    with pytest.raises(InputNotFound, match=r"inputs\['data'\] 'nosuch'"):
        said(inputs={"data": "nosuch"})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"project_name": "a/b"}, "project_name 'a/b' is not a legal name"),
        ({"engine": "spark"}, "engine is one of aws, local, docker"),
        ({"progress": "loud"}, "progress is one of none, lines, auto"),
    ],
)
def test_a_project_that_cannot_be_is_refused_at_once(options: dict[str, Any], told: str) -> None:
    with pytest.raises(SsmError) as caught:
        Project(**{"project_name": "p", **options})
    assert str(caught.value).startswith(told)


def test_a_name_of_an_option_in_a_hyperparameters_error_stays_an_option() -> None:
    with (
        pytest.raises(UsageError, match=r"^hyperparameters\['sagemaker_x'\]: SageMaker's toolkit"),
        python_spelling(),
    ):
        said(hyperparameters={"sagemaker_x": 1})
