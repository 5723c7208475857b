"""Connections that somebody unknown holds open keep nobody out, and cost the emulator nothing that it needs."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.emulated import Emulator, ended, request
from tests.emulator.test_server import Script

if sys.platform != "linux":
    pytest.skip("another process's limits are Linux's", allow_module_level=True)
import resource

_FILES = 200
_HELD = 3 * _FILES
_HALF = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Half: "


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that may have few files open."""
    made = Emulator(tmp_path_factory.mktemp("emulator"))
    resource.prlimit(made.process.pid, resource.RLIMIT_NOFILE, (_FILES, _FILES))
    yield made
    made.stop()


@contextmanager
def connections(emulator: Emulator, beginning: bytes) -> Iterator[None]:
    """Hold more connections than the emulator may have files, with the beginning of a request in each."""
    address = urlsplit(emulator.url)
    with ExitStack() as held:
        for _ in range(_HELD):
            one = held.enter_context(socket.create_connection((address.hostname or "", address.port or 0), timeout=60))
            with suppress(ConnectionError):  # which had to make room already
                one.sendall(beginning)
        yield


def processor_s(emulator: Emulator) -> float:
    words = Path(f"/proc/{emulator.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("beginning", [b"", _HALF, b"GET /_ssm/health HTTP/1.1\r\nHost: localhost\r\n"])
def test_who_holds_connections_open_keeps_nobody_out(emulator: Emulator, script: Script, beginning: bytes) -> None:
    bucket, sagemaker = script("echo printed"), emulator.client("sagemaker")
    name = f"held-{len(beginning)}"
    with connections(emulator, beginning):
        with urllib.request.urlopen(f"{emulator.url}/_ssm/health", timeout=60) as answer:
            assert answer.status == 200
        sagemaker.create_training_job(**request(name, bucket))
        assert ended(sagemaker, name)["TrainingJobStatus"] == "Completed"
        before = processor_s(emulator)
        time.sleep(2)
        assert processor_s(emulator) - before < 1
    streams = emulator.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/"
    )
    assert "printed" in [event["message"] for event in streams["events"]]


@contextmanager
def no_free_descriptor(emulator: Emulator) -> Iterator[None]:
    """The emulator opens nothing more meanwhile."""
    pid = emulator.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def test_lines_are_shipped_after_a_time_without_free_descriptors(emulator: Emulator, script: Script) -> None:
    bucket, sagemaker = script("sleep 3; echo late"), emulator.client("sagemaker")
    sagemaker.create_training_job(**request("short", bucket))
    while sagemaker.describe_training_job(TrainingJobName="short")["SecondaryStatus"] != "Training":
        time.sleep(0.1)
    with no_free_descriptor(emulator):
        (emulator.home / "jobs" / ".new").mkdir()  # so that the list of jobs is read again
        time.sleep(8)  # longer than the faults of a job are borne
    logs = emulator.client("logs")
    until, found = time.monotonic() + 60, [""]
    while "late" not in found and time.monotonic() < until:
        with suppress(logs.exceptions.ResourceNotFoundException):  # the group comes with the first line
            events = logs.filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="short/")
            found = [event["message"] for event in events["events"]]
        time.sleep(0.2)
    assert "late" in found


def test_jobs_that_wait_end_after_a_time_without_free_descriptors(emulator: Emulator, script: Script) -> None:
    bucket, sagemaker = script("true"), emulator.client("sagemaker")
    names = [f"waits-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: sagemaker.create_training_job(**request(name, bucket)), names))
    with no_free_descriptor(emulator):
        time.sleep(1)
    assert {ended(sagemaker, name, 60)["TrainingJobStatus"] for name in names} <= {"Completed", "Failed"}
