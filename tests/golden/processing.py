"""The command lines of processing tasks, and the request that each becomes on the same fixed stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.specs import ProcessSpec
from simple_sagemaker.images import frameworks as images
from simple_sagemaker.tasks.channels import Planner
from simple_sagemaker.tasks.processing_request import processing_request
from simple_sagemaker.tasks.training_request import Setting
from tests.golden.lines import services
from tests.golden.stage import BUCKET, IMAGE, JOB, KEY, REGION, ROLE

REQUESTS = Path(__file__).with_name("processing_requests")
SDK = Path(__file__).with_name("processing_sdk")

_PROCESS = ("process", "-p", "demo", "-t", "train", "-b", BUCKET)
_CODE = (*_PROCESS, "--code", "train.py")

LINES: dict[str, tuple[str, ...]] = {
    "plain": _CODE,
    "command": (*_PROCESS, "--entrypoint", "/bin/bash", "--", "-c", "exit 0"),
    "machines": (*_CODE, "--it", "ml.m5.large", "--ic", "2", "-v", "100", "--max_run_mins", "60"),
    "data": (
        *(*_CODE, "-i", "data", "--iis", "part", "s3://data/folder/", "ShardedByS3Key"),
        *("--iit", "weights", "first", "model", "--iit", "kept", "first", "state"),
    ),
    "own_image": (*_CODE, "--image_uri", IMAGE),
    "torch": (*_CODE, "-f", "pytorch", "--fv", "2.6", "--pv", "py312"),
    "environment": (*_CODE, "--env", "STAGE", "test", "--env", "EMPTY", "", "--tag", "team", "vision"),
    "network": (*_CODE, "--vpc_subnets", "subnet-0a", "subnet-0b", "--vpc_security_groups", "sg-0c"),
    "encrypted": (*_CODE, "--kms_key_id", KEY, "--encrypt_traffic", "--it", "ml.m5.large", "--ic", "2"),
    "placed": (
        *(*_CODE, "-i", "data", "--iis", "part", "s3://data/folder/", "--input_at", "data", "/opt/ml/processing/input"),
        *("--output_from", "train", "/opt/ml/processing/train", "--output_from", "model", "/opt/ml/processing/m"),
    ),
    "isolated": (*_CODE, "--network_isolation"),
}
AGAIN = "again"  # the first line, once the task has a state


def made(line: tuple[str, ...], buckets: Path, *, earlier_state: bool = False) -> dict[str, Any]:
    """The request that a command line becomes, typed in a folder that ``fill`` has filled."""
    spec = parse(line)
    assert isinstance(spec, ProcessSpec)
    place = TaskPlace(bucket=BUCKET, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)
    plan = Planner(spec, place, services(buckets), print).plan()
    setting = Setting(job=JOB, place=place, role_arn=ROLE, region=REGION, image_uri=_image(spec))
    return dict(processing_request(spec, setting, plan.channels_of(JOB), earlier_state=earlier_state))


def everything(buckets: Path) -> dict[str, dict[str, Any]]:
    """All requests by name."""
    found = {name: made(line, buckets) for name, line in LINES.items()}
    return {**found, AGAIN: made(LINES["plain"], buckets, earlier_state=True)}


def _image(spec: ProcessSpec) -> str:
    return spec.image.uri or images.framework_image(
        spec.image.framework,
        version=spec.image.framework_version,
        py_version=spec.image.py_version,
        instance_type=spec.instances.type,
        region=REGION,
    )
