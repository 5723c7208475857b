"""Jobs side by side: what differs between them, and which of them is the best."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.jobs.comparison import ComparedJob, compared, differing, metric_names, sort
from tests.unit.jobs.watching import JOB, Watch, described

NAN = float("nan")


def one(short_name: str, metrics: dict[str, float] | None = None, **hyperparameters: str) -> ComparedJob:
    (made,) = compared(
        [Listed(of_training(described(("Completed", ""), status="Completed")), "p", "task")],
        [hyperparameters],
        Watch().services(lambda _: 0.0, Reading()),
    )
    return replace(made, short_name=short_name, metrics=metrics or {})


def test_a_job_is_compared_by_its_description() -> None:
    values = [{"MetricName": name, "Value": value} for name, value in (("extra", 3.0), ("b", 2.0), ("a", 1.0))]
    defined = [{"Name": name, "Regex": "x"} for name in ("a", "b", "none")]
    answer: Any = described(
        ("Completed", ""),
        status="Completed",
        hosts=2,
        FinalMetricDataList=values,
        AlgorithmSpecification={"MetricDefinitions": defined},
        TrainingTimeInSeconds=3600,
        BillableTimeInSeconds=1800,
    )
    services = replace(Watch().services(lambda _: 0.0, Reading()), price=lambda *_: 2.0)
    (job,) = compared([Listed(of_training(answer), "p", "task")], [{"lr": "1"}], services)
    assert job == ComparedJob(
        project="p",
        task="task",
        trial=None,
        job=JOB,
        short_name="a1B2c3D4",
        status="Completed",
        created=answer["CreationTime"],
        hosts=2,
        instance_type="ml.m5.large",
        hyperparameters={"lr": "1"},
        metrics={"a": 1.0, "b": 2.0, "extra": 3.0},
        ran_s=3600,
        cost_usd=2.0,
    )
    assert [*job.metrics] == ["a", "b", "extra"], "in the order in which the job defines them"


def test_hyperparameters_that_differ_are_named_and_those_asked_for_come_first() -> None:
    jobs = [one("a", lr="1", same="x", mode="m"), one("b", lr="2", same="x", mode="m"), one("c", lr="1", same="x")]
    assert differing(jobs) == ["lr", "mode"]
    assert differing(jobs, ["same", "mode", "unknown"]) == ["same", "mode", "lr"]
    assert differing(jobs[:1]) == []


def test_metrics_are_named_once_in_their_order() -> None:
    assert metric_names([one("a", {"b": 1.0}), one("b", {"a": 1.0, "b": 2.0})]) == ["b", "a"]


@pytest.mark.parametrize(
    ("name", "lowest_first", "order"),
    [
        ("loss", None, "bcad"),
        ("loss", False, "acbd"),
        ("accuracy", None, "acbd"),
        ("accuracy", True, "bcad"),
        ("other", None, "acbd"),
        ("lr", None, "cbad"),
        ("lr", False, "cbad"),
    ],
)
def test_the_best_job_is_first_and_those_without_a_value_last(name: str, lowest_first: bool | None, order: str) -> None:
    def measured(short_name: str, value: float, lr: str) -> ComparedJob:
        return one(short_name, {"loss": value, "accuracy": value, "other": value}, lr=lr)

    jobs = [one("d", {"loss": NAN}), measured("a", 3.0, "x"), measured("b", 1.0, "10"), measured("c", 2.0, "9")]
    assert "".join(job.short_name for job in sort(jobs, name, lowest_first=lowest_first)) == order


def test_numbers_are_sorted_by_value_before_texts_and_texts_before_nothing() -> None:
    jobs = [one("none"), one("text", lr="b"), one("nan", lr="nan"), one("2", lr="2"), one("1e1", lr="1e1")]
    assert [job.short_name for job in sort(jobs, "lr")] == ["2", "1e1", "text", "nan", "none"]
