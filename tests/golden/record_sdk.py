"""Record the requests of AWS's SDK 2 for the same jobs: ``tox -e sdk``.

Every job is written here as one writes it for the SDK, by hand, so that nothing of ours decides what it asks for. The
SDK runs as it is; botocore's own event hands us the request before it would leave the machine. No network.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3
from sagemaker import Session
from sagemaker.debugger import TensorBoardOutputConfig
from sagemaker.estimator import Estimator, EstimatorBase
from sagemaker.inputs import TrainingInput
from sagemaker.network import NetworkConfig
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor, ScriptProcessor
from sagemaker.pytorch import PyTorch
from sagemaker.sklearn import SKLearn
from sagemaker.tensorflow import TensorFlow

from tests.golden.stage import ACCOUNT, BEFORE, BUCKET, FOLDER, IMAGE, JOB, KEY, REGION, ROLE

SDK = Path(__file__).with_name("sdk")
PROCESSING_SDK = Path(__file__).with_name("processing_sdk")

Channels = dict[str, TrainingInput] | None
Job = tuple[EstimatorBase, Channels]


# The SDK tells its makers of every call, which is neither wanted nor possible here.
_QUIET = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}


class Answer:
    """What botocore wants to see of an answer."""

    status_code = 200


class Recorder:
    """A session of the SDK whose requests stay here; ``created`` is the last CreateTrainingJob, as it would be sent."""

    def __init__(self) -> None:
        boto = boto3.Session("x", "x", region_name=REGION)
        self.created: dict[str, Any] = {}
        boto.events.register("before-call", self._answer)
        self.session = Session(boto_session=boto, default_bucket=BUCKET, sagemaker_config=_QUIET)

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        if model.name in {"CreateTrainingJob", "CreateProcessingJob"}:
            self.created = json.loads(params["body"])
        parsed: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": 200}}
        if model.name == "GetCallerIdentity":
            parsed |= {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/x"}
        if model.name == "ListBuckets":  # looked through before a processor's script is sent
            parsed |= {"Buckets": [{"Name": BUCKET, "CreationDate": datetime(2030, 1, 1, tzinfo=timezone.utc)}]}
        return Answer(), parsed


def common(recorder: Recorder, **changes: Any) -> dict[str, Any]:
    """What every job has here: our places on S3 and our defaults, and none of the SDK's extra services."""
    settings: dict[str, Any] = {
        "role": ROLE,
        "sagemaker_session": recorder.session,
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "volume_size": 30,
        "max_run": 86400,
        "use_spot_instances": True,
        "max_wait": 86400,
        "output_path": FOLDER,
        "checkpoint_s3_uri": f"{FOLDER}/state",
        "checkpoint_local_path": "/state",
        "tensorboard_output_config": TensorBoardOutputConfig(FOLDER, "/opt/ml/output/tensorboard"),
        "disable_profiler": True,
        "debugger_hook_config": False,
        "tags": [
            {"Key": "SimpleSagemakerProject", "Value": "demo"},
            {"Key": "SimpleSagemakerTask", "Value": "train"},
        ],
        **changes,
    }
    return {name: value for name, value in settings.items() if value is not None}


def scripted(recorder: Recorder, **changes: Any) -> dict[str, Any]:
    """What every job with a script has."""
    return common(recorder, **{"entry_point": "train.py", "code_location": FOLDER, **changes})


def torch(recorder: Recorder, **changes: Any) -> PyTorch:
    return PyTorch(**scripted(recorder, **{"framework_version": "2.6", "py_version": "py312", **changes}))


def tensorflow(recorder: Recorder, **changes: Any) -> TensorFlow:
    return TensorFlow(**scripted(recorder, framework_version="2.19", py_version="py312", **changes))


def at(uri: str, **more: Any) -> TrainingInput:
    return TrainingInput(uri, **more)


_ON_DEMAND = {"use_spot_instances": False, "max_wait": None}
_GPUS = {"instance_type": "ml.p4d.24xlarge", "instance_count": 2, "framework_version": "2.2.0", "py_version": "py310"}

JOBS: dict[str, Callable[[Recorder], Job]] = {
    "plain": lambda r: (torch(r), None),
    "hyperparameters": lambda r: (torch(r, hyperparameters={"lr": "0.1", "name": "a b", "tag": ""}), None),
    "folder": lambda r: (torch(r, source_dir="code", entry_point="sub/worker.py"), None),
    "on_demand": lambda r: (
        torch(r, instance_type="ml.p3.2xlarge", instance_count=2, volume_size=100, max_run=3600, **_ON_DEMAND),
        None,
    ),
    "spot_waits": lambda r: (torch(r, max_run=3600, max_wait=7200), None),
    "tensorflow": lambda r: (tensorflow(r), None),
    "sklearn": lambda r: (SKLearn(**scripted(r, framework_version="1.4-2", py_version="py3")), None),
    "local_data": lambda r: (torch(r), {"data": at(f"{FOLDER}/input/")}),
    "s3_data": lambda r: (
        torch(r),
        {
            "data": at("s3://data/folder/", distribution="ShardedByS3Key"),
            "one": at("s3://data/folder/one.csv"),
            "part": at("s3://data/folder/part/"),
        },
    ),
    "fast_file": lambda r: (
        torch(r, input_mode="FastFile"),
        {"data": at(f"{FOLDER}/input/"), "one": at("s3://data/folder/one.csv", input_mode="File")},
    ),
    "pipe": lambda r: (torch(r, input_mode="Pipe"), {"stream": at("s3://data/folder/")}),
    "task_data": lambda r: (
        torch(r),
        {
            "weights": at(f"s3://{BUCKET}/demo/first/{BEFORE}/output/model.tar.gz"),
            "kept": at(f"s3://{BUCKET}/demo/first/state/"),
        },
    ),
    "model": lambda r: (torch(r, model_uri="s3://data/model.tar.gz"), None),
    "metrics_and_tags": lambda r: (
        torch(
            r,
            metric_definitions=[
                {"Name": "Score", "Regex": "Score=(.*?);"},
                {"Name": "loss", "Regex": "loss: ([0-9.]+)"},
            ],
            tags=[
                {"Key": "team", "Value": "vision"},
                {"Key": "SimpleSagemakerProject", "Value": "demo"},
                {"Key": "SimpleSagemakerTask", "Value": "train"},
            ],
        ),
        None,
    ),
    "environment": lambda r: (torch(r, environment={"STAGE": "test", "EMPTY": ""}), None),
    "network": lambda r: (torch(r, subnets=["subnet-0a", "subnet-0b"], security_group_ids=["sg-0c"]), None),
    "encrypted": lambda r: (
        torch(r, output_kms_key=KEY, volume_kms_key=KEY, encrypt_inter_container_traffic=True, instance_count=2),
        None,
    ),
    "own_disks": lambda r: (torch(r, output_kms_key=KEY, instance_type="ml.g5.xlarge"), None),
    "alias": lambda r: (torch(r, output_kms_key="alias/results"), None),
    "isolated": lambda r: (torch(r, enable_network_isolation=True), {"data": at(f"{FOLDER}/input/")}),
    "isolated_toolkit": lambda r: (torch(r, enable_network_isolation=True), None),
    "kept_machines": lambda r: (
        torch(r, keep_alive_period_in_seconds=1800, max_retry_attempts=3, **_ON_DEMAND),
        None,
    ),
    "toolkit": lambda r: (torch(r, hyperparameters={"lr": "0.1"}), None),
    "torch_distributed": lambda r: (torch(r, distribution={"torch_distributed": {"enabled": True}}, **_GPUS), None),
    "mpi": lambda r: (
        torch(
            r,
            instance_count=2,
            distribution={"mpi": {"enabled": True, "processes_per_host": 2, "custom_mpi_options": "-x A=1"}},
        ),
        None,
    ),
    "mpi_short": lambda r: (tensorflow(r, distribution={"mpi": {"enabled": True}}), None),
    "data_parallel": lambda r: (
        torch(r, distribution={"smdistributed": {"dataparallel": {"enabled": True}}}, **_GPUS),
        None,
    ),
    "model_parallel": lambda r: (
        torch(
            r,
            distribution={
                "torch_distributed": {"enabled": True},
                "smdistributed": {
                    "modelparallel": {
                        "enabled": True,
                        "parameters": {"pipeline_parallel_degree": 2, "partitions": 2, "ddp": True},
                    }
                },
            },
            **_GPUS,
        ),
        None,
    ),
    "pytorchddp": lambda r: (torch(r, distribution={"pytorchddp": {"enabled": True}}, **_GPUS), None),
    "parameter_server": lambda r: (
        tensorflow(r, instance_count=2, distribution={"parameter_server": {"enabled": True}}),
        None,
    ),
    "mirrored": lambda r: (
        tensorflow(r, instance_count=2, distribution={"multi_worker_mirrored_strategy": {"enabled": True}}),
        None,
    ),
    "own_image": lambda r: (Estimator(IMAGE, **scripted(r)), None),
    "algorithm": lambda r: (
        Estimator(
            IMAGE,
            hyperparameters={"num_round": "5", "objective": "reg:linear"},
            **common(r, checkpoint_local_path=None),
        ),
        {"train": at("s3://data/folder/")},
    ),
    "shell": lambda r: (torch(r, source_dir="code", entry_point="command.sh"), None),
}


_AT = "/opt/ml/processing"
_SKLEARN = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3"
_TORCH = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/pytorch-training:2.6-cpu-py312"


def brought(name: str, uri: str, **more: Any) -> ProcessingInput:
    """An input where our lines have it."""
    return ProcessingInput(source=uri, destination=f"{_AT}/input/data/{name}", input_name=name, **more)


def outputs(model: str = f"{_AT}/model") -> list[ProcessingOutput]:
    """The outputs that every job of ours has."""
    at_end = f"{FOLDER}/{JOB}/output"
    return [
        ProcessingOutput(f"{_AT}/state", f"{FOLDER}/state", output_name="state", s3_upload_mode="Continuous"),
        ProcessingOutput(f"{_AT}/output", f"{at_end}/output", output_name="output"),
        ProcessingOutput(model, f"{at_end}/model", output_name="model"),
    ]


def processed(
    recorder: Recorder,
    *,
    inputs: list[ProcessingInput] | None = None,
    entrypoint: list[str] | None = None,
    arguments: list[str] | None = None,
    kept: list[ProcessingOutput] | None = None,
    **changes: Any,
) -> None:
    """Run a processor as one writes it for the SDK: of a script, or with ``entrypoint`` of a command."""
    settings: dict[str, Any] = {
        "role": ROLE,
        "image_uri": _SKLEARN,
        "instance_count": 1,
        "instance_type": "ml.t3.medium",
        "volume_size_in_gb": 30,
        "max_runtime_in_seconds": 86400,
        "sagemaker_session": recorder.session,
        "tags": [
            {"Key": "SimpleSagemakerProject", "Value": "demo"},
            {"Key": "SimpleSagemakerTask", "Value": "train"},
        ],
        **changes,
    }
    run: dict[str, Any] = {"inputs": inputs or [], "outputs": kept or outputs(), "job_name": JOB}
    run |= {"wait": False, "logs": False}
    if entrypoint:
        Processor(entrypoint=entrypoint, **settings).run(arguments=arguments, **run)
    else:
        ScriptProcessor(command=["python3"], **settings).run(code="train.py", **run)


_TAGS = [
    {"Key": "team", "Value": "vision"},
    {"Key": "SimpleSagemakerProject", "Value": "demo"},
    {"Key": "SimpleSagemakerTask", "Value": "train"},
]
PROCESSING: dict[str, Callable[[Recorder], None]] = {
    "plain": processed,
    "again": lambda r: processed(r, inputs=[_earlier()]),
    "command": lambda r: processed(r, entrypoint=["/bin/bash"], arguments=["-c", "exit 0"]),
    "machines": lambda r: processed(
        r, instance_type="ml.m5.large", instance_count=2, volume_size_in_gb=100, max_runtime_in_seconds=3600
    ),
    "data": lambda r: processed(
        r,
        inputs=[
            brought("data", f"{FOLDER}/input/"),
            brought("part", "s3://data/folder/", s3_data_distribution_type="ShardedByS3Key"),
            brought("weights", f"s3://{BUCKET}/demo/first/{BEFORE}/output/model.tar.gz"),
            brought("kept", f"s3://{BUCKET}/demo/first/state/"),
        ],
    ),
    "placed": lambda r: processed(
        r,
        inputs=[
            ProcessingInput(f"{FOLDER}/input/", f"{_AT}/input", "data"),
            brought("part", "s3://data/folder/"),
        ],
        kept=[
            *outputs(f"{_AT}/m"),
            ProcessingOutput(f"{_AT}/train", f"{FOLDER}/{JOB}/output/output/train", output_name="train"),
        ],
    ),
    "own_image": lambda r: processed(r, image_uri=IMAGE),
    "torch": lambda r: processed(r, image_uri=_TORCH),
    "environment": lambda r: processed(r, env={"STAGE": "test", "EMPTY": ""}, tags=_TAGS),
    "network": lambda r: processed(
        r, network_config=NetworkConfig(subnets=["subnet-0a", "subnet-0b"], security_group_ids=["sg-0c"])
    ),
    "encrypted": lambda r: processed(
        r,
        output_kms_key=KEY,
        volume_kms_key=KEY,
        instance_type="ml.m5.large",
        instance_count=2,
        network_config=NetworkConfig(encrypt_inter_container_traffic=True),
    ),
    "isolated": lambda r: processed(r, network_config=NetworkConfig(enable_network_isolation=True)),
}


def _earlier() -> ProcessingInput:
    return ProcessingInput(source=f"{FOLDER}/state/", destination=f"{_AT}/input/state_prev", input_name="state_prev")


def main() -> None:
    """One file per job; files of jobs that are gone are removed."""
    for file in [*SDK.glob("*.json"), *PROCESSING_SDK.glob("*.json")]:
        file.unlink()
    PROCESSING_SDK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in ("train.py", "code/sub/worker.py", "code/command.sh"):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text("")
        for name, job in JOBS.items():
            try:
                recorder = Recorder()
                estimator, channels = job(recorder)
                estimator.fit(channels, job_name=JOB, wait=False)
            except ValueError as error:
                raise SystemExit(f"{name}: {error}") from error
            text = json.dumps(recorder.created, indent=1, sort_keys=True)
            (SDK / f"{name}.json").write_text(text + "\n")
        for name, process in PROCESSING.items():
            recorder = Recorder()
            process(recorder)
            text = json.dumps(recorder.created, indent=1, sort_keys=True)
            (PROCESSING_SDK / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
