"""A person's script with the SageMaker SDK 2's processors, as its documentation writes one. Prints a JSON line."""

import json
import pathlib
import sys

import sagemaker
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.sklearn import SKLearn

folder = pathlib.Path(sys.argv[1])
session = sagemaker.Session()
role = "arn:aws:iam::000000000000:role/SageMakerRole"
image = sagemaker.image_uris.retrieve("sklearn", "us-east-1", version="0.20.0")


def outputs() -> list[ProcessingOutput]:
    return [ProcessingOutput(output_name="result", source="/opt/ml/processing/result")]


def inputs() -> list[ProcessingInput]:
    return [ProcessingInput(source=str(folder / "data"), destination="/opt/ml/processing/input/data")]


script = ScriptProcessor(
    image_uri=image,
    command=["python3"],
    role=role,
    instance_count=2,
    instance_type="ml.t3.medium",
    env={"GREETING": "Hello, world!"},
    sagemaker_session=session,
)
script.run(
    code=str(folder / "code" / "process.py"),
    inputs=inputs(),
    outputs=outputs(),
    arguments=["--words", "a  b"],
    wait=True,
    logs=True,
)

framework = FrameworkProcessor(
    estimator_cls=SKLearn,
    framework_version="1.2-1",
    role=role,
    instance_count=1,
    instance_type="ml.t3.medium",
    sagemaker_session=session,
)
framework.run(
    code="process.py",
    source_dir=str(folder / "code"),
    inputs=inputs(),
    outputs=outputs(),
    arguments=["--words", "c"],
    wait=True,
    logs=True,
)

s3 = session.boto_session.client("s3")
told = {}
for name, processor in (("script", script), ("framework", framework)):
    described = processor.latest_job.describe()
    uri = described["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix + "/")["Contents"]
    told[name] = {
        "status": described["ProcessingJobStatus"],
        "message": described.get("ExitMessage"),
        "files": [one["Key"].removeprefix(prefix + "/") for one in found],
    }
print(json.dumps(told))
