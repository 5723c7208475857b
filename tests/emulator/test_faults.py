"""Faults on purpose, as a client meets them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from simple_sagemaker.emulator.fault_injection import Dice, parse
from simple_sagemaker.errors import UsageError
from tests.emulated import Emulator, ended, request

ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})


@pytest.fixture
def faulty(emulator: Emulator) -> Iterator[Callable[[str], None]]:
    """Sets the emulator's faults, and takes them away at the end."""
    yield lambda text: emulator.page("faults", "POST", text.encode())
    emulator.page("faults", "POST", b"")


@pytest.mark.parametrize(
    ("service", "operation", "fault", "code", "status"),
    [
        ("sagemaker", "list_training_jobs", "throttle=1", "ThrottlingException", 400),
        ("sagemaker", "list_training_jobs", "error=1", "InternalFailure", 500),
        ("s3", "list_buckets", "throttle=1", "SlowDown", 503),
        ("s3", "list_buckets", "error=1", "InternalError", 500),
        ("iam", "list_roles", "throttle=1", "Throttling", 400),
        ("sts", "get_caller_identity", "error=1", "InternalFailure", 500),
        ("logs", "describe_log_groups", "throttle=1", "ThrottlingException", 400),
    ],
)
def test_each_service_has_its_own_words_for_trouble(  # noqa: PLR0917 - pytest gives them by name
    emulator: Emulator, faulty: Callable[[str], None], service: str, operation: str, fault: str, code: str, status: int
) -> None:
    faulty(fault)
    with pytest.raises(ClientError) as caught:
        getattr(emulator.client(service, config=ONCE), operation)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_connection_that_breaks_before_or_after_the_work_is_done(
    emulator: Emulator, faulty: Callable[[str], None], script: Callable[[str], str]
) -> None:
    bucket = script("true")
    faulty("reset=1")
    made: list[bool] = []
    while {*made} != {True, False}:  # each time either, by chance
        number = len(made)
        assert number < 40
        with pytest.raises(ConnectionClosedError):
            emulator.client("sagemaker", config=ONCE).create_training_job(**request(f"reset-{number}", bucket))
        made.append((emulator.home / "jobs" / f"reset-{number}").exists())
    faulty("")
    again = emulator.client("sagemaker", config=ONCE)
    with pytest.raises(again.exceptions.ResourceInUse):
        again.create_training_job(**request(f"reset-{made.index(True)}", bucket))
    ended(again, f"reset-{made.index(True)}")


def test_slow_answers_and_empty_pages(
    emulator: Emulator, faulty: Callable[[str], None], script: Callable[[str], str]
) -> None:
    bucket = script("true")
    client = emulator.client("sagemaker", config=ONCE)
    client.create_training_job(**request("shy", bucket))
    faulty("slow=1:0.3")
    began = time.monotonic()
    client.list_training_jobs()
    assert time.monotonic() - began >= 0.3
    faulty("seed=3,empty_page=0.7")
    pages = list(client.get_paginator("list_training_jobs").paginate(NameContains="shy"))
    pages += client.get_paginator("list_training_jobs").paginate(NameContains="shy")
    assert any(not page["TrainingJobSummaries"] for page in pages)
    assert [one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]] == ["shy", "shy"]
    faulty("")
    ended(client, "shy")


def test_quota_capacity_and_interruption(
    emulator: Emulator, faulty: Callable[[str], None], script: Callable[[str], str]
) -> None:
    bucket = script("sleep 3; echo done")
    client = emulator.client("sagemaker", config=ONCE)
    faulty("quota=ml.p3.2xlarge,capacity=1,interrupt=1")
    big = {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30}
    with pytest.raises(client.exceptions.ResourceLimitExceeded, match=r"'ml.p3.2xlarge for training job usage' is 0"):
        client.create_training_job(**request("too-big", bucket, ResourceConfig=big))
    limits = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
    spot = request("spot", bucket, EnableManagedSpotTraining=True, StoppingCondition=limits)
    client.create_training_job(**spot)
    described = ended(client, "spot")
    statuses = [one["Status"] for one in described["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 1, statuses
    assert statuses.count("Training") == 2
    assert described["TrainingJobStatus"] == "Completed"


def test_jobs_are_spared_unless_asked(
    emulator: Emulator, faulty: Callable[[str], None], script: Callable[[str], str]
) -> None:
    bucket = script("echo x > /opt/ml/model/x")
    client = emulator.client("sagemaker", config=Config(retries={"total_max_attempts": 20, "mode": "standard"}))
    client.create_training_job(**request("spared", bucket))
    faulty("error=1")
    time.sleep(1)
    faulty("")
    assert ended(client, "spared")["TrainingJobStatus"] == "Completed"


def test_the_same_seed_draws_the_same_faults() -> None:
    plan = parse("seed=7,throttle=0.1,error=0.02,reset=0.02,slow=0.05:0.3,empty_page=0.5")
    one, two = Dice(plan), Dice(plan)
    drawn = [one.request_fault() for _ in range(500)]
    assert drawn == [two.request_fault() for _ in range(500)]
    assert {"throttle", "error", "slow", "empty_page", None} <= {*drawn}
    assert plan.slow_s == 0.3
    other = Dice(parse("seed=8,throttle=0.1,error=0.02,reset=0.02,slow=0.05:0.3,empty_page=0.5"))
    assert drawn != [other.request_fault() for _ in range(500)]


@pytest.mark.parametrize("text", ["throttle", "throttle=2", "throttle=x", "nosuch=1", "seed=x", "error=0.1:3"])
def test_a_plan_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="fault"):
        parse(text)
