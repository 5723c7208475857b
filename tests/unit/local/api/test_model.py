"""Our reading of the service's model, beside botocore's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simple_sagemaker.local.api import model, operation_names

SERVICE = botocore.session.get_session().get_service_model("sagemaker")
LEGAL: dict[str, Any] = {
    "TrainingJobName": "job",
    "RoleArn": "arn:aws:iam::000000000000:role/R",
    "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/p"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 1},
    "HyperParameters": {"a": "1"},
    "InputDataConfig": [
        {"ChannelName": "c", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/p"}}}
    ],
    "Tags": [{"Key": "k", "Value": "v"}],
    "EnableManagedSpotTraining": False,
}
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(-2, 2),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([1]),
    st.just({"a": 1}),
    st.just({"Unknown": "x"}),
)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> model.Model:
    return model.load(tmp_path_factory.mktemp("cache"))


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something could be replaced in a request."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([above] if above else []), *(path for key, member in inner for path in paths(member, (*above, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def botocore_objects(request: dict[str, Any], operation: str = "CreateTrainingJob") -> bool:
    shape: Any = SERVICE.operation_model(operation).input_shape
    return bool(ParamValidator().validate(request, shape).has_errors())


def test_a_legal_request_is_legal_to_both(ours: model.Model) -> None:
    assert ours.validation_message("CreateTrainingJob", LEGAL) is None
    assert not botocore_objects(LEGAL)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(path=st.sampled_from(paths(LEGAL)), new=anything)
def test_wherever_botocore_objects_so_do_we(ours: model.Model, path: tuple[Any, ...], new: Any) -> None:
    request = replaced(LEGAL, path, new)
    if botocore_objects(request):
        assert ours.validation_message("CreateTrainingJob", request) is not None, request


@pytest.mark.parametrize("member", LEGAL)
def test_a_missing_member_is_missed_by_both_or_by_neither(ours: model.Model, member: str) -> None:
    request = {key: value for key, value in LEGAL.items() if key != member}
    assert (ours.validation_message("CreateTrainingJob", request) is not None) == botocore_objects(request)


@pytest.mark.parametrize("operation", [*operation_names.OF_COMMANDS, *operation_names.OF_THE_EMULATOR])
def test_every_operation_of_ours_is_checked_for_its_required_members(
    tmp_path_factory: pytest.TempPathFactory, operation: str
) -> None:
    ours = model.load(tmp_path_factory.getbasetemp() / "cache", operation)
    shape: Any = SERVICE.operation_model(operation).input_shape
    assert (ours.validation_message(operation, {}) is not None) == bool(shape.required_members)


def test_all_patterns_of_a_training_request_can_be_read(ours: model.Model) -> None:
    patterns = {shape["pattern"] for shape in ours.shapes.values() if "pattern" in shape}
    assert [pattern for pattern in patterns if model._compile_pattern(pattern) is None] == []


def test_the_cache_gives_the_same_model_as_botocores_file(tmp_path: Path) -> None:
    first = model.load(tmp_path)
    model._load.cache_clear()
    second = model.load(tmp_path)
    assert first is not second
    assert (first.inputs, first.shapes) == (second.inputs, second.shapes)
    (kept,) = tmp_path.glob("*.json")
    for text in (
        "{half",
        "[]",
        "null",
        "{}",
        '{"inputs": {}, "shapes": {}}',
        '{"inputs": [], "shapes": 7}',
        "[" * 9**5,
    ):
        kept.write_text(text)
        model._load.cache_clear()
        assert model.load(tmp_path).shapes == first.shapes


@pytest.mark.parametrize("operation", ["CreateTrainingJob", "ListTrainingJobs"])
def test_where_no_cache_can_be_written_the_model_is_read_anew(operation: str, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in its place, as good as a full disk")
    assert operation in model.load(tmp_path / "home" / "cache", operation).inputs
