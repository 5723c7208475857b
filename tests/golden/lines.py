"""The command lines, and the request that each becomes on a fixed stage: no chance, no clock, no service."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core import layout
from simple_sagemaker.core.access import LocalAccess
from simple_sagemaker.core.aws_api import Logs, SageMaker, Tagging
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.services import Services
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.images import frameworks as images
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks import training_request as request
from simple_sagemaker.tasks.channels import Planner
from tests.golden.stage import ACCOUNT, BEFORE, BUCKET, FOLDER, IMAGE, JOB, KEY, REGION, ROLE

REQUESTS = Path(__file__).with_name("requests")
SDK = Path(__file__).with_name("sdk")

_TASK = ("-p", "demo", "-t", "train", "-b", BUCKET)
_RUN = ("run", *_TASK, "-e", "train.py")
_TORCH = (*_RUN, "--fv", "2.6", "--pv", "py312")
_TENSORFLOW = (*_RUN, "-f", "tensorflow", "--fv", "2.19", "--pv", "py312")
_GPUS = (*_RUN, "--fv", "2.2.0", "--pv", "py310", "--it", "ml.p4d.24xlarge", "--ic", "2")

_PARAMETERS = {"pipeline_parallel_degree": 2, "partitions": 2, "ddp": True}

LINES: dict[str, tuple[str, ...]] = {
    "plain": _TORCH,
    "hyperparameters": (*_TORCH, "--lr", "0.1", "--name", "a b", "--hp", "tag", "", "--", "--verbose", "$(id)"),
    "folder": ("run", *_TASK, "-s", "code", "-e", "sub/worker.py", "--fv", "2.6", "--pv", "py312"),
    "on_demand": (*_TORCH, "--it", "ml.p3.2xlarge", "--ic", "2", "-v", "100", "--no_spot", "--max_run_mins", "60"),
    "spot_waits": (*_TORCH, "--max_run_mins", "60", "--max_wait_mins", "120"),
    "tensorflow": _TENSORFLOW,
    "sklearn": (*_RUN, "-f", "sklearn", "--fv", "1.4-2", "--pv", "py3"),
    "local_data": (*_TORCH, "-i", "data"),
    "s3_data": (
        *(*_TORCH, "-i", "s3://data/folder/", "ShardedByS3Key"),
        *("--iis", "one", "s3://data/folder/one.csv", "--iis", "part", "s3://data/folder", "FullyReplicated", "part"),
    ),
    "fast_file": (*_TORCH, "--input_mode", "FastFile", "-i", "data", "--iis", "one", "s3://data/folder/one.csv"),
    "pipe": (*_TORCH, "--input_mode", "Pipe", "--iis", "stream", "s3://data/folder/"),
    "task_data": (*_TORCH, "--iit", "weights", "first", "model", "--iit", "kept", "first", "state"),
    "model": (*_TORCH, "--model_uri", "s3://data/model.tar.gz"),
    "metrics_and_tags": (
        *(*_TORCH, "--md", "Score", "Score=(.*?);", "--md", "loss", "loss: ([0-9.]+)"),
        *("--tag", "team", "vision"),
    ),
    "environment": (*_TORCH, "--job_env", "STAGE", "test", "--job_env", "EMPTY", ""),
    "network": (*_TORCH, "--vpc_subnets", "subnet-0a", "subnet-0b", "--vpc_security_groups", "sg-0c"),
    "encrypted": (*_TORCH, "--kms_key_id", KEY, "--encrypt_traffic", "--ic", "2"),
    "own_disks": (*_TORCH, "--kms_key_id", KEY, "--it", "ml.g5.xlarge"),
    "alias": (*_TORCH, "--kms_key_id", "alias/results"),
    "isolated": (*_TORCH, "--network_isolation", "-i", "data"),
    "isolated_toolkit": (*_TORCH, "--network_isolation", "--launch_by", "toolkit"),
    "kept_machines": (*_TORCH, "--no_spot", "--keep_alive_mins", "30", "--retry_attempts", "3"),
    "toolkit": (*_TORCH, "--launch_by", "toolkit", "--lr", "0.1"),
    "torch_distributed": (
        *_GPUS,
        *("--distribution", '{"torch_distributed": {"enabled": true}}'),
    ),
    "mpi": (
        *(*_TORCH, "--ic", "2"),
        *("--distribution", '{"mpi": {"enabled": true, "processes_per_host": 2, "custom_mpi_options": "-x A=1"}}'),
    ),
    "mpi_short": (*_TENSORFLOW, "--distribution", '{"mpi": {"enabled": true}}'),
    "data_parallel": (
        *_GPUS,
        *("--distribution", '{"smdistributed": {"dataparallel": {"enabled": true}}}'),
    ),
    "model_parallel": (
        *(*_GPUS, "--distribution"),
        json.dumps(
            {
                "torch_distributed": {"enabled": True},
                "smdistributed": {"modelparallel": {"enabled": True, "parameters": _PARAMETERS}},
            }
        ),
    ),
    "pytorchddp": (*_GPUS, "--distribution", '{"pytorchddp": {"enabled": true}}'),
    "parameter_server": (*_TENSORFLOW, "--ic", "2", "--distribution", '{"parameter_server": {"enabled": true}}'),
    "mirrored": (
        *(*_TENSORFLOW, "--ic", "2"),
        *("--distribution", '{"multi_worker_mirrored_strategy": {"enabled": true}}'),
    ),
    "own_image": (*_RUN, "--image_uri", IMAGE),
    "algorithm": (
        *("run", *_TASK, "--image_uri", IMAGE, "--num_round", "5", "--objective", "reg:linear"),
        *("--iis", "train", "s3://data/folder/"),
    ),
    "shell": ("shell", *_TASK, "--cmd_line", "cat *", "--dir_files", "code", "--fv", "2.6", "--pv", "py312"),
}


class _Before:
    """The one thing asked of a service: how a task went whose results are inputs."""

    def describe_training_job(self, **_: Any) -> dict[str, Any]:
        return {
            "TrainingJobName": BEFORE,
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
            "CreationTime": datetime(2030, 1, 30, tzinfo=timezone.utc),
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://{BUCKET}/demo/first/{BEFORE}/output/model.tar.gz"},
            "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/demo/first/state"},
        }


def fill(here: Path) -> Path:
    """The folders that the lines name, in ``here``; gives the one where buckets are."""
    for name in ("train.py", "code/sub/worker.py", "data/a.txt"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("print()\n")
    store = FolderStore(here / "buckets")
    for bucket, key in [
        (BUCKET, f"demo/first/{BEFORE}/output/model.tar.gz"),
        (BUCKET, "demo/first/state/algo-1/x"),
        ("data", "folder/one.csv"),
        ("data", "folder/part/two.csv"),
        ("data", "model.tar.gz"),
    ]:
        store.make_bucket(bucket)
        store.write(bucket, key, b"x")
    return here / "buckets"


def made(line: tuple[str, ...], buckets: Path) -> dict[str, Any]:
    """The request that a command line becomes, typed in a folder that ``fill`` has filled."""
    spec = parse(line)
    assert isinstance(spec, TaskSpec)
    place = TaskPlace(bucket=BUCKET, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)
    assert layout.uri(BUCKET, place.folder.rstrip("/")) == FOLDER
    plan = Planner(spec, place, services(buckets), print).plan()
    setting = request.Setting(job=JOB, place=place, role_arn=ROLE, region=REGION, image_uri=_image(spec))
    return dict(request.training_request(spec, setting, plan.channels_of(JOB)))


def _image(spec: TaskSpec) -> str:
    return spec.image.uri or images.framework_image(
        spec.image.framework,
        version=spec.image.framework_version,
        py_version=spec.image.py_version,
        instance_type=spec.instances.type,
        region=REGION,
    )


def services(buckets: Path) -> Services:
    """Services that have nothing but these buckets, and a completed job of another task."""
    store = FolderStore(buckets)
    return Services(
        engine="aws",
        sagemaker=cast("SageMaker", _Before()),
        tagging=lambda: cast("Tagging", None),  # nothing is looked up by its tags
        logs=cast("Logs", None),
        store=store,
        access=LocalAccess(store, account=ACCOUNT, region=REGION),
        region=REGION,
        now=lambda: datetime(2030, 1, 31, 12, tzinfo=timezone.utc),
        token=lambda: "a1B2c3D4",
        pace=lambda _: 0,
    )
