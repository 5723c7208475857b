"""A tuning job's request has whatever a training job's has and a tuning job can have, by the service's own model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.model import StructureShape
from botocore.session import Session

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.names import tuning_job_name
from simple_sagemaker.errors import UsageError
from simple_sagemaker.local.job.home import REGION
from simple_sagemaker.studies import tuning_request as requests
from simple_sagemaker.studies.spec import TuneSpec
from simple_sagemaker.tasks.training_request import ChannelSource, Setting, training_request
from tests.unit.tasks.service import NOON

MODEL = Session().get_service_model("sagemaker", api_version="2017-07-24")
PLACE = TaskPlace(bucket="bucket", project="P", task="T")


def members(shape: str) -> set[str]:
    found = MODEL.shape_for(shape)
    assert isinstance(found, StructureShape)
    return set(found.members)


@pytest.fixture
def worker(tmp_path: Path) -> str:
    path = tmp_path / "w.py"
    path.write_text("print('loss=1')\n", encoding="utf-8")
    return str(path)


def spec(worker: str, *words: str) -> TuneSpec:
    base = ("tune", "-p", "P", "-t", "T", "-e", worker, "--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min")
    parsed = parse([*base, "--tune_on", "aws", *words])
    assert isinstance(parsed, TuneSpec)
    return parsed


def training(found: TuneSpec) -> dict[str, Any]:
    setting = Setting(job="study", place=PLACE, role_arn="arn:aws:iam::1:role/r", region=REGION, image_uri="image")
    channels = [ChannelSource(name="data", uri="s3://bucket/P/T/input/")]
    return dict(training_request(found.task, setting, channels))


def request(found: TuneSpec, **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"name": "n", "place": PLACE, "seed": 5, "trials": 9, "at_once": 2, "parent": None}
    return requests.tuning_request(found, training(found), **{**known, **more})


LR = ("--hp_space", "lr", "1e-5..1e-1@log")
SPACE = (*LR, "--hp_space", "n", "2..8", "--hp_space", "opt", "adam|sgd")


def test_every_member_that_both_shapes_have_is_carried() -> None:
    both = members("CreateTrainingJobRequest") & members("HyperParameterTrainingJobDefinition")
    assert both - {"AlgorithmSpecification"} == requests.CARRIED
    algorithm = members("AlgorithmSpecification") & members("HyperParameterAlgorithmSpecification")
    assert algorithm == requests.CARRIED_OF_ALGORITHM


def test_the_request_is_one_that_the_service_takes(worker: str) -> None:
    from botocore.validate import ParamValidator

    vpc = (
        "--vpc_subnets",
        "subnet-0123456789abcdef0",
        "--vpc_security_groups",
        "sg-0123456789abcdef0",
        "--kms_key_id",
        "alias/k",
        "--encrypt_traffic",
    )
    more = ("--retry_attempts", "3", "--job_env", "A", "b", "--tag", "a", "b", "--tune_stop", "median")
    ends = ("--tune_target", "0.1", "--tune_patience", "4", "--tune_mins", "60", "--epochs", "20")
    made = request(spec(worker, *SPACE, *vpc, *more, *ends), parent="before")
    shape = MODEL.operation_model("CreateHyperParameterTuningJob").input_shape
    assert shape is not None
    assert not (report := ParamValidator().validate(made, shape)).has_errors(), report.generate_report()
    definition = made["TrainingJobDefinition"]
    before = training(spec(worker, *SPACE, *vpc, *more, *ends))
    for member in requests.CARRIED & before.keys() - {"OutputDataConfig", "CheckpointConfig"}:
        assert definition[member] == before[member], member
    assert definition["OutputDataConfig"] == {"S3OutputPath": "s3://bucket/P/T/trials", "KmsKeyId": "alias/k"}
    assert made["Tags"] == before["Tags"]
    assert made["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "before"}],
        "WarmStartType": "TransferLearning",
    }
    assert "WarmStartConfig" not in request(spec(worker, *SPACE))
    assert definition["StaticHyperParameters"]["epochs"] == '"20"'
    assert "sagemaker_job_name" not in definition["StaticHyperParameters"]
    assert "ContainerEntrypoint" not in definition["AlgorithmSpecification"]


def test_the_search_is_in_the_services_words(worker: str) -> None:
    more = ("--tune_by", "bayesian", "--tune_stop", "median", "--tune_target", "0.1", "--tune_patience", "4")
    config = request(spec(worker, *SPACE, *more, "--tune_mins", "60"))["HyperParameterTuningJobConfig"]
    assert config["Strategy"] == "Bayesian"
    assert config["HyperParameterTuningJobObjective"] == {"Type": "Minimize", "MetricName": "loss"}
    assert config["ResourceLimits"] == {
        "MaxParallelTrainingJobs": 2,
        "MaxNumberOfTrainingJobs": 9,
        "MaxRuntimeInSeconds": 3600,
    }
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    assert config["RandomSeed"] == 5
    assert config["TuningJobCompletionCriteria"] == {
        "TargetObjectiveMetricValue": 0.1,
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 4},
    }
    assert config["ParameterRanges"] == {
        "ContinuousParameterRanges": [
            {"Name": "lr", "MinValue": "1e-5", "MaxValue": "1e-1", "ScalingType": "Logarithmic"}
        ],
        "IntegerParameterRanges": [{"Name": "n", "MinValue": "2", "MaxValue": "8", "ScalingType": "Linear"}],
        "CategoricalParameterRanges": [{"Name": "opt", "Values": ['"adam"', '"sgd"']}],
    }


def test_hyperband_has_its_resource(worker: str) -> None:
    made = request(spec(worker, *LR, "--tune_by", "hyperband", "--tune_resource", "epochs", "1", "27"))
    limits = {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 27}}
    assert made["HyperParameterTuningJobConfig"]["StrategyConfig"] == limits
    assert json.loads(made["TrainingJobDefinition"]["StaticHyperParameters"]["epochs"]) == "27"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--hp_space", "x", "0..10/2"), "SageMaker has no steps. Write the values of 'x' as a list: 0|2|4|6|…"),
        (("--hp_space", "x", "|".join(map(str, range(31)))), "at most 30"),
        (("--hp_space", "x", "1..4", "--tune_by", "grid"), "lists of values alone"),
        ((*LR, "--tune_failures", "2"), "drop"),
        ((*LR, "--no_spot", "--keep_alive_mins", "10"), "keeps no machines"),
        ((*LR, "--tune_mins", "1"), "is at least 2"),
    ],
)
def test_what_a_tuning_job_cannot_have_is_refused_by_name(worker: str, words: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError) as error:
        requests.check(spec(worker, *words))
    assert why in str(error.value)


def test_a_member_without_a_place_is_refused(worker: str) -> None:
    found = spec(worker, *LR)
    known: dict[str, Any] = {"name": "n", "place": PLACE, "seed": 5, "trials": 9, "at_once": 2, "parent": None}
    with pytest.raises(UsageError, match="RemoteDebugConfig"):
        requests.tuning_request(found, {**training(found), "RemoteDebugConfig": {}}, **known)


def test_our_own_launcher_alone_is_refused(worker: str) -> None:
    with pytest.raises(UsageError, match="only AWS's toolkit"):
        spec(worker, *LR, "--launch_by", "direct")


def test_a_name_is_legal_whatever_the_task_is_called() -> None:
    pattern = MODEL.shape_for("HyperParameterTuningJobName").metadata
    for task in ("T", "a.b_c" * 20, "---", "x" * 128):
        name = tuning_job_name(task, started=NOON, token="Ab3dEf7h")
        assert len(name) <= pattern["max"]

        assert re.fullmatch(pattern["pattern"], name), name
