"""The first cells of a notebook with the SageMaker SDK 2: a session without arguments and a job of an image."""

import json
import pathlib
import sys

import sagemaker
from sagemaker.estimator import Estimator

session = sagemaker.Session()
folder = pathlib.Path(sys.argv[1])
data = session.upload_data(str(folder / "data"), key_prefix="notebook/data")
estimator = Estimator(
    image_uri="000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:latest",
    role="arn:aws:iam::000000000000:role/SageMakerRole",
    instance_count=1,
    instance_type="ml.m5.large",
    max_run=600,
    entry_point="train.py",
    source_dir=str(folder / "code"),
    hyperparameters={"epochs": 2, "name": "Hello, world!"},
    metric_definitions=[{"Name": "loss", "Regex": "loss=(.*?);"}],
    base_job_name="notebook",
    sagemaker_session=session,
)
estimator.fit({"training": data}, wait=False)
print(json.dumps({"bucket": session.default_bucket(), "job": estimator.latest_training_job.name}))
