"""A name is one job's of each kind, whatever happens at the same time."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from simple_sagemaker.local.job.folder import delete_job, find_job, places
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.local.job.kinds import PROCESSING, TRAINING
from tests.counts import examples
from tests.unit.local import made_jobs


def test_a_name_stays_taken_when_the_job_of_the_other_kind_goes(tmp_path: Path) -> None:
    home = Home(tmp_path)
    delete = made_jobs.make(home, "twin", kind=TRAINING)
    made_jobs.make(home, "twin", kind=PROCESSING)
    delete_job(delete)
    with pytest.raises(FileExistsError):
        made_jobs.make(home, "twin", kind=PROCESSING)
    made_jobs.make(home, "twin", kind=TRAINING)
    for kind in (TRAINING, PROCESSING):
        job = find_job(home.jobs, kind, "twin")
        assert job
        assert job.name == "twin"
        assert kind.name in job.request()


def test_no_two_jobs_of_one_kind_and_name_are_made_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    failures: list[BaseException] = []
    gate = threading.Barrier(3)
    made: list[int] = []

    def process() -> None:
        try:
            gate.wait()
            with suppress(FileExistsError):
                made_jobs.make(home, "twin", kind=PROCESSING)
                made.append(1)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    for _ in range(examples(30, 1000)):
        made.clear()
        other = made_jobs.make(home, "twin", kind=TRAINING)
        threads = [threading.Thread(target=process) for _ in range(2)]
        for thread in threads:
            thread.start()
        gate.wait()
        delete_job(other)
        for thread in threads:
            thread.join()
        assert not failures
        assert len(made) <= 1
        left = [place for place in places(home.jobs, PROCESSING, "twin") if place.exists()]
        assert len(left) == len(made)
        while job := find_job(home.jobs, PROCESSING, "twin"):
            delete_job(job)
