"""Which models are served here, by what, and which are refused with what words."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from simple_sagemaker.local.api.transform_validation import objection
from simple_sagemaker.local.requests.transform import Transform, framework_of

REGISTRY = "763104351884.dkr.ecr.us-east-1.amazonaws.com"


def request_for(image: str, *, model: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A request as it is kept, with its model."""
    return {
        "TransformJobName": "job",
        "ModelName": "model",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in/"}}},
        "TransformOutput": {"S3OutputPath": "s3://b/out"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        "Model": {"PrimaryContainer": {"Image": image}, **(model or {})},
        "RoleArn": "arn:aws:iam::000000000000:role/r",
        **members,
    }


def refused(request: dict[str, Any], *, images: bool = False) -> str | None:
    return objection(request, images=images, python=sys.executable)


@pytest.mark.parametrize(
    ("image", "framework"),
    [
        (f"{REGISTRY}/pytorch-inference:2.6.0-cpu-py312", "pytorch"),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3", "sklearn"),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5", "xgboost"),
        (f"{REGISTRY}/huggingface-pytorch-inference:2.6.0-transformers4.49.0-cpu-py312", "huggingface"),
        ("000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:pytorch", ""),
    ],
)
def test_an_images_framework_is_known_by_its_repository(image: str, framework: str) -> None:
    assert framework_of(image) == framework


def test_images_that_look_for_a_script_are_served_and_others_that_name_one() -> None:
    assert refused(request_for(f"{REGISTRY}/pytorch-inference:2")) is None
    assert refused(request_for(f"{REGISTRY}/huggingface-pytorch-inference:2")) is None
    assert "SAGEMAKER_PROGRAM" in (refused(request_for("mine:1")) or "")
    assert refused(request_for("mine:1", Environment={"SAGEMAKER_PROGRAM": "serve.py"})) is None


def test_containers_and_pipelines_are_refused() -> None:
    one = request_for(f"{REGISTRY}/pytorch-inference:2")
    assert "not in containers" in (refused(one, images=True) or "")
    several = {"Containers": [{"Image": "a"}, {"Image": "b"}]}
    pipeline = {**one, "Model": several}
    assert "an inference pipeline of several containers" in (refused(pipeline) or "")


def test_the_platforms_variables_are_those_that_the_request_sets() -> None:
    plain = Transform(request_for("mine:1", Environment={"A": "b"})).environment("eu-west-1", {})
    assert plain == {"A": "b", "SAGEMAKER_BATCH": "true", "AWS_REGION": "eu-west-1"}
    given: dict[str, Any] = {"BatchStrategy": "MultiRecord", "MaxPayloadInMB": 3, "MaxConcurrentTransforms": 2}
    assert Transform(request_for("mine:1", **given)).environment("eu-west-1", {}) == {
        "SAGEMAKER_BATCH": "true",
        "AWS_REGION": "eu-west-1",
        "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "3",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "2",
    }


def test_a_plain_process_finds_its_script_where_its_model_is() -> None:
    model = {"PrimaryContainer": {"Image": "i", "Environment": {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}}}
    variables = Transform(request_for("i", model=model)).environment("us-east-1", {"/opt/ml": "/job/opt/ml"})
    assert variables["SAGEMAKER_SUBMIT_DIRECTORY"] == "/job/opt/ml/model/code"
