"""One job whole: what it was made from, went through and measured, as far as that is known, and nothing invented."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest

from simple_sagemaker.core.aws_api import Logs
from simple_sagemaker.core.job import Job, of_processing, of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.tasks.job_facts import InputFact, facts_of
from simple_sagemaker.tasks.job_report import MetricReport, PhaseReport, report
from tests.unit.jobs.test_past_lines import Pages
from tests.unit.jobs.watching import JOB, Watch, described
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE, processing

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
RUN: dict[str, Any] = {
    "kind": "run",
    "entry_point": "w.py",
    "command": None,
    "arguments": ["a", "b c"],
    "distribution": {"mpi": {"enabled": True}},
    "fingerprint": {"inputs": "digest"},
    "made_from": {
        "image": "pytorch 2.6",
        "inputs": {"data": "folder", "other": "s3://b/x"},
        "input_marks": {"data": [1, 10], "other": [2, 20]},
        "files": {"w.py": "644 ab"},
    },
}


def trained(**members: Any) -> Job:
    s3 = {"S3DataSource": {"S3Uri": "s3://b/data/"}}
    system = {"FileSystemType": "EFS", "FileSystemId": "fs-1", "DirectoryPath": "/d"}
    channels = [
        {"ChannelName": "data", "DataSource": s3},
        {"ChannelName": "disk", "DataSource": {"FileSystemDataSource": system}},
        {"ChannelName": "ssm_source", "DataSource": s3},
    ]
    given: dict[str, Any] = {
        "HyperParameters": {"lr": "0.1", "words": '["a"]', "sagemaker_program": '"w.py"'},
        "Environment": {"B": "1", "A": "2"},
        "AlgorithmSpecification": {"TrainingImage": "image:1"},
        "InputDataConfig": channels,
        **members,
    }
    return of_training(described(("Starting", "s"), ("Training", "t"), **given))


def services(run: Any = None, pages: Pages | None = None) -> Services:
    made = Watch().services(lambda _: 0.0, Reading(), NOON + timedelta(minutes=10))
    store = MemoryStore()
    if run is not None:
        store.write("b", PLACE.source(JOB) + "run.json", run if isinstance(run, bytes) else json.dumps(run).encode())
    return replace(made, store=store, logs=cast("Logs", pages or Pages({})), price=lambda *_: 6.0)


def test_what_a_job_was_made_from_is_what_its_run_file_and_the_service_have() -> None:
    facts = facts_of(trained(), PLACE, services(RUN))
    assert (facts.kind, facts.entry_point, facts.command, facts.arguments) == ("run", "w.py", "", "a 'b c'")
    assert facts.hyperparameters == {"lr": "0.1", "words": "a"}
    assert (facts.image, facts.image_uri, facts.environment) == ("pytorch 2.6", "image:1", ("A", "B"))
    assert facts.distribution == '{"mpi": {"enabled": true}}'
    assert facts.inputs == (
        InputFact(channel="data", address="s3://b/data/", origin="folder"),
        InputFact(channel="disk", address="EFS fs-1:/d", origin=""),
    )
    assert (facts.inputs_digest, facts.inputs_size, facts.files) == ("digest", "3 files, 30 B", {"w.py": "644 ab"})


@pytest.mark.parametrize("place", [None, replace(PLACE, bucket="")])
def test_without_a_place_the_service_alone_is_asked(place: Any) -> None:
    facts = facts_of(trained(), place, services(RUN))
    assert (facts.kind, facts.entry_point, facts.image, facts.files) == ("", "", "", {})
    assert facts.hyperparameters == {"lr": "0.1", "words": "a"}


@pytest.mark.parametrize(
    ("run", "size"),
    [
        (b"", ""),
        ({"made_from": "damaged"}, ""),
        ({"made_from": {"inputs": [], "files": [], "input_marks": []}}, ""),
        ({"made_from": {"input_marks": {}}}, ""),
        ({"made_from": {"input_marks": {"a": [1, 2], "b": [1]}}}, ""),
        ({"made_from": {"input_marks": {"a": ["x", "y"]}}}, ""),
        ({"made_from": {"input_marks": {"a": [1, 2]}}}, "1 file, 2 B"),
    ],
)
def test_a_damaged_run_file_hides_nothing_else(run: Any, size: str) -> None:
    facts = facts_of(trained(), PLACE, services(run))
    assert (facts.files, facts.image, facts.inputs_size) == ({}, "", size)
    assert [one.origin for one in facts.inputs] == ["", ""]


@pytest.mark.parametrize(
    ("algorithm", "image"), [({"AlgorithmName": "mine"}, "mine"), ({}, ""), ({"TrainingImage": "i"}, "i")]
)
def test_the_image_is_an_address_or_the_name_of_an_algorithm(algorithm: dict[str, str], image: str) -> None:
    assert facts_of(trained(AlgorithmSpecification=algorithm), None, services()).image_uri == image


def test_a_processing_job_is_one_and_has_its_own_inputs() -> None:
    inputs = [{"InputName": name, "S3Input": {"S3Uri": f"s3://b/{name}"}} for name in ("x", "ssm_source", "state_prev")]
    job = of_processing(
        {**processing("p", "Completed"), "ProcessingInputs": inputs, "AppSpecification": {"ImageUri": "i"}}
    )
    facts = facts_of(job, None, services())
    assert (facts.kind, facts.image_uri) == ("process", "i")
    assert facts.inputs == (InputFact(channel="x", address="s3://b/x", origin=""),)


def test_a_report_has_times_counts_and_costs() -> None:
    phases = [("Starting", ""), ("Training", ""), ("Interrupted", ""), ("Starting", ""), ("Training", "again")]
    lines = [(1000, "loss=3"), (2000, "loss=1"), (3000, "loss=2")]
    job = of_training(
        described(
            *phases,
            hosts=2,
            EnableManagedSpotTraining=True,
            TrainingStartTime=NOON + timedelta(minutes=1),
            AlgorithmSpecification={"MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}]},
            CheckpointConfig={"S3Uri": "s3://b/p/task/state"},
            StoppingCondition={"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200},
        )
    )
    for one, following in zip(
        job.answer["SecondaryStatusTransitions"], job.answer["SecondaryStatusTransitions"][1:], strict=False
    ):
        one["EndTime"] = following["StartTime"]
    found = report(Listed(job, "p", "task"), PLACE, services(RUN, Pages({f"{JOB}/algo-1-1": lines})), pytest.fail)
    assert (found.project, found.task, found.trial, found.job, found.short_name) == ("p", "task", None, JOB, "a1B2c3D4")
    assert (found.status, found.condition, found.kind, found.is_spot) == ("InProgress", "start 2", "training", True)
    assert (found.starts, found.interruptions, found.waited_s) == (2, 1, 180.0)
    assert (found.ran_s, found.billed_s, found.max_run_s, found.max_wait_s) == (540, None, 3600, 7200)
    assert found.cost_usd == pytest.approx(2 * 540 * 6.0 / 3600)
    assert found.phases[-1] == PhaseReport(
        name="Training", message="again", began=NOON + timedelta(minutes=4), seconds=360.0
    )
    assert [one.seconds for one in found.phases[:-1]] == [60.0] * 4
    assert found.metrics == (MetricReport(name="loss", newest=2.0, best="1 (lowest)", count=3),)
    assert found.made_from.entry_point == "w.py"
    assert [*found.results] == ["model", "output", "state"]
    assert (found.created, found.ended) == (job.created, None)
    assert (found.reason, found.message, found.hosts, found.instance_type) == (None, None, 2, "ml.m5.large")
