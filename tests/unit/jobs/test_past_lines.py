"""The lines that a job has so far, and the values of its metrics in them: every one, once, in the order of time."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.aws_api import Logs
from simple_sagemaker.core.job import Job, of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.jobs import metric_values
from simple_sagemaker.jobs.metrics import Summary
from simple_sagemaker.jobs.outages import Clock
from simple_sagemaker.jobs.past_lines import PatientLogs, past_lines
from tests.unit.jobs.watching import JOB, Watch, described, refused

FIRST, SECOND, RESTARTED = f"{JOB}/algo-1-1000", f"{JOB}/algo-2-1000", f"{JOB}/algo-1-2000"


class Pages:
    """Streams of lines with times, in pages of two, from either end, as CloudWatch has them."""

    def __init__(self, streams: dict[str, list[tuple[int, str]]]) -> None:
        self.streams = streams
        self.hidden: set[str] = set()
        self.read = 0

    def describe_log_streams(self, **request: Any) -> Any:
        names = [name for name in self.streams if name.startswith(request["logStreamNamePrefix"])]
        return {"logStreams": [{"logStreamName": name} for name in names]}

    def get_log_events(self, **request: Any) -> Any:
        if request["logStreamName"] in self.hidden:
            raise refused("ResourceNotFoundException", operation="GetLogEvents")
        self.read += 1
        lines = [one for one in self.streams[request["logStreamName"]] if one[0] >= request.get("startTime", 0)]
        forward = request["startFromHead"]
        at = int(request.get("nextToken", 0 if forward else len(lines)))
        begin, end = (at, min(len(lines), at + 2)) if forward else (max(0, at - 2), at)
        events = [{"timestamp": when, "message": text} for when, text in lines[begin:end]]
        return {"events": events, "nextForwardToken": str(end), "nextBackwardToken": str(begin)}


STREAMS = {
    FIRST: [(10, "a=1"), (20, "a=2"), (20, "a=3"), (40, "a=4")],
    SECOND: [(15, "a=10"), (35, "x"), (36, "a=11")],
    RESTARTED: [(50, "a=5"), (60, "a=6"), (60, "b=7")],
}


def lines(last: int | None = None, **chosen: Any) -> list[tuple[int, int, str]]:
    return [tuple(one) for one in past_lines(job(), services(Pages(STREAMS)), pytest.fail, last=last, **chosen)]  # type: ignore[misc]


def job(*metrics: tuple[str, str]) -> Job:
    defined = [{"Name": name, "Regex": regex} for name, regex in metrics]
    return of_training(described(("Training", ""), AlgorithmSpecification={"MetricDefinitions": defined}))


def services(pages: Pages) -> Services:
    return replace(Watch().services(lambda _: 0.0, Reading()), logs=cast("Logs", pages))


EVERY = sorted((at, 2 if stream == SECOND else 1, text) for stream, some in STREAMS.items() for at, text in some)


def test_the_lines_of_all_hosts_come_in_the_order_of_time() -> None:
    assert lines() == EVERY
    assert lines(host=2) == [one for one in EVERY if one[1] == 2]
    assert lines(since_ms=36) == [one for one in EVERY if one[0] >= 36]


@pytest.mark.parametrize("last", range(9))
def test_the_last_lines_of_each_host_are_so_many_and_no_more(last: int) -> None:
    """Across a restart, and where several lines have the same time."""
    for host in (1, 2):
        own = [one for one in EVERY if one[1] == host]
        assert [one for one in lines(last=last) if one[1] == host] == own[max(0, len(own) - last) :]


@pytest.mark.parametrize("last", [1, 2, 5])
def test_the_last_of_many_lines_of_one_moment_are_so_many_too(last: int) -> None:
    pages = Pages({FIRST: [(1, "first"), *((5, str(number)) for number in range(9))]})
    found = [one.line for one in past_lines(job(), services(pages), pytest.fail, last=last)]
    assert found == [str(number) for number in range(9)][-last:]


def test_the_last_line_of_a_long_stream_costs_no_more_than_its_end() -> None:
    pages = Pages({FIRST: [(number, str(number)) for number in range(1000)]})
    assert [one.line for one in past_lines(job(), services(pages), pytest.fail, last=1)] == ["999"]
    assert pages.read <= 6


def test_a_stream_that_cannot_be_read_yet_has_no_last_lines() -> None:
    pages = Pages({FIRST: [(1, "a")], SECOND: [(2, "b")]})
    original = pages.get_log_events
    tries: list[int] = []

    def once_hidden(**request: Any) -> Any:
        if request["logStreamName"] == FIRST and not tries:
            tries.append(1)
            raise refused("ResourceNotFoundException", operation="GetLogEvents")
        return original(**request)

    pages.get_log_events = once_hidden  # type: ignore[method-assign]
    assert "b" in [one.line for one in past_lines(job(), services(pages), pytest.fail, last=1)]


def test_a_service_that_is_down_is_asked_again_for_a_quarter_of_an_hour() -> None:
    watch = Watch()
    watch.logs.trouble = 1.0
    notes: list[str] = []
    patient = PatientLogs(cast("Logs", watch.logs), notes.append, Clock(seconds=lambda: watch.now, sleep=watch.sleep))
    with pytest.raises(ClientError, match="Throttling"):
        patient.describe_log_streams(logGroupName="g", logStreamNamePrefix=JOB)
    assert 15 * 60 < watch.now < 20 * 60
    assert len(notes) == 1
    watch.logs.trouble, watch.logs.streams = 0.0, {FIRST: ["x"]}
    assert patient.get_log_events(logStreamName=FIRST)["events"] == [{"timestamp": 0, "message": "x"}]


def test_the_values_of_a_metric_are_those_of_all_lines_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = services(Pages(STREAMS))
    notes: list[str] = []
    for at_once in (1, 3, 100):
        monkeypatch.setattr(metric_values, "_AT_ONCE", at_once)
        found = list(metric_values.points(job(("a", r"a=(\d+)"), ("bad", "(")), pages, notes.append))
        assert [(one.host, one.number, one.value) for one in found] == [
            *((1, 1, 1.0), (2, 1, 10.0), (1, 2, 2.0), (1, 3, 3.0), (2, 2, 11.0), (1, 4, 4.0), (1, 5, 5.0), (1, 6, 6.0)),
        ]
    assert len(notes) == 3
    assert notes[0].startswith("The metric bad is not looked for in the lines: ")
    assert metric_values.summaries(job(("b", r"b=(\d)"), ("none", "none"), ("a", r"a=(\d+)")), pages, pytest.fail) == {
        "b": Summary(count=1, last=7.0, lowest=7.0, highest=7.0),
        "a": Summary(count=8, last=6.0, lowest=1.0, highest=11.0),
    }


def test_the_lines_of_a_job_without_metrics_are_not_read() -> None:
    pages = Pages(STREAMS)
    assert list(metric_values.points(job(), services(pages), pytest.fail)) == []
    assert pages.read == 0
