"""``ssm data``: the words that mean something, and those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import DataSpec, Download, Place
from simple_sagemaker.options.table import options_of
from tests.unit.cli.typed import TASK, refused, run

JOB = "task-2030-01-31-12-00-00-a1B2c3D4"
# https://github.com/shiftan/simple_sagemaker, README: `ssm data -h`
DOCUMENTED = """
-h --help --project_name -p --task_name -t --bucket_name -b --output_path -o
--download_state --download_model --download_output
"""
OURS = "--aws_region --aws_profile --prefix --bucket_owner --job --clean_state --cs --data_store "
OURS += "--instance_type --it --use_profile --trial"


def data(*argv: str) -> DataSpec:
    spec = parse(["data", *TASK, *argv])
    assert isinstance(spec, DataSpec)
    return spec


def test_the_options_are_those_of_the_document_and_ten_of_ours() -> None:
    flags = {flag for option in options_of("data") for flag in option.flags}
    assert flags == {*DOCUMENTED.split(), *OURS.split()}


def test_a_download_is_as_chosen() -> None:
    assert data("-o", "out") == DataSpec(place=Place(project="proj", task="task"), download=Download(path=Path("out")))
    spec = data("-o", "out", "--download_state", "--download_model", "--download_output", "--job", JOB)
    assert spec.download == Download(path=Path("out"), state=True, model=True, output=True)
    assert spec.job == JOB


def test_the_place_is_as_chosen() -> None:
    place = data("--cs", "--prefix", "team/", "-b", "my-bucket").place
    assert place == Place(project="proj", task="task", prefix="team/", bucket="my-bucket")


@pytest.mark.parametrize("flag", ["--cs", "--clean_state"])
def test_the_state_is_cleared_when_asked(flag: str) -> None:
    assert data(flag).clean_state
    assert not data("-o", "out").clean_state


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["--lr", "1"], "there is no option --lr"),
        (["--hp", "x", "1"], "one of 'ssm run'"),
        (["--cmd_line", "ls"], "one of 'ssm shell'"),
        (["-e", "train.py"], "one of 'ssm run'"),
        (["--download_models"], "Did you mean --download_model?"),
        (["-x"], "there is no option -x"),
        (["-bmine"], "put a space after it: -b mine"),
        (["stray"], "unexpected argument 'stray'"),
        (["--download_model", "yes"], "takes no value"),
        (["--", "x"], "nothing can follow --"),
        (["-o", "train.py"], "is a file"),  # the only -o
        (["--job", "task"], "'task' is not the name of a job"),
        (["--job", ""], "--job is empty"),
        (["--job"], "--job takes one value"),
    ],
)
def test_words_that_cannot_be_meant_are_refused_without_advice_for_scripts(argv: list[str], text: str) -> None:
    message = refused("data", *TASK, *([] if "train.py" in argv else ["-o", "out"]), *argv)
    assert text in message
    assert "hyperparameter" not in message
    assert "write: --hp" not in message


def test_something_has_to_be_asked_for() -> None:
    assert "--output_path" in refused("data", *TASK)
    assert "-o" in refused("data", *TASK, "--download_model")
    assert "-o" in refused("data", *TASK, "--cs", "--job", JOB)


def test_all_missing_options_are_named_at_once() -> None:
    assert "--project_name NAME (-p), --task_name NAME (-t)" in refused("data", "-o", "out")


def test_the_job_option_is_still_a_hyperparameter_of_a_run() -> None:
    assert dict(run("--job", "7").hyperparameters) == {"job": "7"}


def test_anothers_bucket_is_named_with_its_owner() -> None:
    spec = data("-o", "out", "-b", "theirs", "--bucket_owner", "123456789012")
    assert spec.place == Place(project="proj", task="task", bucket="theirs", bucket_owner="123456789012")
