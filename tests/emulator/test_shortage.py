"""An emulator that has used up its open files: clients are told so by an error that they retry, and go on later."""

from __future__ import annotations

import os
import sys

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.emulated import Emulator, ended, request
from tests.emulator.test_server import Script

if sys.platform != "linux":
    pytest.skip("another process's limits are Linux's", allow_module_level=True)
import resource

_FREE = 5  # descriptors: enough for a connection, too few for a supervisor's streams


def test_without_open_files_a_job_is_throttled_with_the_limit_and_started_later(
    emulator: Emulator, script: Script
) -> None:
    bucket, pid = script("true"), emulator.process.pid
    sagemaker = emulator.client("sagemaker")
    sagemaker.create_training_job(**request("before", bucket))  # which opens what stays open
    ended(sagemaker, "before")
    impatient = emulator.client("sagemaker", config=Config(retries={"total_max_attempts": 1}))
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    free = [number for number in range(len(used) + _FREE) if number not in used]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free[_FREE - 1] + 1, limits[1]))
    try:
        with pytest.raises(ClientError, match=r"open files of a process is reached \(ulimit -n: \d+\)") as refused:
            impatient.create_training_job(**request("job", bucket))
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    sagemaker.create_training_job(**request("job", bucket))
    assert ended(sagemaker, "job")["TrainingJobStatus"] == "Completed"
