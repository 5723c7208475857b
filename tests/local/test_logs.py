"""The lines of hosts as CloudWatch gives them: streams, events, pages."""

from __future__ import annotations

import re
import time
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.aws_api import Logs
from simple_sagemaker.jobs.logs import Event, Tail
from simple_sagemaker.local.api.cloudwatch_logs import GROUP
from tests.local.conftest import Engine
from tests.local.scripts import WAIT

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)


def streams(engine: Engine, **request: Any) -> Any:
    return engine.logs.describe_log_streams(logGroupName=GROUP, **request)


def only_stream(engine: Engine, name: str) -> str:
    (stream,) = streams(engine, logStreamNamePrefix=f"{name}/")["logStreams"]
    return str(stream["logStreamName"])


def events(engine: Engine, stream: str, **request: Any) -> Any:
    return engine.logs.get_log_events(logGroupName=GROUP, logStreamName=stream, **request)


def test_a_stream_is_named_for_its_host_and_start_and_belongs_to_its_job_alone(engine: Engine) -> None:
    began = int(time.time())
    engine.run("echo x", name="job", hosts=2)
    engine.run("echo x", name="job-2")
    entries = streams(engine, logStreamNamePrefix="job/")["logStreams"]
    names = [stream["logStreamName"] for stream in entries]
    assert [name.rpartition("-")[0] for name in names] == ["job/algo-1", "job/algo-2"]
    for stream in entries:
        epoch = int(stream["logStreamName"].rpartition("-")[2])
        assert began <= epoch <= time.time()
        assert stream["creationTime"] == epoch * 1000
    assert len(streams(engine)["logStreams"]) == len(streams(engine, logStreamNamePrefix="jo")["logStreams"]) == 3


def test_streams_come_in_pages_to_the_end(engine: Engine) -> None:
    engine.run("echo x", hosts=5, name="job")
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = streams(engine, logStreamNamePrefix="job/algo-", limit=2, **token)
        seen += [re.findall(r"algo-\d+", stream["logStreamName"])[0] for stream in page["logStreams"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert seen == [f"algo-{number}" for number in range(1, 6)]


def test_events_are_lines_of_both_outputs_in_order_with_times(engine: Engine) -> None:
    began = time.time() * 1000
    engine.run("echo out; sleep 0.2; echo err >&2; sleep 0.2; echo; printf 'é\\377'")
    entries = events(engine, only_stream(engine, "job-1"))["events"]
    assert [event["message"] for event in entries] == ["out", "err", "", "é�"]
    stamps = [event["timestamp"] for event in entries]
    assert stamps == sorted(stamps)
    assert began - 1 <= stamps[0] <= time.time() * 1000


def test_events_come_in_pages_and_the_same_token_again_says_there_are_no_more(engine: Engine) -> None:
    engine.run("seq 25")
    stream = only_stream(engine, "job-1")
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = events(engine, stream, limit=10, startFromHead=True, **token)
        seen += [event["message"] for event in page["events"]]
        if token.get("nextToken") == page["nextForwardToken"]:
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert seen == [str(number) for number in range(1, 26)]


def test_lines_can_be_followed_while_the_job_runs(engine: Engine) -> None:
    name = engine.start(f"echo one; sleep 1; echo two; {WAIT}")
    engine.until_printed(name, "one")
    stream = only_stream(engine, name)
    first = events(engine, stream)
    engine.until_printed(name, "two")
    second = events(engine, stream, nextToken=first["nextForwardToken"])
    assert [event["message"] for event in first["events"] + second["events"]][-1] == "two"
    assert [event["message"] for event in first["events"]].count("one") == 1
    assert "one" not in [event["message"] for event in second["events"]]


def test_a_host_that_printed_nothing_has_no_stream(engine: Engine) -> None:
    engine.run("true")
    assert streams(engine, logStreamNamePrefix="job-1/")["logStreams"] == []


def test_before_the_first_job_there_are_no_streams(engine: Engine) -> None:
    assert streams(engine)["logStreams"] == []
    assert streams(engine, logStreamNamePrefix="job-1/")["logStreams"] == []


@pytest.mark.parametrize("stream", ["job-1/none", "none/algo-1-1", "job-1/../../x", "no-slash", "../b/algo-1-1"])
def test_a_stream_that_is_not_there_is_the_services_error(engine: Engine, stream: str) -> None:
    engine.run("echo x")
    with pytest.raises(ClientError) as refused:
        events(engine, stream)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_another_group_and_a_made_up_token_are_refused(engine: Engine) -> None:
    engine.run("echo x")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        engine.logs.describe_log_streams(logGroupName="/aws/other")
    with pytest.raises(ClientError, match="nextToken is invalid"):
        events(engine, only_stream(engine, "job-1"), nextToken="f/x")


def test_events_are_read_backwards_from_the_end_and_by_time_as_forwards(engine: Engine) -> None:
    engine.run("for n in $(seq 1 60); do echo line $n; [ $((n % 20)) != 0 ] || sleep 0.05; done", name="job")
    stream = only_stream(engine, "job")
    forwards = events(engine, stream, startFromHead=True)["events"]
    assert [one["message"] for one in forwards][:60] == [f"line {number}" for number in range(1, 61)]
    for most in (1, 7, 20, 10_000):
        pages: list[Any] = []
        page = events(engine, stream, limit=most)
        while page["events"]:
            pages = [*page["events"], *pages]
            page = events(engine, stream, limit=most, nextToken=page["nextBackwardToken"])
        assert pages == forwards
        last = events(engine, stream, limit=most)
        assert last["events"] == forwards[-most:]
        assert events(engine, stream, nextToken=last["nextForwardToken"])["events"] == []
    middle = forwards[30]["timestamp"]
    later = events(engine, stream, startFromHead=True, startTime=middle)["events"]
    assert later == [one for one in forwards if one["timestamp"] >= middle]
    assert events(engine, stream, startFromHead=True, endTime=middle)["events"] == forwards[: -len(later)]


@pytest.mark.parametrize("count", [0, 1, 7, 20, 59, 60, 1000])
def test_the_last_lines_of_each_host_come_and_then_the_new_ones(engine: Engine, count: int) -> None:
    engine.run("for n in $(seq 1 60); do echo line $n; [ $((n % 20)) != 0 ] || sleep 0.05; done", name="job", hosts=2)
    received: dict[str, list[str]] = {}
    tail = Tail("job", cast("Logs", engine.logs), last=count)

    def take(host: str, page: list[Event]) -> None:
        received.setdefault(host, []).extend(event.line for event in page)

    while not tail.poll(3, take):
        continue
    printed = engine.printed("job")
    assert received == {host: lines[-count:] for host, lines in printed.items() if count}
    assert tail.poll(100, take, every=True)
    assert received == {host: lines[-count:] for host, lines in printed.items() if count}


def test_only_lines_since_a_time_and_of_one_host_come(engine: Engine) -> None:
    engine.run("for n in 1 2 3; do echo line $n; sleep 0.05; done", name="job", hosts=2)
    stream = streams(engine, logStreamNamePrefix="job/algo-2")["logStreams"][0]["logStreamName"]
    second = next(one for one in events(engine, stream, startFromHead=True)["events"] if one["message"] == "line 2")
    received: list[tuple[str, str]] = []
    tail = Tail("job", cast("Logs", engine.logs), since_ms=second["timestamp"], host=2)
    assert tail.poll(100, lambda host, page: received.extend((host, event.line) for event in page))
    assert received[:2] == [("algo-2", "line 2"), ("algo-2", "line 3")]
