"""A person's script with the SageMaker SDK 2, as its documentation writes one. Prints a JSON line at its end."""

import json
import pathlib
import sys

import sagemaker
from sagemaker.inputs import TrainingInput
from sagemaker.pytorch import PyTorch

folder = pathlib.Path(sys.argv[1])
session = sagemaker.Session()
bucket = session.default_bucket()
data = session.upload_data(str(folder / "data"), bucket=bucket, key_prefix="sdk2/data")

estimator = PyTorch(
    entry_point="train.py",
    source_dir=str(folder / "code"),
    role="arn:aws:iam::000000000000:role/SageMakerRole",
    framework_version="2.6",
    py_version="py312",
    instance_count=2,
    instance_type="ml.m5.large",
    hyperparameters={"epochs": 3, "name": "Hello, world!"},
    metric_definitions=[{"Name": "loss", "Regex": "loss=(.*?);"}],
    checkpoint_s3_uri=f"s3://{bucket}/sdk2/checkpoints",
    sagemaker_session=session,
)
estimator.fit({"training": TrainingInput(data, distribution="ShardedByS3Key")}, wait=True, logs="All")

# As another notebook does later.
attached = PyTorch.attach(estimator.latest_training_job.name, sagemaker_session=session)

described = session.describe_training_job(estimator.latest_training_job.name)
s3 = session.boto_session.client("s3")
kept = s3.list_objects_v2(Bucket=bucket, Prefix="sdk2/checkpoints/")["Contents"]
print(
    json.dumps(
        {
            "status": described["TrainingJobStatus"],
            "model": estimator.model_data,
            "attached": [attached.model_data, attached.hyperparameters()["epochs"], attached.output_kms_key],
            "bucket": bucket,
            "metrics": {one["MetricName"]: one["Value"] for one in described["FinalMetricDataList"]},
            "checkpoints": [one["Key"] for one in kept],
        }
    )
)
