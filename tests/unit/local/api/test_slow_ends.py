"""Ending a job whose supervisor was killed takes as long as its containers do; nobody else waits for that."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.folder import JobFolder
from simple_sagemaker.local.job.home import Home, Settings
from tests.unit.local.made_jobs import SETTINGS, make

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")
LONGEST_S = 60


class Gate:
    """A command in Docker's place, which begins to wait and goes on once it may."""

    def __init__(self, folder: Path) -> None:
        self.command = folder / "docker"
        self.waits, self.may_go_on = folder / "waits", folder / "go"
        self.command.write_text(
            f"#!/bin/sh\ntouch {self.waits}\nwhile [ ! -e {self.may_go_on} ]; do sleep 0.02; done\n"
        )
        self.command.chmod(0o700)

    def await_caller(self) -> None:
        until = time.monotonic() + LONGEST_S
        while not self.waits.exists():
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    one = Gate(tmp_path)
    yield one
    one.may_go_on.touch()


def in_container(home: Home, name: str, gate: Gate) -> JobFolder:
    """A job in a container whose supervisor is gone."""
    job = make(home, name, status="InProgress")
    settings = {**SETTINGS, "isolation": "docker", "docker": [str(gate.command)], "docker_environment": {}}
    (job.path / "settings.json").write_text(json.dumps(settings))
    return job


def test_listings_go_on_while_the_containers_of_a_job_are_removed(tmp_path: Path, gate: Gate) -> None:
    home = Home(tmp_path / "home")
    make(home, "other")
    in_container(home, "killed", gate)
    engine = LocalSageMaker(home, settings=Settings(python=sys.executable))

    def listed() -> dict[str, str]:
        jobs = engine.list_training_jobs()["TrainingJobSummaries"]
        return {job["TrainingJobName"]: job["TrainingJobStatus"] for job in jobs}

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(listed)
        gate.await_caller()
        done = threading.Event()

        def look() -> tuple[dict[str, str], list[str]]:
            found = listed(), engine.index.running()
            make(home, "later")
            found = listed(), engine.index.running()
            done.set()
            return found

        second = pool.submit(look)
        try:
            assert done.wait(LONGEST_S), "a listing waits for another one's containers"
            assert not first.done()
            assert second.result() == (
                {"other": "Completed", "killed": "InProgress", "later": "Completed"},
                ["killed"],
            )
        finally:
            gate.may_go_on.touch()
        assert first.result(LONGEST_S) == {"other": "Completed", "killed": "Failed", "later": "Completed"}
    assert engine.index.running() == []


def test_an_end_that_cannot_be_written_ends_no_listing(tmp_path: Path, gate: Gate) -> None:
    home = Home(tmp_path / "home")
    make(home, "other")
    job = in_container(home, "killed", gate)
    (job.path / "settings.json").write_text(json.dumps({**SETTINGS, "isolation": "docker", "unknown": 1}))
    engine = LocalSageMaker(home, settings=Settings(python=sys.executable))
    names = [one["TrainingJobName"] for one in engine.list_training_jobs()["TrainingJobSummaries"]]
    assert "other" in names
