"""What a list shows of each job, and of how many running jobs it reads the lines."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.aws_api import Logs
from simple_sagemaker.core.job import Job, of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.jobs.rows import JobRow, MetricValue, rows
from tests.unit.jobs.test_past_lines import Pages
from tests.unit.jobs.watching import JOB, Watch, described, refused

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
METRICS = {"MetricDefinitions": [{"Name": name, "Regex": rf"{name}=(\S+)"} for name in ("a", "b")]}


def job(status: str = "InProgress", **members: Any) -> Job:
    given: dict[str, Any] = {"AlgorithmSpecification": METRICS, "TrainingStartTime": NOON, **members}
    return of_training(described(("Training" if status == "InProgress" else status, ""), status=status, **given))


def services(pages: Any) -> Services:
    made = Watch().services(lambda _: 0.0, Reading(), NOON + timedelta(hours=1))
    return replace(made, logs=cast("Logs", pages), price=lambda *_: 2.0)


def shown(job: Job, pages: Any = None) -> JobRow:
    (row,) = rows([Listed(job, "p", "task")], services(pages or Pages({})))
    return row


def test_a_row_has_what_is_known_of_the_job() -> None:
    assert shown(job(EnableManagedSpotTraining=True)) == JobRow(
        project="p",
        task="task",
        trial=None,
        job=JOB,
        short_name="a1B2c3D4",
        kind="training",
        status="InProgress",
        condition="",
        hosts=1,
        instance_type="ml.m5.large",
        is_spot=True,
        created=NOON - timedelta(minutes=1),
        ended=None,
        ran_s=3600,
        cost_usd=2.0,
        metric=None,
    )


@pytest.mark.parametrize(
    ("final", "metric"),
    [
        ([("b", 2.0), ("a", 1.0)], MetricValue(name="a", value=1.0)),
        ([("c", 3.0), ("b", 2.0)], MetricValue(name="b", value=2.0)),
        ([("c", 3.0)], MetricValue(name="c", value=3.0)),
        ([], None),
    ],
)
def test_the_first_metric_that_has_a_value_is_shown(final: list[tuple[str, float]], metric: MetricValue | None) -> None:
    data = [{"MetricName": name, "Value": value} for name, value in final]
    assert shown(job("Completed", FinalMetricDataList=data)).metric == metric


def test_the_metric_of_a_running_job_is_the_newest_of_its_first_hosts_last_lines() -> None:
    lines = [(number, f"a={number}") for number in range(300)]
    pages = Pages({f"{JOB}/algo-1-1": [(0, "b=7"), *lines], f"{JOB}/algo-2-1": [(9, "a=1000")]})
    assert shown(job(), pages).metric == MetricValue(name="a", value=299.0)
    assert shown(job(), Pages({f"{JOB}/algo-1-1": [(0, "b=7")]})).metric == MetricValue(name="b", value=7.0)
    assert shown(job(), Pages({f"{JOB}/algo-1-1": [(0, "x")]})).metric is None


@pytest.mark.parametrize("status", ["Completed", "Failed"])
def test_the_lines_of_a_job_that_ended_are_not_read(status: str) -> None:
    pages = Pages({f"{JOB}/algo-1-1": [(0, "a=1")]})
    assert shown(job(status), pages).metric is None
    assert pages.read == 0
    shown(job(AlgorithmSpecification={}), pages)
    assert pages.read == 0


def test_the_lines_of_ten_running_jobs_at_most_are_read() -> None:
    pages = Pages({f"{JOB}/algo-1-1": [(0, "a=1")]})
    ended = [Listed(job("Completed"), "p", "task")] * 3
    found = rows([*ended, *([Listed(job(), "p", "task")] * 12)], services(pages))
    assert [row.metric is not None for row in found] == [False] * 3 + [True] * 10 + [False] * 2


class Failing(Pages):
    """Logs that answer with an error."""

    def __init__(self, code: str) -> None:
        super().__init__({})
        self.code = code

    def describe_log_streams(self, **_: Any) -> Any:
        raise refused(self.code, operation="DescribeLogStreams")


def test_a_list_is_shown_without_a_metric_while_logs_are_throttled() -> None:
    assert shown(job(), Failing("ThrottlingException")).metric is None
    with pytest.raises(ClientError, match="AccessDenied"):
        shown(job(), Failing("AccessDeniedException"))
