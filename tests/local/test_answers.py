"""Every answer has the shape that the service's model publishes for it, at each time of a job's life."""

from __future__ import annotations

import copy
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from simple_sagemaker.local.api.sagemaker import operations
from tests.local import searches
from tests.local.conftest import Engine, channel, processes_only
from tests.local.processing import Processings, brought, sent
from tests.local.scripts import WAIT

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
MODEL = botocore.session.get_session().get_service_model("sagemaker")


class Checked:
    """The engine's operations, each answer held against the model."""

    def __init__(self, engine: Engine) -> None:
        self.answers = operations(engine.direct)
        self.called: set[str] = set()

    def call(self, operation: str, **request: Any) -> Any:
        answer = self.answers[operation](**request)
        self.called.add(operation)
        shape: Any = MODEL.operation_model(operation).output_shape
        body = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
        if shape is None:
            assert body == {}
        else:
            assert not body.keys() - shape.members.keys()
            report = ParamValidator().validate(body, shape)
            assert not report.has_errors(), report.generate_report()
            _known(body, shape)
        return answer


def _known(value: Any, shape: Any) -> None:
    """No member that the model has not, no word outside its enums; the validator overlooks both."""
    if shape.type_name == "structure":
        assert not value.keys() - shape.members.keys(), shape.name
        for name, member in value.items():
            _known(member, shape.members[name])
    elif shape.type_name == "list":
        for member in value:
            _known(member, shape.member)
    elif shape.type_name == "string" and shape.enum:
        assert value in shape.enum, shape.name


FULL: dict[str, Any] = {
    "HyperParameters": {"a": "1"},
    "algorithm": {"MetricDefinitions": [{"Name": "Score", "Regex": "Score=(.*?);"}], "ContainerArguments": ["x"]},
    "CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/state"},
    "TensorBoardOutputConfig": {"S3OutputPath": "s3://b/p/t"},
    "Tags": [{"Key": "k", "Value": "v"}],
    "ExperimentConfig": {"ExperimentName": "e"},
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
}


def test_every_operation_answers_in_its_published_shape(engine: Engine) -> None:
    engine.store.write("b", "p/a", b"x")
    checked = Checked(engine)

    def every_read(name: str) -> None:
        arn = checked.call("DescribeTrainingJob", TrainingJobName=name)["TrainingJobArn"]
        checked.call("ListTrainingJobs", MaxResults=1)
        checked.call("Search", Resource="TrainingJob", MaxResults=1, SortBy="CreationTime")
        checked.call("ListTags", ResourceArn=arn)
        checked.call("AddTags", ResourceArn=arn, Tags=[{"Key": "new", "Value": ""}])
        checked.call("DeleteTags", ResourceArn=arn, TagKeys=["new"])

    running = engine.request(f"echo 'Score=1;'; echo ready; {WAIT}", channels=[channel("d", "s3://b/p/")], **FULL)
    checked.call("CreateTrainingJob", **running)
    every_read("job-1")
    engine.until_printed("job-1", "ready")
    every_read("job-1")
    checked.call("UpdateTrainingJob", TrainingJobName="job-1", RemoteDebugConfig={"EnableRemoteDebug": True})
    every_read("job-1")
    checked.call("StopTrainingJob", TrainingJobName="job-1")
    every_read("job-1")
    engine.end("job-1")
    every_read("job-1")
    ends = {"job-2": "true", "job-3": "exit 1", "job-4": WAIT}
    for name, script in ends.items():
        engine.run(script, name=name, StoppingCondition={"MaxRuntimeInSeconds": 1 if name == "job-4" else 60})
        every_read(name)
    checked.call("DeleteTrainingJob", TrainingJobName="job-1")
    assert checked.called == {name for name in checked.answers if "Processing" not in name and "Tuning" not in name}


FULL_PROCESSING: dict[str, Any] = {
    "inputs": [brought("d", "s3://b/p/", "/opt/ml/processing/input/d", S3DataDistributionType="ShardedByS3Key")],
    "outputs": [sent("o", "/opt/ml/processing/o", "s3://b/o", "Continuous")],
    "Environment": {"A": "b"},
    "Tags": [{"Key": "k", "Value": "v"}],
    "ExperimentConfig": {"ExperimentName": "e"},
    "NetworkConfig": {"EnableNetworkIsolation": True},
}


def test_every_operation_on_processing_jobs_answers_in_its_published_shape(engine: Engine) -> None:
    engine.store.write("b", "p/a", b"x")
    checked, jobs = Checked(engine), Processings(engine)

    def every_read(name: str) -> None:
        arn = checked.call("DescribeProcessingJob", ProcessingJobName=name)["ProcessingJobArn"]
        checked.call("ListProcessingJobs", MaxResults=1)
        checked.call("ListTags", ResourceArn=arn)

    ends = {"stopped": WAIT, "done": "mkdir -p $ML/output; echo yes > $ML/output/message", "failed": "exit 1"}
    for name, script in ends.items():
        request = jobs.request(script, name=name, **FULL_PROCESSING)
        checked.call("CreateProcessingJob", **request)
        every_read(name)
        if name == "stopped":
            jobs.until(name, lambda described: "ProcessingStartTime" in described)
            checked.call("StopProcessingJob", ProcessingJobName=name)
        described = jobs.end(name)
        every_read(name)
        _includes(described, {key: value for key, value in request.items() if key != "Tags"})
    checked.call("DeleteProcessingJob", ProcessingJobName="done")
    assert checked.called >= {name for name in checked.answers if "Processing" in name}


FULL_TUNING: dict[str, Any] = {
    "config": {
        "TuningJobCompletionCriteria": {
            "TargetObjectiveMetricValue": -1.0,
            "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 100},
            "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
        },
        "TrainingJobEarlyStoppingType": "Auto",
        "ParameterRanges": {**searches.RANGES, "AutoParameters": [{"Name": "depth", "ValueHint": "6"}]},
    },
    "limits": {"MaxRuntimeInSeconds": 600},
    "Autotune": {"Mode": "Enabled"},
    "Tags": [{"Key": "k", "Value": "v"}],
}


@processes_only
def test_every_operation_on_tuning_jobs_answers_in_its_published_shape(engine: Engine) -> None:
    checked = Checked(engine)

    def every_read(name: str) -> str:
        named = {"HyperParameterTuningJobName": name}
        arn = checked.call("DescribeHyperParameterTuningJob", **named)["HyperParameterTuningJobArn"]
        checked.call("ListHyperParameterTuningJobs", MaxResults=1)
        checked.call("ListTrainingJobsForHyperParameterTuningJob", **named)
        checked.call("Search", Resource="HyperParameterTuningJob", MaxResults=1)
        checked.call("ListTags", ResourceArn=arn)
        return str(arn)

    warm = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "done"}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    several = searches.request(engine, name="several", trials=2, **searches.several(engine, score=1, points=2))
    checked.call("CreateHyperParameterTuningJob", **several)
    every_read("several")
    searches.end(engine, "several")
    every_read("several")
    scripts: dict[str, tuple[str, dict[str, Any]]] = {
        "done": (searches.PRINTS_LR, {}),
        "child": (searches.PRINTS_LR, {"WarmStartConfig": warm}),
        "failed": ("exit 1", {}),
        "stopped": ("echo loss=1; exec sleep 60", {}),
    }
    for name, (script, changes) in scripts.items():
        request = searches.request(engine, script, name=name, trials=1, **copy.deepcopy(FULL_TUNING), **changes)
        created = checked.call("CreateHyperParameterTuningJob", **request)
        assert every_read(name) == created["HyperParameterTuningJobArn"]
        if name == "stopped":
            searches.until(engine, name, lambda one: one["TrainingJobStatusCounters"]["InProgress"] > 0)
            engine.until_printed(searches.trials(engine, name)[0]["TrainingJobName"], "loss=")
            every_read(name)
            checked.call("StopHyperParameterTuningJob", HyperParameterTuningJobName=name)
            every_read(name)
        described = searches.end(engine, name)
        every_read(name)
        metrics = described["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
        assert metrics.pop()["Name"] == "ObjectiveMetric"  # the service's own
        _includes(described, {key: value for key, value in request.items() if key != "Tags"})
    checked.call("DeleteHyperParameterTuningJob", HyperParameterTuningJobName="done")
    assert checked.called >= {name for name in checked.answers if "Tuning" in name}


def test_a_description_repeats_the_request(engine: Engine) -> None:
    request = engine.request("echo 'Score=1;'", **FULL)
    created = engine.client.create_training_job(**request)
    described = engine.end("job-1")
    assert created["TrainingJobArn"] == described["TrainingJobArn"]
    _includes(described, {key: value for key, value in request.items() if key != "Tags"})


def _includes(answer: Any, request: Any) -> None:
    """Whether an answer has all that a request has, and perhaps more members."""
    if isinstance(request, dict):
        for name, member in request.items():
            _includes(answer[name], member)
    elif isinstance(request, list):
        assert len(answer) == len(request)
        for described, one in zip(answer, request, strict=True):
            _includes(described, one)
    else:
        assert answer == request


def test_a_description_has_what_the_service_fills_in(engine: Engine) -> None:
    """As in answers of 2018 to 2022 that people published."""
    engine.store.write("b", "p/a", b"x")
    rule = {"RuleConfigurationName": "r", "RuleEvaluatorImage": "i"}
    described = engine.run(
        "true",
        channels=[channel("d", "s3://b/p/")],
        StoppingCondition=None,
        ProfilerConfig={"S3OutputPath": "s3://b/prof"},
        ProfilerRuleConfigurations=[rule],
    )
    assert described["OutputDataConfig"] == {"KmsKeyId": "", "S3OutputPath": "s3://b/p/t"}
    for one in described["InputDataConfig"]:
        assert (one["CompressionType"], one["RecordWrapperType"]) == ("None", "None")
    assert described["AlgorithmSpecification"]["EnableSageMakerMetricsTimeSeries"] is True  # a framework's image
    assert described["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert described["ProfilerConfig"] == {"S3OutputPath": "s3://b/prof", "ProfilingIntervalInMilliseconds": 500}
    assert described["ProfilerRuleConfigurations"] == [{**rule, "VolumeSizeInGB": 0}]
    assert described["ProfilingStatus"] == "Enabled"
    for switch in ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"):
        assert described[switch] is False
    (found,) = engine.client.search(Resource="TrainingJob")["Results"]
    assert found["TrainingJob"]["OutputDataConfig"]["KmsKeyId"] == ""


def test_what_is_filled_in_overrides_nothing(engine: Engine) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/k"
    described = engine.run(
        "true",
        algorithm={"TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:1"},
        OutputDataConfig={"S3OutputPath": "s3://b/p/t", "KmsKeyId": key},
        ProfilerConfig={"DisableProfiler": True},
    )
    assert described["OutputDataConfig"]["KmsKeyId"] == key
    assert described["AlgorithmSpecification"]["EnableSageMakerMetricsTimeSeries"] is False
    assert described["ProfilerConfig"] == {"DisableProfiler": True}
    assert described["ProfilingStatus"] == "Disabled"


def test_a_processing_jobs_description_has_what_the_service_fills_in(engine: Engine) -> None:
    engine.store.write("b", "p/a", b"x")
    jobs = Processings(engine)
    outputs = [sent("o", "/opt/ml/processing/o", "s3://b/o")]
    request = jobs.request(
        "true", name="p", inputs=[brought("d", "s3://b/p/", "/opt/ml/processing/d")], outputs=outputs
    )
    request.pop("StoppingCondition", None)
    created = engine.client.create_processing_job(**request)
    described = jobs.end("p")
    assert created["ProcessingJobArn"] == described["ProcessingJobArn"]
    assert described["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    (one,) = [one for one in described["ProcessingInputs"] if one["InputName"] == "d"]
    assert one["AppManaged"] is False
    assert (one["S3Input"]["S3DataDistributionType"], one["S3Input"]["S3CompressionType"]) == (
        "FullyReplicated",
        "None",
    )
    assert [one["AppManaged"] for one in described["ProcessingOutputConfig"]["Outputs"]] == [False]


def test_a_job_that_failed_before_its_start_has_no_times_of_one(engine: Engine) -> None:
    described = engine.run("true", CheckpointConfig={"S3Uri": "s3://nobody/x"})
    assert described["TrainingJobStatus"] == "Failed"
    Checked(engine).call("DescribeTrainingJob", TrainingJobName="job-1")
