"""On what and how a job runs: a spec says it in the words of the job that its request makes, so that `why` compares."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from simple_sagemaker.core.job import Job, of_processing, of_training
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.specs import Code, Instances, Place, ProcessSpec, Security, Spec, TaskSpec
from simple_sagemaker.tasks.processing_request import processing_request
from simple_sagemaker.tasks.setup import setup_of_job, setup_of_spec
from simple_sagemaker.tasks.training_request import Setting, training_request

PLACE, CODE = Place(project="p", task="t"), Code(entry_point="train.py")
CLOSED = Security(
    vpc_subnets=("subnet-2", "subnet-1"),
    vpc_security_groups=("sg-2", "sg-1"),
    kms_key_id="1234abcd-12ab-34cd-56ef-1234567890ab",
    network_isolation=True,
    encrypt_traffic=True,
)
MACHINES = Instances(type="ml.c5.xlarge", count=3, volume_gb=77, max_run_mins=61, max_wait_mins=90, retry_attempts=4)
KEPT = Instances(type="ml.c5.xlarge", spot=False, keep_alive_mins=9)
METRICS = (Metric(name="loss", regex=r"loss=(\S+)"),)


def job_of(spec: Spec) -> Job:
    """The job that the spec's request makes, as the service describes it."""
    setting = Setting(
        job="j", place=TaskPlace(bucket="b", project="p", task="t"), role_arn="r", region="r", image_uri="i"
    )
    ended: dict[str, Any] = {"CreationTime": datetime.now(timezone.utc)}
    if isinstance(spec, ProcessSpec):
        return of_processing(
            {**processing_request(spec, setting, [], earlier_state=False), "ProcessingJobStatus": "Completed", **ended}
        )
    return of_training({**training_request(spec, setting, []), "TrainingJobStatus": "Completed", **ended})


CLOSED_NETWORK = {
    "subnets": "subnet-1 subnet-2",
    "security groups": "sg-1 sg-2",
    "network isolation": "yes",
    "encrypted traffic": "yes",
    "KMS key": "1234abcd-12ab-34cd-56ef-1234567890ab",
}
SHARED = {"instance type": "ml.c5.xlarge", "instance count": "3", "volume size": "77 GB", "longest run": "61 minutes"}


@pytest.mark.parametrize(
    ("spec", "setup"),
    [
        pytest.param(
            TaskSpec(
                kind="run", place=PLACE, code=CODE, instances=MACHINES, security=CLOSED, metrics=METRICS,
                input_mode="FastFile",
            ),
            {
                **SHARED, **CLOSED_NETWORK, "spot": "yes", "longest wait": "90 minutes", "retries": "4",
                "input mode": "FastFile", "metric loss": r"loss=(\S+)",
            },
            id="spot",
        ),
        pytest.param(
            TaskSpec(kind="run", place=PLACE, code=CODE, instances=KEPT),
            {
                "instance type": "ml.c5.xlarge", "instance count": "1", "volume size": "30 GB",
                "longest run": "1440 minutes", "kept alive": "9 minutes", "input mode": "File",
            },
            id="kept alive",
        ),
        pytest.param(
            ProcessSpec(place=PLACE, code=CODE, instances=replace(MACHINES, retry_attempts=0), security=CLOSED),
            {**SHARED, **CLOSED_NETWORK, "input mode": "File"},
            id="processing",
        ),
    ],
)  # fmt: skip
def test_a_spec_and_its_job_say_the_same(spec: Spec, setup: dict[str, str]) -> None:
    assert {name: text for name, text in setup_of_job(job_of(spec)).items() if text} == setup
    assert setup_of_spec(spec) == setup_of_job(job_of(spec))
