"""Built-in algorithms on hosts that are processes: XGBoost where its package is, the others by no means."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.isolation.algorithms import why_not
from tests.local.conftest import Engine, processes_only, settings

pytestmark = [processes_only, pytest.mark.parametrize("engine", ["boto3"], indirect=True)]
ECR = "dkr.ecr.us-east-1.amazonaws.com"


def refusal(engine: Engine, image: str) -> str:
    """Why a job that runs an image's own program is refused."""
    request = engine.request("", HyperParameters={"num_round": "1"})
    request["AlgorithmSpecification"] = {"TrainingInputMode": "File", "TrainingImage": image}
    with pytest.raises(ClientError) as refused:
        engine.client.create_training_job(**request)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    return str(refused.value.response["Error"]["Message"])


def python_with(version: str, folder: Path) -> str:
    """A program that answers as a Python with this version of xgboost; none for an empty text."""
    program = folder / f"python-{version}"
    program.write_text(f"#!/bin/sh\necho '{version}'\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("image", [f"382416733822.{ECR}/kmeans:1", f"811284229777.{ECR}/blazingtext:1"])
def test_another_algorithm_is_refused_by_name_with_ways_out(engine: Engine, image: str) -> None:
    said = refusal(engine, image)
    assert f"The built-in algorithm {image.rpartition('/')[2].partition(':')[0]} exists only as AWS's image" in said
    assert "on AWS, or in a container" in said


def test_without_its_package_xgboost_names_what_to_install(engine: Engine, tmp_path: Path) -> None:
    without = LocalSageMaker(engine.home, settings=settings(python=python_with("", tmp_path)))
    request = engine.request("", HyperParameters={"num_round": "1"})
    image = f"683313688378.{ECR}/sagemaker-xgboost:3.2-0"
    request["AlgorithmSpecification"] = {"TrainingInputMode": "File", "TrainingImage": image}
    with pytest.raises(ClientError, match=r"-m pip install 'xgboost(-cpu)?>=3\.0\.5,<3\.3' \(the extra 'xgboost'\)"):
        without.create_training_job(**request)


def test_an_old_package_is_refused_and_a_new_one_runs(engine: Engine, tmp_path: Path) -> None:
    assert "has 2.1" in str(why_not("xgboost", python_with("2.1.4", tmp_path)))
    assert why_not("xgboost", python_with("3.2.0", tmp_path)) is None
