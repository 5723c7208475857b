"""A person's script with the SageMaker SDK 3, as its documentation writes one. Prints a JSON line at its end."""

import json
import pathlib
import sys

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import TrainingJob
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode

folder = pathlib.Path(sys.argv[1])
statement = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
role = boto3.client("iam").create_role(RoleName="SageMakerRole", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
session = Session()
bucket = session.default_bucket()
data = session.upload_data(str(folder / "data"), bucket=bucket, key_prefix="sdk3/data")

trainer = ModelTrainer(
    training_image="763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6-cpu-py312",
    source_code=SourceCode(source_dir=str(folder / "code"), entry_script="train.py"),
    compute=Compute(instance_type="ml.m5.large", instance_count=1),
    hyperparameters={"epochs": 2, "name": "Hello, world!"},
    role=role,
    base_job_name="sdk3",
    sagemaker_session=session,
)
trainer.train(input_data_config=[InputData(channel_name="training", data_source=data)], wait=True, logs=True)

found = boto3.client("sagemaker").list_training_jobs(NameContains="sdk3")["TrainingJobSummaries"]
job = TrainingJob.get(training_job_name=found[0]["TrainingJobName"])
print(json.dumps({"status": job.training_job_status, "model": job.model_artifacts.s3_model_artifacts}))
