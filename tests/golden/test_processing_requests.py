"""Each ``ssm process`` line becomes the request on file, which the model allows and AWS's SDK would nearly send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.api.model import Model, load
from tests.golden.lines import fill
from tests.golden.processing import AGAIN, LINES, REQUESTS, SDK, everything
from tests.golden.test_requests import OTHER, OURS, THEIRS, differences, on_file, reason_in

NAMES = [*LINES, AGAIN]

# Where our request is not the SDK's, and why.
EXPLAINED: dict[tuple[str, str], str] = {
    (OTHER, "AppSpecification.ContainerEntrypoint"): "our launcher starts the words: no limit of 256 characters each",
    (THEIRS, "AppSpecification.ContainerArguments"): "they are in run.json, for the same reason",
    (OURS, "ProcessingInputs.ssm_source.*"): "the hidden input brings the launcher and the packed code",
    (THEIRS, "ProcessingInputs.code.*"): "the SDK's input for the script alone",
    (THEIRS, "ProcessingInputs.*.AppManaged"): "said either way by the SDK; the service's default",
    (THEIRS, "ProcessingInputs.*.S3Input.S3CompressionType"): "None, which is the service's default too",
    (THEIRS, "ProcessingOutputConfig.Outputs.*.AppManaged"): "said either way by the SDK; the service's default",
    (THEIRS, "NetworkConfig.*"): "the SDK says what is off too",
}
ONLY_IN = {
    (THEIRS, "AppSpecification.ContainerArguments"): {"command"},
    (THEIRS, "NetworkConfig.*"): {"network", "encrypted", "isolated"},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(tmp_path_factory.mktemp("model"))


@pytest.fixture
def requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    monkeypatch.chdir(tmp_path)
    return everything(fill(tmp_path))


def test_every_line_becomes_the_request_on_file(requests: dict[str, dict[str, Any]]) -> None:
    assert {file.stem for file in REQUESTS.iterdir()} == {file.stem for file in SDK.iterdir()} == {*NAMES}
    for name, request in requests.items():
        assert request == on_file(REQUESTS, name), "if it is meant: python -m tests.golden.write"


@pytest.mark.parametrize("name", NAMES)
def test_the_services_model_allows_the_request(name: str, model: Model) -> None:
    assert model.validation_message("CreateProcessingJob", on_file(REQUESTS, name)) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_request_is_the_sdks_but_for_what_is_explained(name: str) -> None:
    found = differences(on_file(REQUESTS, name), on_file(SDK, name))
    assert not {one for one in found if reason_in(EXPLAINED, one) is None}
    assert not {one for one in found if name not in ONLY_IN.get(reason_in(EXPLAINED, one) or one, {name})}


def test_every_explanation_is_needed() -> None:
    found = {one for name in NAMES for one in differences(on_file(REQUESTS, name), on_file(SDK, name))}
    assert {reason_in(EXPLAINED, one) for one in found} == EXPLAINED.keys()
