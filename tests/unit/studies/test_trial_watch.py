"""What a trial's lines say of the objective while it runs, and after its end."""

from __future__ import annotations

from typing import Any, cast

import pytest

from simple_sagemaker.core.aws_api import Logs, SageMaker
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading
from simple_sagemaker.jobs.outages import Clock
from simple_sagemaker.studies.study import MOST_OF_CURVE
from simple_sagemaker.studies.trial_watch import TrialWatch, objective_of
from tests.unit.jobs.watching import CloudWatch, described, refused
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import World


class Sage:
    def __init__(self, status: str) -> None:
        self.status = status
        self.looks = 0

    def describe_training_job(self, **_: Any) -> Any:
        self.looks += 1
        return described((self.status if self.status != "InProgress" else "Training", ""), status=self.status)


def watch(
    cloud: CloudWatch, status: str = "InProgress", reading: Reading | None = None
) -> tuple[TrialWatch, Sage, list[float]]:
    """A watch on a job, and a clock of which waiting alone moves the hand."""
    sage, now = Sage(status), [0.0]
    services = replace(
        World(MemoryStore()).services(),
        sagemaker=cast("SageMaker", sage),
        logs=cast("Logs", cloud),
        reading=reading or Reading(),
        pace=lambda _: 10.0,
    )

    def sleep(seconds: float) -> None:
        now[0] += seconds

    clock = Clock(seconds=lambda: now[0], sleep=sleep)
    return TrialWatch("job", "loss", "loss=(.*?);", services, note=lambda _: None, clock=clock), sage, now


def test_the_curve_is_of_the_first_host_that_prints_the_objective_and_the_last_of_any() -> None:
    cloud = CloudWatch(streams={"job/algo-1-100": ["hello"], "job/algo-2-100": ["loss=3;", "loss=2;"]})
    one, *_ = watch(cloud)
    assert one.poll()
    cloud.streams["job/algo-1-100"].append("loss=9;")
    one._lines_due = 0.0
    one.poll()
    assert (one.curve, one.last, one.lines, one.newest_line) == ([3.0, 2.0], 9.0, 4, "loss=9;")
    assert one.problem == ""


def test_a_curve_has_so_many_values_at_most_and_the_last_counts_all_the_same() -> None:
    lines = [f"loss={number};" for number in range(MOST_OF_CURVE + 5)]
    one, *_ = watch(CloudWatch(streams={"job/algo-1-100": lines}), "Completed")
    one.poll()
    assert len(one.curve) == MOST_OF_CURVE
    assert (one.curve[-1], one.last) == (MOST_OF_CURVE - 1, MOST_OF_CURVE + 4)


def test_a_job_is_described_when_that_is_due_and_its_lines_when_they_are() -> None:
    one, sage, now = watch(CloudWatch(streams={"job/algo-1-100": []}), reading=Reading(pace=lambda _: 3.0))
    assert one.poll()
    assert one.poll() is None  # nothing is due
    assert one.due == 3.0
    now[0] = 3.0
    assert one.poll() is None
    now[0] = 10.0
    assert one.poll()
    assert sage.looks == 2


@pytest.mark.parametrize(("comes", "value"), [(True, 0.5), (False, None)])
def test_after_the_end_late_lines_are_waited_for_where_the_objective_has_not_come(
    comes: bool, value: float | None
) -> None:
    cloud = CloudWatch(streams={"job/algo-1-100": ["begun"]})
    one, _, now = watch(cloud, "Completed", Reading(settle_s=(1.0, 2.0)))

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if comes:
            cloud.streams["job/algo-1-100"][1:] = ["loss=0.5;"]

    one._clock = Clock(seconds=lambda: now[0], sleep=sleep)
    one.poll()
    assert (one.last, now[0] >= 3.0) == (value, True)
    printed, _, now = watch(CloudWatch(streams={"job/algo-1-100": ["loss=1;"]}), "Completed", Reading(settle_s=(1.0,)))
    printed.poll()
    assert (printed.last, now[0]) == (1.0, 0.0)  # what has come needs no waiting


def test_lines_that_may_not_be_read_are_said_once_and_not_asked_for_again() -> None:
    class Denied(CloudWatch):
        def describe_log_streams(self, **request: Any) -> Any:
            self.calls.append("DescribeLogStreams")
            raise refused("AccessDeniedException", operation="DescribeLogStreams")

    cloud = Denied()
    one, *_ = watch(cloud, "Completed")
    assert one.poll()
    assert one.problem == "the trials' lines cannot be read, so that nothing is known of a trial before its end"
    one.poll()
    assert len(cloud.calls) == 1


def test_the_services_last_value_counts_before_what_was_seen() -> None:
    final = [{"MetricName": "loss", "Value": 0.25}, {"MetricName": "other", "Value": 9.0}]
    job = of_training(described(("Completed", ""), status="Completed", FinalMetricDataList=final))
    assert objective_of(job, "loss", 0.5) == 0.25
    assert objective_of(job, "accuracy", 0.5) == 0.5
    assert objective_of(of_training(described(("Completed", ""))), "loss", None) is None
