"""Where an engine's jobs can keep runs, said before anything is sent; and which requirements bring MLflow."""

from __future__ import annotations

import sys
from typing import Any, cast

import pytest

from simple_sagemaker.core.experiments import MlflowStore
from simple_sagemaker.core.services import Services
from simple_sagemaker.core.specs import Code, Place, TaskSpec
from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.code.files import CodeFiles
from simple_sagemaker.tasks.mlflow_limits import check_packages, check_store

SERVER = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mine"


class Engine:
    """What the checks ask of an engine."""

    def __init__(self, engine: str, python: str = "") -> None:
        self.engine = engine.removeprefix("emulated ")
        self.is_emulated = engine.startswith("emulated ")
        self.python = python


def services(engine: str, python: str = "") -> Services:
    return cast("Services", Engine(engine, python))


def task(uri: str, **changed: Any) -> TaskSpec:
    store = MlflowStore(uri=uri)
    return TaskSpec(
        kind="run", place=Place(project="p", task="t"), code=Code(entry_point="w.py"), mlflow=store, **changed
    )


@pytest.mark.parametrize(
    ("engine", "uri", "told"),
    [
        ("aws", "local", "is a file of this machine, and jobs on AWS cannot reach it"),
        ("aws", "http://localhost:5000", "for a job on AWS its own"),
        ("aws", "https://127.0.0.2", "for a job on AWS its own"),
        ("aws", "http://[::1]:5000", "for a job on AWS its own"),
        ("local", SERVER, "jobs of this machine have no credentials for it"),
        ("emulated aws", SERVER, "jobs of this machine have no credentials for it"),
        ("emulated aws", "local", "jobs on AWS cannot reach it"),
        ("docker", SERVER, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT URL"),
    ],
)
def test_a_store_that_jobs_cannot_reach_is_refused(engine: str, uri: str, told: str) -> None:
    spec = task(uri)
    with pytest.raises(UsageError, match=told):
        check_store(spec, cast("MlflowStore", spec.mlflow), services(engine))


@pytest.mark.parametrize(
    ("engine", "uri", "variables"),
    [
        ("aws", SERVER, {}),
        ("aws", "https://runs.example.com", {}),
        ("local", "http://localhost:5000", {}),
        ("docker", "local", {}),
        ("emulated aws", "http://localhost:5000", {}),
        ("emulated aws", SERVER, {"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:9"}),
        ("local", SERVER, {"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:9"}),
    ],
)
def test_a_store_that_jobs_may_reach_is_taken(engine: str, uri: str, variables: dict[str, str]) -> None:
    spec = task(uri, environment=variables)
    check_store(spec, cast("MlflowStore", spec.mlflow), services(engine))


def checked(spec: TaskSpec, engine: Services, *requirements: str) -> list[str]:
    files, notes = CodeFiles(), list[str]()
    files.script_requirements.extend(requirements)
    check_packages(spec, files, engine, notes.append)
    return notes


def test_an_arn_without_its_plugin_is_noted_where_an_image_may_have_it() -> None:
    assert "does not list sagemaker-mlflow" in checked(task(SERVER), services("aws"), "mlflow")[0]
    assert checked(task(SERVER), services("aws"), "torch", "SageMaker_MLflow>=0.5 # runs") == []
    assert checked(task("https://runs.example.com"), services("aws")) == []


def test_a_python_that_lacks_something_is_refused_unless_the_requirements_bring_it() -> None:
    here = services("local", sys.executable)
    with pytest.raises(UsageError) as raised:
        checked(task("local"), here)
    assert "--mlflow_to local needs mlflow and" in str(raised.value) or "needs mlflow in" in str(raised.value)
    assert f"{sys.executable} -m pip install mlflow" in str(raised.value)
    assert checked(task("local"), here, "mlflow==3.17.2") == []
    assert checked(task("local"), here, "mlflow-skinny [extra]; python_version > '3'") == []
