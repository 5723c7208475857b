"""Each command line becomes the request on file, which the service's model allows and AWS's SDK would nearly send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.api.model import Model, load
from tests.golden.lines import LINES, REQUESTS, SDK, fill, made

OURS, THEIRS, OTHER = "only ours", "only the SDK's", "another value"

# Where our request is not the SDK's, and why.
EXPLAINED: dict[tuple[str, str], str] = {
    (OURS, "AlgorithmSpecification.ContainerEntrypoint"): "our launcher is the first process: exact words, SIGTERM",
    (OURS, "InputDataConfig.ssm_source.*"): "the hidden channel brings the launcher and the packed code",
    (OURS, "InputDataConfig.*.InputMode"): "said of every channel; the SDK leaves it to TrainingInputMode",
    (OTHER, "HyperParameters.sagemaker_program"): "AWS's toolkit starts our launcher, which starts the person's code",
    (OTHER, "HyperParameters.sagemaker_submit_directory"): "cut off from S3, the code comes by our channel",
    (THEIRS, "InputDataConfig.code.*"): "the SDK's channel for the code of a job without a network",
    (THEIRS, "AlgorithmSpecification.EnableSageMakerMetricsTimeSeries"): "the service's own default for these images",
    (THEIRS, "ProfilerConfig.DisableProfiler"): "the SDK asks for Debugger unless told not to; we never ask for it",
    (THEIRS, "HyperParameters.model_dir"): "a TensorFlow script would be sent to S3 for what it finds in SM_MODEL_DIR",
    (OURS, "EnableManagedSpotTraining"): "said either way: not spot is the exception here",
    (OTHER, "AlgorithmSpecification.TrainingImage"): "the model-parallel library has an image of its own: --image_uri",
    (OURS, "HyperParameters.sagemaker_pytorch_ddp_enabled"): "the toolkit's own word, which leads to the same runner",
    (THEIRS, "HyperParameters.sagemaker_distributed_dataparallel_*"): "the SDK rewrites pytorchddp to smdistributed",
}

# Differences that only these lines may have: anywhere else they would be mistakes.
ONLY_IN: dict[tuple[str, str], set[str]] = {
    (OTHER, "HyperParameters.sagemaker_submit_directory"): {"isolated_toolkit", "isolated"},
    (THEIRS, "InputDataConfig.code.*"): {"isolated", "isolated_toolkit"},
    (THEIRS, "HyperParameters.model_dir"): {"tensorflow", "mpi_short", "parameter_server", "mirrored"},
    (OURS, "EnableManagedSpotTraining"): {"on_demand", "kept_machines"},
    (OTHER, "AlgorithmSpecification.TrainingImage"): {"model_parallel"},
    (OURS, "HyperParameters.sagemaker_pytorch_ddp_enabled"): {"pytorchddp"},
    (THEIRS, "HyperParameters.sagemaker_distributed_dataparallel_*"): {"pytorchddp"},
    (OTHER, "HyperParameters.sagemaker_program"): {
        *("toolkit", "isolated_toolkit", "mpi", "mpi_short", "data_parallel", "model_parallel", "pytorchddp"),
        *("parameter_server", "mirrored"),
        "shell",  # a command line has no file: the program named is the launcher
    },
}

NAMED = {
    "InputDataConfig": "ChannelName",
    "MetricDefinitions": "Name",
    "Outputs": "OutputName",
    "ProcessingInputs": "InputName",
    "Tags": "Key",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(tmp_path_factory.mktemp("model"))


@pytest.fixture
def buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path)


def on_file(folder: Path, name: str) -> dict[str, Any]:
    request: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return request


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; the members of a list that have names go by them, in no order."""
    name = NAMED.get(path.rpartition(".")[2])
    if name and isinstance(value, list):
        value = {member[name]: {key: one for key, one in member.items() if key != name} for member in value}
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from flat(member, f"{path}.{key}".lstrip("."))
    else:
        yield path, value


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> set[tuple[str, str]]:
    mine, other = dict(flat(ours)), dict(flat(theirs))
    request = {(OURS, path) for path in mine.keys() - other.keys()}
    request |= {(THEIRS, path) for path in other.keys() - mine.keys()}
    return request | {(OTHER, path) for path in mine.keys() & other.keys() if mine[path] != other[path]}


def reason(difference: tuple[str, str]) -> tuple[str, str] | None:
    """The entry of the table that explains a difference."""
    return reason_in(EXPLAINED, difference)


def reason_in(table: Mapping[tuple[str, str], str], difference: tuple[str, str]) -> tuple[str, str] | None:
    """The entry of a table that explains a difference."""
    kind, path = difference
    return next((entry for entry in table if entry[0] == kind and fnmatchcase(path, entry[1])), None)


def test_there_are_25_lines_and_each_has_its_two_files() -> None:
    assert len(LINES) >= 25
    assert {file.stem for file in REQUESTS.iterdir()} == {file.stem for file in SDK.iterdir()} == LINES.keys()


@pytest.mark.parametrize("name", LINES)
def test_a_line_becomes_the_request_on_file(name: str, buckets: Path) -> None:
    assert made(LINES[name], buckets) == on_file(REQUESTS, name), "if it is meant: python -m tests.golden.write"


@pytest.mark.parametrize("name", LINES)
def test_the_services_model_allows_the_request(name: str, model: Model) -> None:
    assert model.validation_message("CreateTrainingJob", on_file(REQUESTS, name)) is None


@pytest.mark.parametrize("name", LINES)
def test_the_request_is_the_sdks_but_for_what_is_explained(name: str) -> None:
    request = differences(on_file(REQUESTS, name), on_file(SDK, name))
    assert not {one for one in request if reason(one) is None}
    assert not {one for one in request if name not in ONLY_IN.get(reason(one) or one, {name})}


def test_every_explanation_is_needed() -> None:
    request = {one for name in LINES for one in differences(on_file(REQUESTS, name), on_file(SDK, name))}
    assert {reason(one) for one in request} == EXPLAINED.keys()
