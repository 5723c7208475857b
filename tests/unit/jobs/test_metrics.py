"""The values of metrics in lines: found as the service finds them, numbered, with their steps, and summed up."""

from __future__ import annotations

import io
import math
from datetime import datetime, timezone

import pytest

from simple_sagemaker.jobs.logs import Event
from simple_sagemaker.jobs.metrics import Metrics, Point, Points, Search, Summary, Table, Value, best, lower_is_better


def of(values: list[float]) -> Summary:
    summary = Summary()
    for value in values:
        summary.add(value)
    return summary


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("loss", [3.0, 1.0, 2.0], "1 (lowest)"),
        ("accuracy", [0.1, 0.9, 0.5], "0.9 (highest)"),
        ("temperature", [2.0, 1.0, 3.0], "1 to 3"),
        ("temperature", [2.0, 2.0], "2"),
        ("temperature", [2.0], ""),
        ("temperature", [float("nan"), float("inf")], ""),
        ("temperature", [float("nan"), 2.0], "2"),
        ("loss", [], ""),
    ],
)
def test_the_best_value_or_the_range_where_the_name_tells_nothing(name: str, values: list[float], words: str) -> None:
    summary = of(values)
    assert best(name, summary) == words
    assert summary.count == len(values)


def test_a_summary_keeps_the_last_value_even_one_that_is_no_number() -> None:
    summary = of([2.0, 1.0, float("inf"), float("nan")])
    assert (summary.lowest, summary.highest) == (1.0, 2.0)
    assert math.isnan(summary.last)


@pytest.mark.parametrize(
    ("name", "lower"),
    [
        ("loss", True),
        ("validation:rmse", True),
        ("valLoss", True),
        ("eval_Top1", False),
        ("f1", False),
        ("validation:aucpr", False),
        ("accuracyLoss", None),
        ("floss", None),
        ("", None),
    ],
)
def test_a_metrics_name_tells_which_values_are_better(name: str, lower: bool | None) -> None:
    assert lower_is_better(name) is lower


def test_values_are_found_by_the_first_group_or_the_whole_in_the_order_of_the_lines() -> None:
    search = Search({"b": r"b=(\S+)", "a": r"\d+\.\d+", "bad": "(", "optional": r"z(\d)?"})
    lines = ["b=1 b=x 2.5", "nothing", "7.25 z b=nan", "b=9"]
    found = [(one.line, one.metric, one.value) for one in search.find(lines) if not math.isnan(one.value)]
    assert found == [(0, "b", 1.0), (0, "a", 2.5), (2, "a", 7.25), (3, "b", 9.0)]
    assert Value(2, "b", 0.0).metric in {one.metric for one in search.find(["b=nan"])}
    assert [*search.dropped] == ["bad"]
    assert search.dropped["bad"].startswith("its regular expression is not one for Python: ")


def test_metrics_are_summed_up_as_lines_come_and_a_problem_is_told_once() -> None:
    metrics = Metrics({"a": r"a=(\d+)", "bad": "("})
    assert not metrics.read(["nothing"])
    assert metrics.newest == {}
    assert metrics.read(["a=3 a=1"])
    assert metrics.read(["a=2"])
    assert metrics.newest == {"a": 2.0}
    assert metrics.summaries == {"a": Summary(count=3, last=2.0, lowest=1.0, highest=3.0)}
    (line,) = metrics.new_problems()
    assert line.startswith("The metric bad is not looked for in the lines: its regular expression")
    assert metrics.new_problems() == []


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def test_each_value_has_its_time_its_number_on_its_host_and_the_step_that_holds() -> None:
    points = Points({"a": r"a=(\d+)"}, r"step (\S+)")
    found = points.find(1, [Event(1500, "a=1"), Event(2000, "step 10 a=2"), Event(3000, "step x a=3")])
    found += points.find(2, [Event(2500, "a=9")])
    found += points.find(1, [Event(4000, "a=4 a=5")])
    assert found == [
        Point(time=moment(at), host=host, metric="a", number=number, step=step, value=value)
        for at, host, number, step, value in (
            (1.5, 1, 1, None, 1.0),
            (2.0, 1, 2, 10.0, 2.0),
            (3.0, 1, 3, 10.0, 3.0),
            (2.5, 2, 1, None, 9.0),
            (4.0, 1, 4, 10.0, 4.0),
            (4.0, 1, 5, 10.0, 5.0),
        )
    ]
    assert [one.step for one in Points({"a": "a"}, r"\d+").find(1, [Event(0, "7")])] == []
    assert [one.step for one in Points({"a": r"a(\d)"}, r"^\d+").find(1, [Event(0, "7 a1")])] == [7.0]


def test_a_table_has_a_row_for_each_value() -> None:
    out = io.StringIO()
    table = Table({"a": r"a=(\S+)"}, out)
    table.add("job/algo-2-1", [Event(1500, "a=0.1"), Event(2000, "a=nan")])
    assert out.getvalue().splitlines() == [
        "time,host,metric,number,value",
        "1970-01-01T00:00:01.500Z,algo-2,a,1,0.1",
        "1970-01-01T00:00:02.000Z,algo-2,a,2,nan",
    ]
