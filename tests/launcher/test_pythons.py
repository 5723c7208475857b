"""The launcher and the worker's library on the oldest and the newest Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.launcher.job import REPORT, JobFolder

VERSIONS = ["3.6", "3.8", "3.13"]
WORKER = """
from worker_toolkit import worker_lib
worker_config = worker_lib.WorkerConfig()
assert worker_config.hps == {"msg": "Hello, world!"}, worker_config.hps
assert worker_config.channel_data.endswith("/input/data/data")
"""


def interpreter(version: str) -> str:
    found = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"no Python {version} here")
    return str(found[-1])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("way", ["direct", "toolkit", "train"])
def test_a_job_runs_under_the_plainest_locale(job: JobFolder, version: str, way: str) -> None:
    job.python = interpreter(version)
    job.hyperparameters = {"msg": '"Hello, world!"'}
    if way == "train":
        job.hyperparameters["sagemaker_program"] = '"train.py"'
    if way != "train":
        job.run_file["arguments"] = ["日本", "\udcff", ""]
    if way == "toolkit":
        job.environment = {"SM_HPS": '{"msg":"Hello, world!"}', "SM_CHANNELS": '["data"]'}
        job.environment["SM_CHANNEL_DATA"] = "/x/input/data/data"
    job.channels = {"data": {"TrainingInputMode": "File"}}
    job.files["train.py"] = REPORT + (WORKER if way != "train" else "")
    job.environment.update(LANG="C", LC_ALL="C")
    ended = job.run(way)
    assert ended.status == 0, ended.text
    expected = ["--msg", "Hello, world!"] + ([] if way == "train" else ["日本", "\udcff", ""])
    assert job.report.words == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_a_failing_job_tells_why(job: JobFolder, version: str) -> None:
    job.python = interpreter(version)
    job.files = {"train.py": "raise ValueError('\\u65e5')"}
    job.environment = {"LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}
    assert job.run().status == 1
    assert 'ErrorMessage "ValueError: 日"' in job.failure
