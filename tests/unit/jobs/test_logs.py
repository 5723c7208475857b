"""Lines from CloudWatch: every event once and in order, whatever pages, streams and troubles there are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from simple_sagemaker.core.aws_api import Logs
from simple_sagemaker.core.retries import is_transient
from simple_sagemaker.jobs import logs as joblogs
from simple_sagemaker.jobs.logs import GROUP, Tail
from tests.counts import examples
from tests.unit.jobs.watching import JOB, CloudWatch, refused

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class Received:
    """The lines that were passed on, by host."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}

    def __call__(self, host: str, events: list[joblogs.Event]) -> None:
        assert events
        self.lines.setdefault(host, []).extend(event.line for event in events)


def tail(cloud: CloudWatch, hosts: int = 1, listing: int = 1) -> Tail:
    names = Tail(JOB, cast("Logs", cloud), listing=listing)
    names.hosts = hosts
    return names


def stream(host: int, epoch: int = 100) -> str:
    return f"{JOB}/algo-{host}-{epoch}"


def test_a_group_that_is_not_there_yet_has_no_lines() -> None:
    cloud, received = CloudWatch(has_group=False), Received()
    assert tail(cloud).poll(10, received)
    assert not received.lines
    assert joblogs.streams(JOB, cast("Logs", cloud)) == []


def test_a_stream_that_is_listed_and_cannot_be_read_yet_is_read_later() -> None:
    cloud, received = CloudWatch(streams={stream(1): ["a"]}, hidden={stream(1)}), Received()
    lines = tail(cloud)
    assert lines.poll(10, received)
    assert list(joblogs.pages(stream(1), cast("Logs", cloud))) == []
    cloud.hidden.clear()
    lines.poll(10, received)
    assert received.lines == {"algo-1": ["a"]}


def test_streams_are_listed_by_host_and_start_over_all_pages_and_by_the_number_in_the_name() -> None:
    cloud = CloudWatch(streams={stream(host): [] for host in range(1, 121)}, empty=0.5)
    cloud.streams |= {stream(2, 99): [], f"{JOB}/other": [], f"{JOB}x/algo-1-1": []}
    names = joblogs.streams(JOB, cast("Logs", cloud))
    assert [joblogs.host_number(name) for name in names] == [1, 2, *range(2, 121)]
    assert names[1:3] == [stream(2, 99), stream(2, 100)]


def test_a_stream_of_no_host_has_no_number() -> None:
    with pytest.raises(ValueError, match="not a stream of a host"):
        joblogs.host_number(f"{JOB}/other")


def test_an_empty_page_with_a_new_token_is_not_the_end() -> None:
    cloud, received = (
        CloudWatch(streams={stream(1): [str(number) for number in range(100)]}, longest=7, empty=0.5),
        Received(),
    )
    assert tail(cloud).poll(1000, received)
    assert received.lines["algo-1"] == cloud.streams[stream(1)]
    assert [line for page in joblogs.pages(stream(1), cast("Logs", cloud)) for line in page] == received.lines["algo-1"]


def test_a_look_reads_no_more_pages_than_it_may_and_every_stream_has_its_turn() -> None:
    cloud, received = CloudWatch(streams={stream(host): ["x"] * 50 for host in range(1, 301)}, longest=50), Received()
    lines, looks = tail(cloud, 300), 0
    while not lines.poll(8, received):
        looks += 1
        assert len([call for call in cloud.calls if call != "DescribeLogStreams"]) == 8 * looks
        if looks == 40:
            assert len(received.lines) == 300  # one page of each came before the second of any
    assert {len(names) for names in received.lines.values()} == {50}


def test_streams_of_an_earlier_start_are_left_alone_when_they_are_quiet_and_read_at_the_end() -> None:
    cloud, received = CloudWatch(streams={stream(1, 1): ["old"], stream(1, 2): ["new"]}), Received()
    lines = tail(cloud)
    for _ in range(20):
        lines.poll(100, received)
    assert cloud.reads(stream(1, 1)) == 3  # its line and its end, and its end once more
    assert cloud.reads(stream(1, 2)) == 21
    cloud.streams[stream(1, 1)].append("late")
    lines.restart_round()
    lines.poll(100, received, every=True)
    assert received.lines["algo-1"] == ["old", "new", "late"]


def test_streams_are_asked_for_seldom_when_every_host_has_one() -> None:
    cloud, received = CloudWatch(streams={stream(1): []}), Received()
    lines = tail(cloud, hosts=2, listing=12)
    for _ in range(5):
        lines.poll(100, received)
    missing = cloud.calls.count("DescribeLogStreams")
    assert missing == 3  # at the first round, the second and the fourth
    cloud.streams[stream(2)] = ["late"]
    lines.expect()
    for _ in range(25):
        lines.poll(100, received)
    assert received.lines == {"algo-2": ["late"]}
    assert cloud.calls.count("DescribeLogStreams") - missing == 3  # at once, after 12 rounds and after 24


def test_after_a_restart_new_streams_are_looked_for_until_each_host_has_one() -> None:
    cloud, received = CloudWatch(streams={stream(1): ["a"], stream(2): ["b"]}), Received()
    lines = tail(cloud, hosts=2, listing=1000)
    lines.poll(100, received)
    assert not lines.misses_hosts
    lines.expect(restarted=True)
    lines.poll(100, received)
    assert lines.misses_hosts
    cloud.streams |= {stream(1, 200): ["c"], stream(2, 200): ["d"]}
    for _ in range(3):
        lines.poll(100, received)
    assert received.lines == {"algo-1": ["a", "c"], "algo-2": ["b", "d"]}
    assert not lines.misses_hosts


def test_a_token_that_is_too_old_repeats_nothing() -> None:
    cloud, received = CloudWatch(streams={stream(1): list("abcdef")}, longest=2, day=50), Received()
    lines = tail(cloud)
    lines.poll(100, received)
    cloud.calls += ["another's"] * 60
    cloud.streams[stream(1)] += list("gh")
    lines.poll(100, received)
    assert received.lines["algo-1"] == list("abcdefgh")


def test_a_service_that_takes_no_token_at_all_is_not_asked_for_ever() -> None:
    cloud, received = CloudWatch(streams={stream(1): ["a"] * 10}, longest=1, day=0), Received()
    with pytest.raises(Exception, match="InvalidParameterException"):
        tail(cloud).poll(10_000, received)


def test_an_error_on_the_way_loses_and_repeats_nothing() -> None:
    cloud, received = CloudWatch(streams={stream(1): list("abcdef")}, longest=1), Received()
    lines = tail(cloud)

    def interrupted(host: str, events: list[joblogs.Event]) -> None:
        if [event.line for event in events] == ["c"]:
            raise KeyboardInterrupt
        received(host, events)

    with pytest.raises(KeyboardInterrupt):
        lines.poll(100, interrupted)
    lines.poll(100, received)
    assert received.lines["algo-1"] == list("abcdef")


@st.composite
def clouds(draw: st.DrawFn) -> CloudWatch:
    return CloudWatch(
        chance=Random(draw(st.integers(0, 1 << 32))),
        longest=draw(st.integers(1, 12)),
        empty=draw(st.sampled_from([0.0, 0.3, 0.7])),
        trouble=draw(st.sampled_from([0.0, 0.2])),
        day=draw(st.sampled_from([float("inf"), 30.0])),
    )


@given(
    cloud=clouds(),
    steps=st.lists(  # of a stream host and start, how many lines it prints; how many looks there are, of how many pages
        st.tuples(*[st.integers(*ends) for ends in ((1, 4), (1, 3), (0, 30), (0, 3), (0, 9))]), max_size=25
    ),
    listing=st.integers(1, 5),
)
@settings(max_examples=examples(60, 2000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_event_comes_once_and_in_the_order_of_its_stream(
    cloud: CloudWatch, steps: list[tuple[int, ...]], listing: int
) -> None:
    received, lines = Received(), tail(cloud, hosts=4, listing=listing)

    def look(most: int, *, every: bool = False) -> bool:
        try:
            return lines.poll(most, received, every=every)
        except Exception as error:
            if not is_transient(error):
                raise
            return False

    for host, start, events, looks, most in steps:
        names = cloud.streams.setdefault(stream(host, start), [])
        names += [f"{host}-{start} {len(names) + number}" for number in range(events)]
        for _ in range(looks):
            look(most)
    lines.restart_round()
    while not look(50, every=True):
        pass
    for name, wanted in cloud.streams.items():
        of = name.rpartition("algo-")[2]
        got = [
            line for line in received.lines.get(f"algo-{joblogs.host_number(name)}", []) if line.startswith(f"{of} ")
        ]
        assert got == wanted
    assert lines.delivered == sum(map(len, cloud.streams.values()))


@pytest.fixture(scope="module")
def moto_logs() -> Iterator[CloudWatchLogsClient]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield boto3.client(
            "logs",
            region_name="eu-west-1",
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
    finally:
        server.stop()


def put(logs: CloudWatchLogsClient, name: str, lines: list[str]) -> None:
    now = int(time.time() * 1000)
    for start in range(0, len(lines), 10_000):
        events: Any = [{"timestamp": now, "message": line} for line in lines[start : start + 10_000]]
        logs.put_log_events(logGroupName=GROUP, logStreamName=name, logEvents=events)


def test_boto3_reads_60_streams_and_a_long_one_from_motos_logs(moto_logs: CloudWatchLogsClient) -> None:
    received, lines = Received(), Tail(JOB, moto_logs)
    lines.hosts = 60
    assert lines.poll(1000, received)  # there is not even a group
    moto_logs.create_log_group(logGroupName=GROUP)
    for host in range(1, 61):
        moto_logs.create_log_stream(logGroupName=GROUP, logStreamName=stream(host))
        put(moto_logs, stream(host), [f"{host} first"])
    while not lines.poll(8, received):
        pass
    long = [str(number) for number in range(12_000)]
    put(moto_logs, stream(7), long)
    moto_logs.create_log_stream(logGroupName=GROUP, logStreamName=stream(8, 200))
    put(moto_logs, stream(8, 200), ["8 again"])
    lines.restart_round()
    while not lines.poll(8, received, every=True):
        pass
    assert received.lines.pop("algo-7") == ["7 first", *long]
    assert received.lines.pop("algo-8") == ["8 first", "8 again"]
    assert received.lines == {f"algo-{host}": [f"{host} first"] for host in range(1, 61) if host not in {7, 8}}
    assert not lines.misses_hosts
    assert [line for page in joblogs.pages(stream(7), moto_logs) for line in page] == ["7 first", *long]
    assert list(joblogs.pages(stream(999), moto_logs)) == []


def test_a_refusal_that_does_not_pass_is_raised() -> None:
    class Denied(CloudWatch):
        def describe_log_streams(self, **_: Any) -> Any:
            raise refused("AccessDeniedException")

        get_log_events = describe_log_streams

    with pytest.raises(Exception, match="AccessDenied"):
        tail(Denied()).poll(1, Received())
    with pytest.raises(Exception, match="AccessDenied"):
        list(joblogs.pages(stream(1), cast("Logs", Denied())))
