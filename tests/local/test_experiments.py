"""SageMaker's own experiments on this machine: made, found and listed, by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.experiments import Experiment
from simple_sagemaker.errors import UsageError
from simple_sagemaker.local.api.experiments import LocalExperiments
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.tasks.experiments import make, missing_parts
from tests.cli.conftest import Shell


@pytest.fixture
def service(tmp_path: Path) -> LocalExperiments:
    return LocalExperiments(Home(tmp_path / "home"))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def names(answer: dict[str, Any], kind: str) -> list[str]:
    return [one[f"{kind}Name"] for one in answer[f"{kind}Summaries"]]


def test_experiments_and_trials_are_made_described_and_listed(service: LocalExperiments) -> None:
    arn = service.create_experiment(ExperimentName="One", Description="first")["ExperimentArn"]
    assert arn.endswith(":experiment/one")
    service.create_experiment(ExperimentName="two")
    service.create_trial(TrialName="t1", ExperimentName="One")
    service.create_trial(TrialName="t2", ExperimentName="two", DisplayName="shown")
    described = service.describe_experiment(ExperimentName="One")
    assert (described["ExperimentArn"], described["Description"], described["DisplayName"]) == (arn, "first", "One")
    assert service.describe_trial(TrialName="t2")["DisplayName"] == "shown"
    assert names(service.list_experiments(SortBy="Name", SortOrder="Ascending"), "Experiment") == ["One", "two"]
    assert names(service.list_trials(), "Trial") == ["t2", "t1"]
    assert names(service.list_trials(ExperimentName="One"), "Trial") == ["t1"]
    first = service.list_trials(MaxResults=1)
    assert names(service.list_trials(MaxResults=1, NextToken=first["NextToken"]), "Trial") == ["t1"]
    service.delete_trial(TrialName="t1")
    service.delete_experiment(ExperimentName="One")
    assert names(service.list_experiments(), "Experiment") == ["two"]


@pytest.mark.parametrize(
    ("operation", "request_members", "code"),
    [
        ("create_experiment", {"ExperimentName": "one"}, "ValidationException"),
        ("create_experiment", {"ExperimentName": "../up"}, "ValidationException"),
        ("create_experiment", {"ExperimentName": "x" * 121}, "ValidationException"),
        ("create_trial", {"TrialName": "t", "ExperimentName": "none"}, "ResourceNotFound"),
        ("describe_experiment", {"ExperimentName": "none"}, "ResourceNotFound"),
        ("describe_trial", {"TrialName": "none"}, "ResourceNotFound"),
        ("delete_experiment", {"ExperimentName": "one"}, "ValidationException"),
        ("list_trials", {"TrialComponentName": "c"}, "ValidationException"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_service(
    service: LocalExperiments, operation: str, request_members: dict[str, str], code: str
) -> None:
    service.create_experiment(ExperimentName="one")
    service.create_trial(TrialName="kept", ExperimentName="one")
    with pytest.raises(ClientError) as raised:
        getattr(service, operation)(**request_members)
    assert raised.value.response["Error"]["Code"] == code


def test_what_a_task_names_is_made_once(service: LocalExperiments) -> None:
    wanted: Any = Experiment(name="one", trial="t")
    client: Any = service
    assert missing_parts(wanted, client) == ("Experiment: one would be created", "Trial: t would be created")
    assert make(wanted, client) == "Experiment: created the experiment one and the trial t"
    assert make(wanted, client) == ""
    assert missing_parts(wanted, client) == ()
    with pytest.raises(UsageError, match="is of the experiment one"):
        make(Experiment(name="other", trial="t"), client)


def test_a_file_that_is_damaged_is_no_experiment(service: LocalExperiments, tmp_path: Path) -> None:
    service.create_experiment(ExperimentName="one")
    (tmp_path / "home/experiments/experiments/one.json").write_text("[]")
    assert names(service.list_experiments(), "Experiment") == []


def test_a_job_is_part_of_an_experiment(shell: Shell) -> None:
    shell.write("w.py", "print('ran')\n")
    wrong = shell.run("-e", "w.py", "--in_experiment", "a_b")
    assert (wrong.status, "neither begins nor" in wrong.err) == (2, True)
    dry = shell.run("-e", "w.py", "--in_experiment", "mine", "--dry_run")
    assert "Experiment: mine would be created" in dry.out + dry.err
    done = shell.run("-e", "w.py", "--in_experiment", "mine", "first")
    assert done.status == 0, done.err
    assert "Experiment: created the experiment mine and the trial first" in done.err
    (job,) = shell.jobs()
    request = json.loads((job / "request.json").read_text())
    assert request["ExperimentConfig"] == {"ExperimentName": "mine", "TrialName": "first"}
