"""``--input_at`` and ``--output_from``: where inputs and outputs of a processing job are, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import ProcessSpec
from simple_sagemaker.errors import UsageError
from simple_sagemaker.options.process import process_spec
from simple_sagemaker.project.arguments import arguments_of, python_spelling
from simple_sagemaker.project.options import ProcessOptions
from tests.unit.cli.typed import TASK, refused

ALL = "/opt/ml/processing"
BASE = ("process", *TASK, "--code", "clean.py", "-i", "data", "--iis", "raw", "s3://b/k/")


@pytest.fixture(autouse=True)
def files(here: Path) -> None:
    (here / "clean.py").write_text("")
    (here / "data/sub").mkdir(parents=True)


def paths(*argv: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    spec = parse([*BASE, *argv])
    assert isinstance(spec, ProcessSpec)
    return spec.input_paths, spec.output_paths


def test_inputs_and_outputs_are_where_it_is_said() -> None:
    at = ("--input_at", "data", f"{ALL}/input/", "--input_at", "raw", f"{ALL}/raw/deep")
    kept = ("--output_from", "train", f"{ALL}/train", "--output_from", "output", f"{ALL}/result")
    assert paths(*at, *kept) == (
        {"data": f"{ALL}/input", "raw": f"{ALL}/raw/deep"},
        {"train": f"{ALL}/train", "output": f"{ALL}/result"},
    )
    assert paths() == ({}, {})


def test_an_input_may_lie_in_another_and_an_output_too() -> None:
    nested = ("--input_at", "data", f"{ALL}/in", "--input_at", "raw", f"{ALL}/in/raw")
    assert paths(*nested)[0] == {"data": f"{ALL}/in", "raw": f"{ALL}/in/raw"}
    assert paths("--output_from", "train", f"{ALL}/output/train")[1] == {"train": f"{ALL}/output/train"}


def test_an_input_takes_the_place_of_an_output_that_was_moved() -> None:
    moved = ("--output_from", "model", f"{ALL}/new_model", "--input_at", "raw", f"{ALL}/model")
    assert paths(*moved) == ({"raw": f"{ALL}/model"}, {"model": f"{ALL}/new_model"})


MISTAKES = {
    "no such input": (("--input_at", "rwa", f"{ALL}/a"), "--input_at rwa: there is no such input. Did you mean raw?"),
    "relative": (("--input_at", "raw", "input"), "'input' is not an absolute path: begin it with /opt/ml/processing/"),
    "relative output": (("--output_from", "x", "./out"), "'./out' is not an absolute path"),
    "elsewhere": (("--input_at", "raw", "/opt/ml/input/raw"), "is not below /opt/ml/processing/"),
    "output elsewhere": (("--output_from", "x", "/tmp/out"), "is not below /opt/ml/processing/"),
    "alike": (("--input_at", "raw", "/opt/ml/processing2/raw"), "is not below /opt/ml/processing/"),
    "all of it": (("--input_at", "raw", f"{ALL}/"), "is not below /opt/ml/processing/"),
    "upwards": (("--input_at", "raw", f"{ALL}/../x"), "is not a plain path"),
    "doubled": (("--input_at", "raw", f"{ALL}//x"), "is not a plain path"),
    "control": (("--output_from", "x", f"{ALL}/a\nb"), "is not a plain path"),
    "empty": (("--input_at", "raw", ""), "is not an absolute path"),
    "long": (("--input_at", "raw", f"{ALL}/{'x' * 238}"), "a path of 257 characters; SageMaker takes at most 256"),
    "twice": (("--input_at", "raw", f"{ALL}/a", "--input_at", "raw", f"{ALL}/b"), "--input_at raw is given twice"),
    "two inputs at one path": (
        ("--input_at", "raw", f"{ALL}/a", "--input_at", "data", f"{ALL}/a/"),
        "the input 'data' is at this path",
    ),
    "where another input is anyway": (("--input_at", "raw", f"{ALL}/input/data/data"), "the input 'data' is at this"),
    "input and output at one path": (
        ("--input_at", "raw", f"{ALL}/a", "--output_from", "x", f"{ALL}/a"),
        "this path is taken by the output 'x'",
    ),
    "two outputs at one path": (
        ("--output_from", "x", f"{ALL}/a", "--output_from", "y", f"{ALL}/a"),
        "this path is taken by the output 'y'",
    ),
    "our output": (
        ("--input_at", "raw", f"{ALL}/model"),
        "this path is taken by the output 'model'. Choose another path, or move that output: --output_from model PATH",
    ),
    "our output for another": (("--output_from", "x", f"{ALL}/output"), "this path is taken by the output 'output'"),
    "in our output": (("--input_at", "raw", f"{ALL}/output/x"), "what lies there is uploaded with the output 'output'"),
    "in the state": (("--output_from", "x", f"{ALL}/state/x"), "what lies there is uploaded with the output 'state'"),
    "around the state": (
        ("--output_from", "state", f"{ALL}/a", "--output_from", "x", f"{ALL}/a/b"),
        "the output 'x' lies there and would be uploaded with it",
    ),
    "our code": (("--input_at", "raw", f"{ALL}/input/code"), "this path is taken by the job's code"),
    "in our code": (("--output_from", "x", f"{ALL}/input/ssm_source/x"), "this path is taken by the job's packed code"),
    "our launcher": (("--output_from", "x", f"{ALL}/ssm"), "this path is taken by the job's launcher"),
    "earlier state": (("--input_at", "raw", f"{ALL}/input/state_prev"), "taken by the job's earlier state"),
    "around our code": (("--output_from", "x", f"{ALL}/input"), "the job's code lies there and would be uploaded"),
    "around an input": (
        ("--input_at", "raw", f"{ALL}/a/raw", "--output_from", "x", f"{ALL}/a"),
        "--input_at raw /opt/ml/processing/a/raw: what lies there is uploaded with the output 'x'",
    ),
    "around an input that is where inputs are": (
        ("--output_from", "x", f"{ALL}/input/data"),
        "lies there and would be uploaded with it",
    ),
    "capitals": (
        ("--iis", "RAW", "s3://b/k", "--input_at", "raw", f"{ALL}/a"),
        "another input has this name but for its capitals",
    ),
    "in an input": (
        ("--input_at", "raw", f"{ALL}/a", "--output_from", "x", f"{ALL}/a/x"),
        "it lies in the input 'raw', and no output can",
    ),
    "a name that is none": (("--output_from", "a/b", f"{ALL}/a"), "--output_from: 'a/b' is not a legal channel name"),
    "one value": (("--input_at", "raw"), "--input_at takes two values (NAME PATH)"),
}


@pytest.mark.parametrize(("argv", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_by_name(argv: tuple[str, ...], message: str) -> None:
    assert message in refused(*BASE, *argv)


def test_there_is_nothing_to_place_without_inputs() -> None:
    line = ("process", *TASK, "--code", "clean.py", "--input_at", "data", f"{ALL}/input")
    assert "the task has no input, so there is none to place" in refused(*line)


def test_there_are_at_most_ten_outputs() -> None:
    seven = [word for number in range(7) for word in ("--output_from", f"o{number}", f"{ALL}/o{number}")]
    assert len(paths(*seven, "--output_from", "model", f"{ALL}/m")[1]) == 8
    assert "11 outputs, three of them ours; a job can have 10" in refused(
        *BASE, *seven, "--output_from", "o8", f"{ALL}/o8"
    )


@pytest.mark.parametrize("entry", ["code", "ssm_source", "state_prev"])
def test_a_folder_with_one_of_our_names_is_not_placed_around_ours(here: Path, entry: str) -> None:
    (here / "data" / entry).write_text("")
    assert f"the folder has a '{entry}', where the job has its" in refused(*BASE, "--input_at", "data", f"{ALL}/input")
    assert paths("--input_at", "data", f"{ALL}/elsewhere")[0] == {"data": f"{ALL}/elsewhere"}


@pytest.mark.parametrize("command", ["run", "shell"])
def test_the_other_commands_say_whose_options_they_are(command: str) -> None:
    rest = ("-e", "clean.py") if command == "run" else ("--cmd_line", "ls")
    for flag in ("--input_at", "--output_from"):
        assert f"{flag} is an option of 'ssm process'" in refused(command, *TASK, *rest, flag, "x", f"{ALL}/x")


def of_python(**options: object) -> ProcessSpec:
    named = {"project_name": "p", "task_name": "t", "code": "clean.py", **options}
    known = ProcessOptions.__optional_keys__ | named.keys()
    with python_spelling():
        return process_spec(arguments_of("process", named, known=frozenset(known)))


def test_python_takes_them_as_dictionaries() -> None:
    spec = of_python(
        inputs={"data": "data"}, input_at={"data": Path(f"{ALL}/input")}, output_from={"train": f"{ALL}/train"}
    )
    assert (spec.input_paths, spec.output_paths) == ({"data": f"{ALL}/input"}, {"train": f"{ALL}/train"})


def test_mistakes_are_named_as_python_spells_them() -> None:
    with pytest.raises(UsageError, match=r"^input_at\['raw'\]: there is no such input\. There are: data"):
        of_python(inputs={"data": "data"}, input_at={"raw": f"{ALL}/x"})
    with pytest.raises(UsageError, match=r"or move that output: output_from\['model'\] PATH"):
        of_python(inputs={"data": "data"}, input_at={"data": f"{ALL}/model"})
    with pytest.raises(UsageError, match="output_from is a dictionary, not 'x'"):
        of_python(output_from="x")
    with pytest.raises(UsageError, match=r"output_from\['x'\]: 7 is not|output_from\['x'\] '7' is not an absolute"):
        of_python(output_from={"x": 7})
