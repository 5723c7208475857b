"""The first cells of a notebook with the SageMaker SDK 3: a session without arguments, and a job of each kind."""

import json
import pathlib
import sys

from sagemaker.core.helper import IamRoleResolver
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.resources import ProcessingJob, TrainingJob
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode

session = Session()
folder = pathlib.Path(sys.argv[1])
bucket = session.default_bucket()
data = session.upload_data(str(folder / "data"), bucket=bucket, key_prefix="sdk3-notebook/data")
role = IamRoleResolver().create_execution_role(role_type="training")
image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6-cpu-py312"

trainer = ModelTrainer(
    training_image=image,
    source_code=SourceCode(source_dir=str(folder / "code"), entry_script="train.py"),
    compute=Compute(instance_type="ml.m5.large", instance_count=1),
    hyperparameters={"epochs": 2, "name": "Hello, world!"},
    role=role,
    base_job_name="sdk3-notebook",
)
trainer.train(input_data_config=[InputData(channel_name="training", data_source=data)], wait=True, logs=True)
trained = TrainingJob.get(training_job_name=trainer._latest_training_job.training_job_name)

at = "/opt/ml/processing"
source = ProcessingS3Input(s3_uri=data, local_path=f"{at}/input/data", s3_data_type="S3Prefix", s3_input_mode="File")
target = ProcessingS3Output(
    s3_uri=f"s3://{bucket}/sdk3-notebook/out", local_path=f"{at}/result", s3_upload_mode="EndOfJob"
)
processor = ScriptProcessor(
    image_uri=image,
    command=["python3"],
    role=role,
    instance_count=1,
    instance_type="ml.t3.medium",
    env={"GREETING": "Hello, world!"},
    base_job_name="sdk3-notebook",
)
processor.run(
    code=str(folder / "code" / "process.py"),
    inputs=[ProcessingInput(input_name="data", s3_input=source)],
    outputs=[ProcessingOutput(output_name="result", s3_output=target)],
    arguments=["--words", "a  b"],
    wait=True,
    logs=True,
)
processed = ProcessingJob.get(processing_job_name=processor.latest_job.processing_job_name)
print(
    json.dumps(
        {
            "bucket": bucket,
            "trained": [trained.training_job_status, trained.model_artifacts.s3_model_artifacts],
            "processed": [processed.processing_job_status, processed.exit_message],
        }
    )
)
