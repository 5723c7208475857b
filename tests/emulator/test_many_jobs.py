"""Many jobs at once: they wait for their turn, and each gets to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.config import Config

from tests.counts import examples
from tests.emulated import Emulator, ended, request

ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"}, max_pool_connections=16, read_timeout=600)


@pytest.mark.timeout(3000)
def test_as_many_jobs_as_come_at_once_all_complete(emulator: Emulator, script: Callable[[str], str]) -> None:
    count = examples(8, 500)
    bucket = script("echo ran")
    client = emulator.client("sagemaker", config=ONCE.merge(Config(max_pool_connections=count)))

    def create(number: int) -> None:
        client.create_training_job(**request(f"many-{number}", bucket))

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(create, range(count)))
    ends = [ended(client, f"many-{number}", within_s=2000) for number in range(count)]
    assert {one["TrainingJobStatus"] for one in ends} == {"Completed"}, [
        one["FailureReason"] for one in ends if "FailureReason" in one
    ]
    assert not list(emulator.home.glob("jobs/*/queued"))


def queued(emulator: Emulator) -> list[str]:
    return sorted(path.parent.name for path in emulator.home.glob("jobs/*/queued"))


def fill(emulator: Emulator, bucket: str, count: int) -> None:
    """Create jobs faster than they start, until some of them wait."""
    client = emulator.client("sagemaker", config=ONCE)
    names = [f"fill-{number}" for number in range(count)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda name: client.create_training_job(**request(name, bucket)), names))


@pytest.mark.timeout(600)
def test_waiting_jobs_can_be_stopped_and_end_with_the_emulator(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    try:
        s3 = emulator.client("s3")
        s3.create_bucket(Bucket="waiting")
        s3.put_object(Bucket="waiting", Key="code/run.sh", Body=b"sleep 100")
        client = emulator.client("sagemaker")
        fill(emulator, "waiting", 24)
        last = queued(emulator)[-1]
        client.stop_training_job(TrainingJobName=last)
        described = ended(client, last)
        assert described["TrainingJobStatus"] == "Stopped"
        assert [one["Status"] for one in described["SecondaryStatusTransitions"]] == ["Starting", "Stopping", "Stopped"]
        waiting = queued(emulator)
        assert waiting
    finally:
        emulator.stop()
    assert not queued(emulator)
    ends = [(emulator.home / "jobs" / name / "journal.jsonl").read_text().splitlines()[-1] for name in waiting]
    assert sum(json.loads(line).get("status") == "Stopped" for line in ends) >= len(waiting) - 8  # these had begun


@pytest.mark.timeout(600)
@pytest.mark.long
def test_a_killed_emulator_leaves_no_job_waiting_for_ever(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="waiting")
    s3.put_object(Bucket="waiting", Key="code/run.sh", Body=b"sleep 100")
    fill(emulator, "waiting", 24)
    waiting = queued(emulator)
    emulator.process.kill()
    emulator.process.communicate()
    again = Emulator(tmp_path)
    try:
        client = again.client("sagemaker")
        left = [name for name in waiting if (again.home / "jobs" / name / "queued").exists()]
        assert left
        for name in left:
            described = ended(client, name)
            assert described["TrainingJobStatus"] == "Failed"
            assert "InternalServerError" in described["FailureReason"]
        for summary in client.list_training_jobs(StatusEquals="InProgress", MaxResults=100)["TrainingJobSummaries"]:
            client.stop_training_job(TrainingJobName=summary["TrainingJobName"])
        until = time.monotonic() + 300
        while client.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]:
            assert time.monotonic() < until
            time.sleep(0.2)
    finally:
        again.stop()
