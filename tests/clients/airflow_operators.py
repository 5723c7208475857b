"""Tasks of Airflow's operators for SageMaker, executed one after the other. Prints a JSON line at its end."""

import json
import pathlib
import sys

from airflow.exceptions import AirflowException
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerProcessingOperator, SageMakerTrainingOperator

folder = pathlib.Path(sys.argv[1])
BUCKET = "airflow-bucket"
ROLE = "arn:aws:iam::000000000000:role/SageMakerRole"
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:latest"


def s3_source(key: str) -> dict[str, str]:
    return {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{key}", "S3DataDistributionType": "FullyReplicated"}


def training(command: str) -> SageMakerTrainingOperator:
    config = {
        "TrainingJobName": "from-airflow",
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/sh", "-c", command],
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*?);"}],
        },
        "InputDataConfig": [{"ChannelName": "training", "DataSource": {"S3DataSource": s3_source("data/")}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
        # a template's values are text
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": "2", "VolumeSizeInGB": "30"},
        "StoppingCondition": {"MaxRuntimeInSeconds": "600"},
    }
    return SageMakerTrainingOperator(task_id="train", config=config, check_interval=1)


def processing(command: str) -> SageMakerProcessingOperator:
    at = "/opt/ml/processing"
    source = {"S3Uri": f"s3://{BUCKET}/data/", "LocalPath": f"{at}/in", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    target = {"S3Uri": f"s3://{BUCKET}/processed", "LocalPath": f"{at}/out", "S3UploadMode": "EndOfJob"}
    config = {
        "ProcessingJobName": "from-airflow",
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["/bin/sh", "-c", command]},
        "ProcessingInputs": [{"InputName": "data", "S3Input": source}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": target}]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.t3.medium", "InstanceCount": "1", "VolumeSizeInGB": "30"}
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": "600"},
    }
    return SageMakerProcessingOperator(task_id="process", config=config, check_interval=1)


def failure(operator: SageMakerTrainingOperator | SageMakerProcessingOperator) -> str:
    try:
        operator.execute({})
    except AirflowException as error:
        return str(error)
    return "none"


s3 = S3Hook()
s3.create_bucket(BUCKET)
for path in (folder / "data").iterdir():
    s3.load_file(path, f"data/{path.name}", BUCKET)
train = "ls /opt/ml/input/data/training; echo 'loss=0.5;'; echo model > /opt/ml/model/m"
trained = training(train).execute({})["Training"]
again = training(train).execute({})["Training"]
processed = processing("ls /opt/ml/processing/in | tee /opt/ml/processing/out/listed").execute({})["Processing"]
print(
    json.dumps(
        {
            "trained": [trained["TrainingJobStatus"], trained["TrainingJobName"]],
            "again": [again["TrainingJobStatus"], again["TrainingJobName"]],
            "metrics": {one["MetricName"]: one["Value"] for one in trained["FinalMetricDataList"]},
            "model": s3.check_for_key(trained["ModelArtifacts"]["S3ModelArtifacts"]),
            "processed": [processed["ProcessingJobStatus"], processed["ProcessingJobName"]],
            "listed": s3.read_key("processed/listed", BUCKET).split(),
            "failures": [
                failure(training("echo wrong > /opt/ml/output/failure; exit 3")),
                failure(processing("echo wrong > /opt/ml/output/message; exit 3")),
            ],
        }
    )
)
