"""What jobs cost, added up: every hour and dollar in its column, none of them twice."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.job import Job, of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.jobs import cost
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.jobs.cost_report import CostRow, add_up, total
from tests.unit.jobs.watching import Watch, described

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def services(hourly: float | None = 2.0, engine: str = "aws") -> Services:
    made = Watch().services(lambda _: 0.0, Reading(), NOON + 9 * HOUR)
    return replace(made, price=lambda *_: hourly, engine=engine)


def job(*phases: tuple[str, float], status: str = "Completed", **members: Any) -> Job:
    """A job whose phases took so many hours."""
    transitions, now = [], NOON
    for name, hours in phases:
        transitions.append({"Status": name, "StartTime": now, "EndTime": now + hours * HOUR})
        now += hours * HOUR
    answer: Any = {**described((status, ""), status=status), "SecondaryStatusTransitions": transitions, **members}
    return of_training(answer)


SPOT = job(
    *(("Starting", 0.5), ("Downloading", 0.25), ("Training", 1.0), ("Interrupted", 0.5), ("Starting", 0.25)),
    *(("Training", 0.5), ("Restarting", 0.25), ("Training", 2.0), ("Uploading", 0.125), ("Stopping", 0.125)),
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 30},
    EnableManagedSpotTraining=True,
    TrainingTimeInSeconds=4 * 3600,
    BillableTimeInSeconds=3600,
    WarmPoolStatus={"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 1800},
)


def test_the_hours_of_a_job_are_those_of_all_its_hosts() -> None:
    (row,) = add_up([Listed(SPOT, "p", "t")], "task", services())
    assert row == CostRow(
        name="p/t",
        jobs=1,
        ran_h=8.0,
        billed_h=2.0,
        saved_h=6.0,
        starting_h=3.5,
        again_h=3.0,
        warm_h=1.0,
        cost_usd=4.0,
        saved_usd=12.0,
        warm_usd=2.0,
    )


def test_a_job_that_runs_is_counted_so_far_and_one_that_never_started_not_at_all() -> None:
    running = job(("Training", 1.0), status="InProgress", TrainingStartTime=NOON + 6 * HOUR)
    (row,) = add_up([Listed(running, "p", "t")], "task", services())
    assert (row.ran_h, row.billed_h, row.saved_h, row.cost_usd) == (3.0, 3.0, 0.0, 6.0)
    waiting = job(("Starting", 1.0), status="InProgress")
    (row,) = add_up([Listed(waiting, "p", "t")], "task", services(hourly=None))
    assert (row.ran_h, row.starting_h, row.cost_usd, row.saved_usd, row.warm_usd) == (0.0, 1.0, 0.0, 0.0, 0.0)


def test_without_spot_nothing_is_saved_even_where_less_is_billed() -> None:
    on_demand = job(TrainingTimeInSeconds=7200, BillableTimeInSeconds=3600)
    (row,) = add_up([Listed(on_demand, "p", "t")], "task", services())
    assert (row.ran_h, row.billed_h, row.saved_h) == (2.0, 1.0, 0.0)


ONE_HOUR = job(TrainingTimeInSeconds=3600, BillableTimeInSeconds=3600)
OTHER_TYPE = {"InstanceType": "ml.c5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}


def test_a_sum_with_a_part_of_unknown_price_is_unknown() -> None:
    def price(instance_type: str, _kind: str) -> float | None:
        return 2.0 if instance_type == "ml.m5.large" else None

    priced = replace(services(), price=price)
    other = job(TrainingTimeInSeconds=3600, BillableTimeInSeconds=3600, ResourceConfig=OTHER_TYPE)
    (row,) = add_up([Listed(ONE_HOUR, "p", "t"), Listed(other, "p", "t"), Listed(ONE_HOUR, "p", "t")], "task", priced)
    assert (row.jobs, row.billed_h, row.cost_usd, row.saved_usd, row.warm_usd) == (3, 3.0, None, 0.0, 0.0)
    whole = total([row, CostRow(name="x", jobs=2, cost_usd=1.0, saved_usd=3.0)])
    assert (whole.jobs, whole.billed_h, whole.cost_usd, whole.saved_usd) == (5, 3.0, None, 3.0)
    assert total([CostRow(name="x", cost_usd=1.0), row]).cost_usd is None


def test_jobs_of_this_machine_cost_nothing() -> None:
    (row,) = add_up([Listed(ONE_HOUR, "p", "t")], "task", services(engine="local"))
    assert (row.ran_h, row.cost_usd) == (1.0, None)


def test_the_total_is_the_sum_of_every_column() -> None:
    names = [
        "jobs",
        "ran_h",
        "billed_h",
        "saved_h",
        "starting_h",
        "again_h",
        "warm_h",
        "cost_usd",
        "saved_usd",
        "warm_usd",
    ]
    one = CostRow(name="a")
    for number, name in enumerate(names):
        setattr(one, name, number + 1)
    whole = total([one, one])
    assert {name: getattr(whole, name) for name in names} == {name: 2 * (n + 1) for n, name in enumerate(names)}


def test_the_dearest_row_is_first_then_the_one_of_most_hours_then_by_name() -> None:
    other = job(TrainingTimeInSeconds=7200, BillableTimeInSeconds=7200)
    listed = [Listed(ONE_HOUR, "p", "b"), Listed(ONE_HOUR, "p", "a"), Listed(other, "p", "z")]
    assert [row.name for row in add_up(listed, "task", services())] == ["p/z", "p/a", "p/b"]
    assert [row.name for row in add_up(listed, "task", services(hourly=0.0))] == ["p/z", "p/a", "p/b"]


def test_rows_by_type_tell_spot_and_by_day_are_in_utc_and_in_order() -> None:
    several: dict[str, Any] = {"InstanceGroups": [{"InstanceType": "ml.c5.large", "InstanceCount": 1}]}
    group = job(TrainingTimeInSeconds=60, BillableTimeInSeconds=60, ResourceConfig=several)
    listed = [Listed(SPOT, "p", "t"), Listed(ONE_HOUR, "p", "t"), Listed(group, "p", "t")]
    by_type = add_up(listed, "type", services())
    assert [(row.name, row.jobs) for row in by_type] == [
        ("ml.m5.large spot", 1),
        ("ml.m5.large", 1),
        ("several types", 1),
    ]
    here = replace(services(engine="local"), jobs=Path("jobs"))
    assert [row.name for row in add_up(listed, "type", here)] == ["this machine"]
    east = timezone(timedelta(hours=9))
    days = [
        Listed(job(CreationTime=datetime(2030, 2, 2, 5, tzinfo=east)), "p", "t"),
        Listed(job(CreationTime=datetime(2030, 1, 31, 23, tzinfo=timezone.utc)), "p", "t"),
    ]
    assert [row.name for row in add_up(days, "day", services())] == ["2030-01-31", "2030-02-01"]


@pytest.mark.parametrize(
    ("usd", "text"), [(0.0, "$0.00"), (0.001, "<$0.01"), (0.00499, "<$0.01"), (0.005, "$0.01"), (1234.5, "$1,234.50")]
)
def test_dollars_are_shown_with_cents(usd: float, text: str) -> None:
    assert cost.shown(usd) == text


def test_the_price_of_a_job_is_for_all_hosts_and_for_what_is_billed() -> None:
    assert cost.dollars(SPOT, services()) == 4.0
    assert cost.dollars(SPOT, services(), so_far_s=9) == 4.0
    running = job(status="InProgress")
    assert cost.dollars(running, services(), so_far_s=7200) == 4.0
    assert cost.dollars(running, services()) is None
    assert cost.dollars(job(), services()) is None
    assert cost.dollars(SPOT, services(hourly=None)) is None
    assert cost.dollars(SPOT, services(engine="local")) is None
    assert cost.dollars(job(ResourceConfig={}, BillableTimeInSeconds=60), services()) is None


REQUEST = {
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 3, "KeepAlivePeriodInSeconds": 1800},
    "StoppingCondition": {"MaxRuntimeInSeconds": 5400},
    "EnableManagedSpotTraining": True,
}
CLUSTER = {"ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large"}}}


@pytest.mark.parametrize(
    ("request_", "hourly", "line"),
    [
        (REQUEST, 2.0, "Price: $6.000 an hour (3 x ml.m5.large), $12.00 at most; spot is billed for less time"),
        (CLUSTER, 2.0, "Price: $2.000 an hour (ml.m5.large), $48.00 at most"),
        (REQUEST, None, ""),
        ({}, 2.0, ""),
    ],
)
def test_what_a_job_costs_at_most_is_said_before(request_: Any, hourly: float | None, line: str) -> None:
    assert cost.forecast(request_, "training", services(hourly)) == line
    assert cost.forecast(request_, "training", services(hourly, "local")) == ""


@pytest.mark.parametrize(("billed", "percent"), [(3600, 0), (3580, 1), (1, 100)])
def test_the_share_that_spot_saved(billed: int, percent: int) -> None:
    used = cost.usage(job(EnableManagedSpotTraining=True, TrainingTimeInSeconds=3600, BillableTimeInSeconds=billed))
    assert used == cost.Usage(hosts=1, ran_s=3600, billed_s=billed, saved_percent=percent)
    line = cost.describe(
        job(EnableManagedSpotTraining=True, TrainingTimeInSeconds=3600, BillableTimeInSeconds=billed), services()
    )
    assert (f"{percent} % saved by spot" in line) is (percent > 0)
