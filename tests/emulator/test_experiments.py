"""Experiments and trials through boto3, and a job of ours that is part of them; trial components are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator


def test_a_job_of_ours_is_part_of_an_experiment_that_boto3_finds(emulator: Emulator, tmp_path: Path) -> None:
    client = emulator.client("sagemaker")
    (tmp_path / "w.py").write_text("print('ran')\n")
    words = ("run", "-p", "exp", "-t", "task", "-e", "w.py", "--in_experiment", "Mine", "first", "--it", "ml.m5.large")
    done = emulator.ssm(tmp_path, *words, SSM_HOME=str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert client.describe_experiment(ExperimentName="Mine")["ExperimentArn"].endswith(":experiment/mine")
    (trial,) = client.get_paginator("list_trials").paginate(ExperimentName="Mine").build_full_result()["TrialSummaries"]
    assert trial["TrialName"] == "first"
    jobs = client.list_training_jobs(NameContains="task-")["TrainingJobSummaries"]
    config = client.describe_training_job(TrainingJobName=jobs[0]["TrainingJobName"])["ExperimentConfig"]
    assert config == {"ExperimentName": "Mine", "TrialName": "first"}
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.describe_trial(TrialName="none")
    with pytest.raises(ClientError, match="already exists"):
        client.create_experiment(ExperimentName="Mine")
    with pytest.raises(ClientError, match="does not serve CreateTrialComponent"):
        client.create_trial_component(TrialComponentName="c")
