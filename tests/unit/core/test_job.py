"""What the product reads out of a processing job's description."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simple_sagemaker.core.job import Job, of_processing
from simple_sagemaker.errors import JobFailed, JobStopped
from simple_sagemaker.jobs.follow import result
from simple_sagemaker.jobs.outcome import check
from simple_sagemaker.jobs.phases import Phases
from tests.unit.jobs.watching import JOB

BEGAN = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
AT = "s3://b/p/task"


def output(name: str, uri: str) -> dict[str, Any]:
    return {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{name}"}}


def processing(status: str, *, seconds: int | None = None, started: bool = True, **more: Any) -> Job:
    """A job as described; it has run for so many seconds, if it has ended."""
    answer: dict[str, Any] = {
        "ProcessingJobName": JOB,
        "ProcessingJobStatus": status,
        "CreationTime": BEGAN,
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.t3.medium", "InstanceCount": 2}},
        "ProcessingInputs": [{"InputName": "ssm_source", "S3Input": {"S3Uri": f"{AT}/{JOB}/source/"}}],
        "ProcessingOutputConfig": {
            "Outputs": [output("state", f"{AT}/state"), output("model", f"{AT}/{JOB}/output/model")]
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **more,
    }
    if started:
        answer["ProcessingStartTime"] = BEGAN
    if seconds is not None:
        answer["ProcessingEndTime"] = BEGAN + timedelta(seconds=seconds)
    return of_processing(answer)


def test_its_phases_are_told_once_each_though_the_service_keeps_no_list() -> None:
    phases = Phases()
    waiting, running = processing("InProgress", started=False), processing("InProgress")
    looks = [waiting, waiting, running, running, processing("Completed", seconds=7)]
    assert [[phase.name for phase in phases.news(job)] for job in looks] == [
        ["Starting"],
        [],
        ["Processing"],
        [],
        ["Completed"],
    ]


def test_what_it_leaves_is_where_its_outputs_of_our_names_go() -> None:
    job = processing("Completed", seconds=7)
    assert job.outputs == {
        "state": f"{AT}/state/",
        "model": f"{AT}/{JOB}/output/model/",
        "source": f"{AT}/{JOB}/source/sourcedir.tar.gz",
    }
    assert job.lies_under(f"{AT}/")
    assert not job.lies_under("s3://b/p/other/")
    assert (job.hosts, job.instance_type, job.seconds, job.is_spot) == (2, "ml.t3.medium", 7, False)


@pytest.mark.parametrize("missing", ["ProcessingInputs", "ProcessingOutputConfig"])
def test_a_job_that_another_client_made_has_no_places_of_ours(missing: str) -> None:
    answer = {**processing("Completed", seconds=1).answer}
    del answer[missing]
    kinds = {"ProcessingInputs": {"state", "model"}, "ProcessingOutputConfig": {"source"}}
    assert of_processing(answer).outputs.keys() == kinds[missing]


def test_its_end_is_told_with_what_its_code_said() -> None:
    failed = processing("Failed", seconds=7, FailureReason="AlgorithmError: See job logs", ExitMessage="no such column")
    with pytest.raises(
        JobFailed, match=r"Failed after 7 s: task-\S+\nAlgorithmError: See job logs\nno such column\nmore"
    ):
        check(result(failed), "more")


@pytest.mark.parametrize(("seconds", "why"), [(7, "asked to stop"), (61, "it ran longer than --max_run_mins 1")])
def test_a_stop_is_told_from_a_limit_by_the_time_it_took(seconds: int, why: str) -> None:
    with pytest.raises(JobStopped, match=why):
        check(result(processing("Stopped", seconds=seconds)))
