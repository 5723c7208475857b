"""A person's script with the SageMaker SDK 2's models and transformers, as its documentation has them. Prints JSON."""

import json
import pathlib
import sys
import tarfile

import sagemaker
from sagemaker.model import Model
from sagemaker.pytorch import PyTorchModel
from sagemaker.sklearn import SKLearnModel

folder = pathlib.Path(sys.argv[1])
session = sagemaker.Session()
role = "arn:aws:iam::000000000000:role/SageMakerRole"
bucket = session.default_bucket()

(folder / "numbers.csv").write_text("id1,1\nid2,2\nid3,3\n")
data = session.upload_data(str(folder / "numbers.csv"), key_prefix="sdk2-transform/in")
(folder / "factor.txt").write_text("10")
with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
    archive.add(folder / "factor.txt", arcname="factor.txt")
model_data = session.upload_data(str(folder / "model.tar.gz"), key_prefix="sdk2-transform")

frameworks = {
    "pytorch": PyTorchModel(
        model_data=model_data,
        role=role,
        entry_point="serve.py",
        source_dir=str(folder / "code"),
        framework_version="2.6.0",
        py_version="py312",
        sagemaker_session=session,
    ),
    "sklearn": SKLearnModel(
        model_data=model_data,
        role=role,
        entry_point=str(folder / "code" / "serve.py"),
        framework_version="1.2-1",
        py_version="py3",
        sagemaker_session=session,
    ),
    "model": Model(
        image_uri="000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:latest",
        model_data=model_data,
        role=role,
        entry_point="serve.py",
        source_dir=str(folder / "code"),
        sagemaker_session=session,
    ),
}
told = {}
for name, model in frameworks.items():
    transformer = model.transformer(
        instance_count=1,
        instance_type="ml.m5.large",
        strategy="SingleRecord" if name == "sklearn" else "MultiRecord",
        assemble_with="Line",
        accept="text/csv",
        output_path=f"s3://{bucket}/sdk2-transform/{name}",
    )
    transformer.transform(
        data, content_type="text/csv", split_type="Line", input_filter="$[1]", join_source="Input", wait=True, logs=True
    )
    s3 = session.boto_session.client("s3")
    output = s3.get_object(Bucket=bucket, Key=f"sdk2-transform/{name}/numbers.csv.out")["Body"].read().decode()
    told[name] = output.splitlines()
    transformer.delete_model()
print(json.dumps(told))
