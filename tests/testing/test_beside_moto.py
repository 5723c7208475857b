"""What docs/test-your-code.md says of moto, measured; what it says of ours is in the tests of those parts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import read

# In a process of its own: moto keeps one memory a process, and the emulator of other tests has it.
PROGRAM = """
import json, boto3
from moto import mock_aws

def refused(operation, **request):
    try:
        operation(**request)
    except Exception as error:
        return type(error).__name__
    return ""

with mock_aws():
    sagemaker, s3 = boto3.client("sagemaker"), boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    role = "arn:aws:iam::123456789012:role/there-is-none"
    machine = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    machine_with_disk = {**machine, "VolumeSizeInGB": 30}
    limit = {"MaxRuntimeInSeconds": 60}
    algorithm = {"TrainingImage": "there-is-none", "TrainingInputMode": "File"}

    def train(name, bucket="bucket"):
        sagemaker.create_training_job(
            TrainingJobName=name, RoleArn=role, AlgorithmSpecification=algorithm,
            HyperParameters={"sagemaker_program": "there-is-none.py"},
            OutputDataConfig={"S3OutputPath": f"s3://{bucket}/out"},
            ResourceConfig=machine_with_disk, StoppingCondition=limit,
        )
        return sagemaker.describe_training_job(TrainingJobName=name)

    found = {}
    trained = train("a-job")
    found["trained"] = trained["TrainingJobStatus"]
    found["metrics"] = {one["MetricName"]: one["Value"] for one in trained["FinalMetricDataList"]}
    found["model"] = trained["ModelArtifacts"]["S3ModelArtifacts"]
    found["without a bucket"] = train("b-job", "there-is-none")["TrainingJobStatus"]
    found["twice"] = refused(train, name="a-job")
    found["not a name"] = refused(train, name="not a name")
    found["stop"] = refused(sagemaker.stop_training_job, TrainingJobName="a-job")

    sagemaker.create_processing_job(
        ProcessingJobName="p", RoleArn=role, ProcessingResources={"ClusterConfig": machine_with_disk},
        AppSpecification={"ImageUri": "there-is-none", "ContainerEntrypoint": ["false"]},
    )
    found["processed"] = sagemaker.describe_processing_job(ProcessingJobName="p")["ProcessingJobStatus"]
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "there-is-none"})
    sagemaker.create_transform_job(
        TransformJobName="t", ModelName="m", TransformResources=machine,
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/none"}}},
        TransformOutput={"S3OutputPath": "s3://bucket/answers"},
    )
    found["transformed"] = sagemaker.describe_transform_job(TransformJobName="t")["TransformJobStatus"]
    ranges = {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]}
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="h",
        HyperParameterTuningJobConfig={
            "Strategy": "Random", "ParameterRanges": ranges,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
        },
        TrainingJobDefinition={
            "AlgorithmSpecification": algorithm, "RoleArn": role, "StoppingCondition": limit,
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"}, "ResourceConfig": machine_with_disk,
        },
    )
    tuned = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="h")
    found["tuned"] = [tuned["HyperParameterTuningJobStatus"], tuned["BestTrainingJob"]["TrainingJobName"]]
    variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"1")
    status = sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"]
    found["endpoint"] = [status, answer["Body"].read().decode()]
    found["training jobs"] = len(sagemaker.list_training_jobs()["TrainingJobSummaries"])
    found["objects"] = s3.list_objects_v2(Bucket="bucket")["KeyCount"]
    found["log groups"] = boto3.client("logs").describe_log_groups()["logGroups"]
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def moto() -> dict[str, Any]:
    variables = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_job_is_completed_and_nothing_ran(moto: dict[str, Any]) -> None:
    assert [moto[kind] for kind in ("trained", "processed", "transformed")] == ["Completed"] * 3
    assert moto["tuned"] == ["Completed", "FakeTrainingJobName"]
    assert moto["without a bucket"] == "Completed"
    assert moto["model"] == "s3://bucket/out/a-job/output/model.tar.gz"
    assert (moto["objects"], moto["log groups"]) == (0, [])
    assert moto["metrics"] == {"train:progress": 100.0}


def test_what_aws_refuses_is_accepted_and_a_stop_is_not_there(moto: dict[str, Any]) -> None:
    assert (moto["twice"], moto["not a name"]) == ("", "")
    assert moto["training jobs"] == 3  # two jobs and "not a name": the second of a name took the first one's place
    assert moto["stop"] == "NotImplementedError"


def test_endpoints_answer_a_word(moto: dict[str, Any]) -> None:
    assert moto["endpoint"] == ["InService", "body"]


def test_the_table_says_so(moto: dict[str, Any]) -> None:
    page = read("docs/test-your-code.md")
    table = page.partition("\n## Beside moto and LocalStack\n")[2].partition("\n## ")[0]
    column = "\n".join(row.split("|")[3] for row in table.splitlines() if row.startswith("| "))
    said = set(re.findall(r"`([^`]+)`", column))
    assert {"Completed", "NotImplementedError", "FakeTrainingJobName", "InService", "body", "train:progress"} <= said
    lowest = read("tox.ini").partition("moto==")[2].split()[0]
    assert f"moto {lowest}" in table, Path("tox.ini")
