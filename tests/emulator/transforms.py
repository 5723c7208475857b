"""Models and transform jobs, made in a line."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Mapping
from typing import Any

from tests.emulated import Emulator

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-cpu-py312"
OTHER_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"
ROLE = "arn:aws:iam::000000000000:role/Jobs"
BUCKET = "data"
DOUBLE = """
def model_fn(model_dir):
    return 2
def input_fn(body, content_type):
    return [float(line) for line in body.splitlines()]
def predict_fn(values, model):
    return [model * value for value in values]
def output_fn(prediction, accept):
    return "\\n".join(map(str, prediction))
"""
ECHO = """
def model_fn(model_dir):
    return None
def transform_fn(model, body, content_type, accept):
    return body
"""


def packed(**files: str) -> bytes:
    """A ``.tar.gz`` of texts; in names ``__`` stands for a slash and ``_py`` for an extension."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_py", ".py").replace("_txt", ".txt"))
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


class Transforms:
    """A bucket, models and jobs of one emulator, in its region or another one."""

    def __init__(self, emulator: Emulator, region: str = "us-east-1") -> None:
        self.sagemaker = emulator.client("sagemaker", region_name=region)
        self.s3 = emulator.client("s3")
        self.logs = emulator.client("logs", region_name=region)
        self._region = region

    def put(self, prefix: str, objects: Mapping[str, bytes]) -> str:
        """Write objects; their address."""
        for name, data in objects.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{name}", Body=data)
        return f"s3://{BUCKET}/{prefix}/"

    def model(self, name: str, script: str = DOUBLE, *, image: str = IMAGE, **environment: str) -> str:
        """A model whose script is in its archive; its name."""
        address = self.put(f"models/{name}", {"model.tar.gz": packed(code__inference_py=script, weights_txt="w")})
        container = {"Image": image, "ModelDataUrl": f"{address}model.tar.gz", "Environment": environment}
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        return name

    def start(self, name: str, data: str, model: str, **members: Any) -> None:
        """Begin a job that splits by lines and assembles lines. ``Input`` and ``Output`` are members of those."""
        source = {"S3DataType": members.pop("S3DataType", "S3Prefix"), "S3Uri": data}
        given = {"ContentType": "text/csv", "SplitType": "Line", **members.pop("Input", {})}
        wanted = {"AssembleWith": "Line", "Accept": "text/csv", **members.pop("Output", {})}
        resources = {"InstanceType": "ml.m5.large", "InstanceCount": members.pop("InstanceCount", 1)}
        self.sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            TransformInput={"DataSource": {"S3DataSource": source}, **_without_none(given)},
            TransformOutput={"S3OutputPath": f"s3://{BUCKET}/out/{name}", **_without_none(wanted)},
            TransformResources=resources,
            **members,
        )

    def ended(self, name: str) -> Mapping[str, Any]:
        """The description of a job that has ended."""
        until = time.monotonic() + 120
        while True:
            found: Mapping[str, Any] = self.sagemaker.describe_transform_job(TransformJobName=name)
            if found["TransformJobStatus"] in {"Completed", "Failed", "Stopped"}:
                return found
            assert time.monotonic() < until, found
            time.sleep(0.05)

    def run(self, name: str, data: str, model: str, **members: Any) -> Mapping[str, Any]:
        """The description of a job that was begun and has ended."""
        self.start(name, data, model, **members)
        return self.ended(name)

    def outputs(self, name: str) -> dict[str, bytes]:
        """What a job has written, by its keys below the output's address."""
        prefix = f"out/{name}/"
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        keys = [one["Key"] for one in listed]
        return {key[len(prefix) :]: self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def lines(self, name: str) -> list[str]:
        """What a job has printed."""
        group, prefix = "/aws/sagemaker/TransformJobs", f"{name}/"
        found = self.logs.filter_log_events(logGroupName=group, logStreamNamePrefix=prefix)
        return [one["message"] for one in found["events"]]


def _without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
