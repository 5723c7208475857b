"""A job's phases with their times; why a job failed, what it waits for, how long it ran, in few words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from simple_sagemaker.core.job import Job, of_processing, of_training
from simple_sagemaker.jobs import timeline
from simple_sagemaker.jobs.timeline import reason_in_short
from tests.unit.jobs.watching import described

HEAD = "AlgorithmError: ExecuteUserScriptError:\nExitCode 7\n"
CREATED = datetime(2030, 1, 31, 11, 59, tzinfo=timezone.utc)
NOON = datetime(2030, 1, 31, 12, 0, tzinfo=timezone.utc)
INSUFFICIENT = "Insufficient capacity error from EC2 while launching instances, retrying!"


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        (f'{HEAD}ErrorMessage ""\nCommand "python w.py"', "ExitCode 7"),
        (f'{HEAD}ErrorMessage "\n"\nCommand "python w.py"', "ExitCode 7"),
        (f'{HEAD}ErrorMessage "no such\ncolumn"\nCommand "python w.py"', "no such column"),
        ("AlgorithmError: , exit code: 1", "AlgorithmError: , exit code: 1"),
        ('said "ExitCode 3"\nand more', 'said "ExitCode 3"'),
        ("", ""),
    ],
)
def test_a_reason_is_the_codes_words_else_its_exit_code_else_the_first_line(reason: str, short: str) -> None:
    assert reason_in_short(reason) == short


def trained(*phases: tuple[str, str], status: str = "InProgress", **members: Any) -> Job:
    return of_training(described(*phases, status=status, **members))


def processed(status: str, *, started_s: float | None = None, ended_s: float | None = None, **members: Any) -> Job:
    times = {"ProcessingStartTime": started_s, "ProcessingEndTime": ended_s}
    return of_processing(
        {
            "ProcessingJobName": "p",
            "ProcessingJobStatus": status,
            "CreationTime": CREATED,
            **{name: NOON + timedelta(seconds=at) for name, at in times.items() if at is not None},
            **members,
        }
    )


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (trained(("Starting", "Preparing")), "starting"),
        (trained(("Starting", INSUFFICIENT)), "waits for machines"),
        (trained(("Pending", "")), "waits for machines"),
        (trained(("Downloading", INSUFFICIENT)), "downloading"),
        (trained(("Training", "")), ""),
        (trained(("Interrupted", "")), "interrupted, waits for machines"),
        (trained(("Training", ""), ("Interrupted", ""), ("Starting", "")), "starting, start 2"),
        (trained(("Training", ""), ("Interrupted", ""), ("Pending", "")), "waits for machines, start 2"),
        (trained(("Training", ""), ("Interrupted", ""), ("Training", "")), "start 2"),
        (trained(("Training", ""), ("Restarting", "")), "restarts"),
        (trained(("Stopping", ""), status="Stopping"), "saves what it wrote"),
        (trained(("Stopped", ""), status="Stopped"), ""),
        (trained(("MaxRuntimeExceeded", ""), status="Stopped"), "ran too long"),
        (trained(("MaxWaitTimeExceeded", ""), status="Stopped"), "waited too long"),
        (trained(("Completed", ""), status="Completed"), ""),
        (trained(("Failed", ""), status="Failed", FailureReason="exit 3\nand more"), "exit 3"),
        (trained(("Failed", ""), status="Failed"), ""),
    ],
)
def test_the_condition_says_what_a_job_waits_for_or_why_it_ended(job: Job, words: str) -> None:
    assert timeline.condition(job) == words


def test_the_phases_of_a_training_job_come_without_its_end() -> None:
    job = trained(("Starting", "a"), ("Training", "b"), ("Completed", "c"), status="Completed")
    phases = timeline.timeline(job)
    assert [(one.name, one.message, one.began) for one in phases] == [
        ("Starting", "a", NOON),
        ("Training", "b", NOON + timedelta(minutes=1)),
    ]
    assert phases[0].seconds(NOON + timedelta(seconds=90)) == 90.0
    stopping = trained(("Training", ""), ("Stopping", ""), status="Stopping")
    assert [one.name for one in timeline.timeline(stopping)] == ["Training", "Stopping"]


def test_a_phase_that_ended_took_what_it_took_and_one_without_a_time_nothing() -> None:
    ended = timeline.TimedPhase(name="x", message="", began=NOON, ended=NOON + timedelta(seconds=5))
    assert ended.seconds(NOON + timedelta(hours=1)) == 5.0
    assert timeline.TimedPhase(name="x", message="", began=None, ended=NOON).seconds(NOON) == 0.0


@pytest.mark.parametrize(
    ("job", "phases"),
    [
        (processed("InProgress"), [("Starting", CREATED, None)]),
        (processed("InProgress", started_s=0), [("Starting", CREATED, NOON), ("Processing", NOON, None)]),
        (
            processed("Completed", started_s=0, ended_s=9),
            [("Starting", CREATED, NOON), ("Processing", NOON, NOON + timedelta(seconds=9))],
        ),
        (processed("Failed", ended_s=9), [("Starting", CREATED, NOON + timedelta(seconds=9))]),
    ],
)
def test_a_processing_jobs_phases_come_from_its_two_times(
    job: Job, phases: list[tuple[str, datetime, datetime | None]]
) -> None:
    assert [(one.name, one.began, one.ended) for one in timeline.timeline(job)] == phases


def test_the_end_is_the_services_time_else_that_of_the_last_change() -> None:
    later = NOON + timedelta(seconds=30)
    done = trained(("Completed", ""), status="Completed", TrainingEndTime=NOON, LastModifiedTime=later)
    assert timeline.ended_at(done) == NOON
    assert timeline.ended_at(trained(("Failed", ""), status="Failed", LastModifiedTime=later)) == later
    assert timeline.ended_at(trained(("Training", ""), LastModifiedTime=later)) is None
    assert timeline.ended_at(processed("Completed", started_s=0, ended_s=30, LastModifiedTime=NOON)) == later


@pytest.mark.parametrize(
    ("job", "ran_s"),
    [
        (trained(("Training", ""), TrainingStartTime=NOON), 60),
        (trained(("Training", ""), TrainingStartTime=NOON + timedelta(minutes=5)), 0),
        (trained(("Starting", "")), None),
        (trained(("Completed", ""), status="Completed", TrainingStartTime=NOON, TrainingTimeInSeconds=9), 9),
        (trained(("Failed", ""), status="Failed", TrainingStartTime=NOON), None),
        (processed("InProgress", started_s=20), 40),
        (processed("Completed", started_s=20, ended_s=30), 10),
    ],
)
def test_how_long_each_host_ran(job: Job, ran_s: int | None) -> None:
    assert timeline.ran_s(job, NOON + timedelta(minutes=1)) == ran_s


def test_waiting_is_all_that_passes_before_hosts_work_in_every_start() -> None:
    phases = [("Starting", ""), ("Downloading", ""), ("Training", ""), ("Interrupted", ""), ("Pending", "")]
    job = trained(*phases, ("Starting", ""), ("Restarting", ""), ("Training", ""))
    ends = job.answer["SecondaryStatusTransitions"]
    for one, following in pairwise(ends):
        one["EndTime"] = following["StartTime"]
    assert timeline.waited_s(job, NOON + timedelta(minutes=9)) == 5 * 60.0
    assert timeline.attempts(job) == 3
