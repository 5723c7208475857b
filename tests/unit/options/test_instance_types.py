"""Instance types: mistyped ones are refused with the nearest legal ones, and what AWS may have added passes."""

from __future__ import annotations

import botocore.session
import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.aws_instance_types import is_known, nearest_types
from simple_sagemaker.core.specs import ProcessSpec, TaskSpec
from tests.unit.cli.typed import RUN, TASK, refused


def legal(shape: str) -> set[str]:
    model = botocore.session.get_session().get_service_model("sagemaker")
    return set(model.shape_for(shape).enum)  # type: ignore[attr-defined]


def test_the_table_is_of_the_service() -> None:
    training, processing = legal("TrainingInstanceType"), legal("ProcessingInstanceType")
    known = {one for one in training | processing if is_known(one, processing=False)}
    assert len(known) > 100  # the oldest boto3 knows 138 of them
    assert known <= training
    assert {one for one in training | processing if is_known(one, processing=True)} <= processing


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ml.p3.2xl", "ml.p3.2xlarge"),
        ("ml.p3.2xlarg", "ml.p3.2xlarge"),
        ("p3.2xlarge", "ml.p3.2xlarge"),
        ("ML.M5.LARGE", "ml.m5.large"),
        ("ml.mm5.large", "ml.m5.large"),
        ("ml.g5.12xlrage", "ml.g5.12xlarge"),
        ("ml.m5", "ml.m5.large"),
        ("ml.m5.3xlarge", "ml.m5.2xlarge"),
        ("lcoal", "local"),
        ("local-gpu", "local_gpu"),
    ],
)
def test_a_mistyped_type_is_refused_with_the_nearest(typed: str, meant: str) -> None:
    message = refused(*RUN, "--it", typed)
    assert f"--it {typed!r} is not an instance type" in message
    assert f"Did you mean {meant}" in message


@pytest.mark.parametrize(
    "new", ["ml.m9i.large", "ml.p7.48xlarge", "ml.trn3.48xlarge", "ml.g5.96xlarge", "ml.inf2.xlarge"]
)
def test_what_aws_may_have_added_passes(new: str) -> None:
    assert nearest_types(new, processing=False) == []
    spec = parse([*RUN, "--it", new])
    assert isinstance(spec, TaskSpec)
    assert spec.instances.type == new


def test_processing_has_its_own_types() -> None:
    assert is_known("ml.t3.medium", processing=True)
    assert not is_known("ml.t3.medium2", processing=True)
    spec = parse(["process", *TASK, "--entrypoint", "ls", "--it", "ml.t3.xlarge"])
    assert isinstance(spec, ProcessSpec)


def test_other_values_and_commands_have_suggestions_too() -> None:
    assert "Did you mean pytorch?" in refused(*RUN, "-f", "pytorhc")
    assert "did you mean 'ssm process'?" in refused("proces", *TASK)
