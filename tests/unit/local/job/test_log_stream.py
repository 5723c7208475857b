"""Lines on their way from a host into its file and back."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.local.job import log_stream
from simple_sagemaker.local.job.log_stream import LONGEST_EVENT, Stream

Chunks = list[bytes]


def through(chunks: Chunks, folder: Path, *, most: int = 10_000) -> list[str]:
    """The messages that come back after the chunks were fed one by one, read in pages."""
    stream = Stream(host="algo-1", folder=folder / "logs")
    for chunk in chunks:
        stream.feed(chunk)
    stream.close()
    messages: list[str] = []
    for name in log_stream.streams(folder / "logs"):
        start = 0
        while True:
            page, end = log_stream.read(folder / "logs" / name, start, most_bytes=1 << 20, most=most)
            if end == start:
                break
            messages += [str(event["message"]) for event in page]
            start = end
    return messages


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=8), most=st.integers(1, 5))
def test_bytes_come_back_as_the_same_lines_however_they_were_cut(data: bytes, cuts: list[int], most: int) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(edges)]
    lines = data.split(b"\n")
    expected = [line.decode("utf-8", "replace") for line in (lines if lines[-1] else lines[:-1])]
    with tempfile.TemporaryDirectory() as folder:
        assert through(chunks, Path(folder), most=most) == expected


@given(sizes=st.lists(st.integers(0, 3 * LONGEST_EVENT), max_size=4), step=st.integers(1000, 1 << 18))
def test_lines_of_any_length_lose_nothing_and_no_event_is_too_long(sizes: list[int], step: int) -> None:
    data = b"".join(b"x" * size + b"\n" for size in sizes)
    chunks = [data[start : start + step] for start in range(0, len(data), step)]
    with tempfile.TemporaryDirectory() as folder:
        messages = through(chunks, Path(folder))
    assert "".join(messages) == "x" * sum(sizes)
    assert all(len(message) <= LONGEST_EVENT for message in messages)


def test_a_half_written_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "algo-1-1"
    path.write_bytes(b"1 one\n2 tw")
    first, end = log_stream.read(path, 0, most_bytes=100, most=10)
    assert [event["message"] for event in first] == ["one"]
    with path.open("ab") as more:
        more.write(b"o\n")
    second, _ = log_stream.read(path, end, most_bytes=100, most=10)
    assert [event["message"] for event in second] == ["two"]


def test_a_page_smaller_than_a_line_still_moves_on(tmp_path: Path) -> None:
    path = tmp_path / "algo-1-1"
    path.write_bytes(b"1 " + b"x" * LONGEST_EVENT + b"\n2 y\n")
    messages, end = log_stream.read(path, 0, most_bytes=1 << 20, most=1)
    assert len(messages) == 1
    assert log_stream.read(path, end, most_bytes=1 << 20, most=1)[0][0]["message"] == "y"


def test_times_never_go_back_within_a_stream(tmp_path: Path) -> None:
    stream = Stream(host="algo-1", folder=tmp_path)
    stream._last_ms = 10**14  # as if the clock had been set back since
    stream.feed(b"a\n")
    stream.close()
    (name,) = log_stream.streams(tmp_path)
    messages, _ = log_stream.read(tmp_path / name, 0, most_bytes=100, most=10)
    assert messages[0]["timestamp"] == 10**14


def test_a_metric_is_found_in_a_line_that_arrives_in_pieces(tmp_path: Path) -> None:
    stream = Stream(host="algo-1", folder=tmp_path / "logs", patterns=[("Score", re.compile("Score=(.*?);"))])
    for piece in (b"Sco", b"re=1", b"0;", b" Score=nan; Score=x;\nScore=2"):
        stream.feed(piece)
    stream.close()
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert '"value": 10.0' in lines[0]
    assert stream.last_values["Score"]["value"] != 2


def test_a_regular_expression_that_does_not_end_costs_its_metric_and_nothing_else(tmp_path: Path) -> None:
    patterns = [("Bad", re.compile("(a+)+$")), ("Loss", re.compile("loss=([0-9]+)"))]
    stream = Stream(host="algo-1", folder=tmp_path / "logs", patterns=patterns)
    stream.feed(b"loss=1\n" + b"a" * 40 + b"!\nloss=2\n")
    stream.feed(b"a" * 40 + b"!\nloss=3\n")
    stream.close()
    points = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(point["name"], point["value"]) for point in points] == [("Loss", 1), ("Loss", 2), ("Loss", 3)]
    messages = read_all(tmp_path / "logs")
    assert [line for line in messages if "the metric Bad is not looked for any more" in line] == [messages[3]]
    assert [line for line in messages if line.startswith("loss")] == ["loss=1", "loss=2", "loss=3"]


def test_a_log_ends_at_its_limit_with_a_line_and_the_number_of_what_was_cut(tmp_path: Path) -> None:
    stream = Stream(host="algo-1", folder=tmp_path / "logs", limit=1 << 20)
    for _ in range(100):
        stream.feed(b"y" * 99 + b"\n" + b"z\n" * 500)
    stream.feed(b"Loss: 1\n" * 100_000)
    stream.write_line("from the engine")
    stream.close()
    (name,) = log_stream.streams(tmp_path / "logs")
    assert (tmp_path / "logs" / name).stat().st_size < (1 << 20) + 1000
    messages = read_all(tmp_path / "logs")
    printed = {"y" * 99, "z", "Loss: 1"}
    kept = [line for line in messages if line in printed]
    assert [line for line in messages if line not in printed] == [
        "simple-sagemaker: this log has reached 1 MB (SSM_LOG_LIMIT_MB); the lines that follow are not kept",
        "from the engine",
        f"simple-sagemaker: {150_100 - len(kept):,} lines after the first 1 MB were cut",
    ]
    assert kept[-1] == "Loss: 1"


def test_short_lines_take_little_more_than_themselves_and_each_has_its_time(tmp_path: Path) -> None:
    stream = Stream(host="algo-1", folder=tmp_path / "logs")
    for start in range(10):
        stream._last_ms = 10**14 + start
        stream.feed(b"y\n" * 1000)
    stream.close()
    (name,) = log_stream.streams(tmp_path / "logs")
    path = tmp_path / "logs" / name
    assert path.stat().st_size < 2 * 20_000
    start, times = 0, []
    while True:
        page, end = log_stream.read(path, start, most_bytes=777, most=33)
        if end == start:
            break
        times += [event["timestamp"] for event in page]
        start = end
    assert times == [10**14 + number // 1000 for number in range(10_000)]


def test_lines_for_which_the_disk_has_no_room_are_counted_and_no_half_line_stays(tmp_path: Path) -> None:
    """The limit on a file's size (RLIMIT_FSIZE) stands for a full disk: the system writes a part, or nothing."""
    script = """
import resource, signal, sys
from pathlib import Path
from simple_sagemaker.local.job.log_stream import Stream
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
stream = Stream(host="algo-1", folder=Path(sys.argv[1]))
stream.feed(b"before\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
stream.feed(b"lost and lost and lost and lost\\n" * int(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
stream.feed(b"after\\n")
stream.close()
"""
    for count, lost in ((3, "3 lines were"), (1, "1 line was")):
        logs = tmp_path / str(count)
        subprocess.run([sys.executable, "-c", script, str(logs), str(count)], check=True)
        assert read_all(logs) == ["before", f"simple-sagemaker: {lost} lost, because the disk was full", "after"]


def read_all(logs: Path) -> list[str]:
    """The messages of the one stream of a folder."""
    (name,) = log_stream.streams(logs)
    events, _ = log_stream.read(logs / name, 0, most_bytes=1 << 24, most=1 << 24)
    return [str(event["message"]) for event in events]


def test_the_last_error_is_the_last_line_that_says_something(tmp_path: Path) -> None:
    stream = Stream(host="algo-1", folder=tmp_path)
    assert stream.last_error() == ""
    stream.feed(b"first\n  ValueError: no \n \n\t\n")
    assert stream.last_error() == "ValueError: no"
    stream.feed(b"x" * 5000 + b"\n")
    assert stream.last_error() == "x" * 4095  # of the last 4 KiB
    stream.close()


def test_a_host_that_begins_again_has_a_stream_of_its_own(tmp_path: Path) -> None:
    for text in (b"one\n", b"two\n", b"three\n"):
        stream = Stream(host="algo-1", folder=tmp_path / "logs")
        stream._last_ms = 10**15  # in the same second
        stream.feed(text)
        stream.close()
    names = log_stream.streams(tmp_path / "logs")
    assert names == [f"algo-1-{10**12 + number}" for number in range(3)]
    assert [read_file(tmp_path / "logs" / name) for name in names] == [["one"], ["two"], ["three"]]


def test_what_comes_after_the_end_goes_into_the_same_stream(tmp_path: Path) -> None:
    stream = Stream(host="algo-1", folder=tmp_path / "logs")
    stream.feed(b"no newline")
    stream.close()
    stream.write_line("and\nmore")
    stream.close()
    assert read_all(tmp_path / "logs") == ["no newline", "and", "more"]


def test_values_that_cloudwatch_does_not_take_are_counted_by_metric(tmp_path: Path) -> None:
    patterns = [("b", re.compile("b=(.*?);")), ("a", re.compile("[0-9]+ a"))]
    stream = Stream(host="algo-1", folder=tmp_path / "logs", patterns=patterns)
    stream._last_ms = 10**15 + 250
    stream.feed(f"b={2.0**360!r};b={-(2.0**360)!r};b=1e200;b=nan;b=inf;b=x;\n".encode())
    stream.close()
    points = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    at = (10**15 + 250) / 1000
    assert points == [{"name": "b", "value": sign * 2.0**360, "at": at, "host": "algo-1"} for sign in (1, -1)]
    assert read_all(tmp_path / "logs")[1:] == [
        "Metric 'b': 3 of its values left out (not finite, or too large for CloudWatch)"
    ]
    assert stream.last_values == {"b": points[-1]}


def test_metrics_are_in_the_order_of_the_lines_and_a_regex_without_a_group_is_the_value(tmp_path: Path) -> None:
    patterns = [("late", re.compile("[0-9]+")), ("early", re.compile("=([0-9]+)"))]
    stream = Stream(host="algo-1", folder=tmp_path / "logs", patterns=patterns)
    stream.feed(b"a=1\nb=2\n")
    stream.close()
    points = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(point["name"], point["value"]) for point in points] == [
        *(("late", 1), ("early", 1), ("late", 2), ("early", 2))
    ]


@pytest.mark.parametrize(
    ("beyond", "told"),
    [(1, "1 line after the first 1 MB was cut"), (1234, "1,234 lines after the first 1 MB were cut")],
)
def test_what_is_cut_is_counted(tmp_path: Path, beyond: int, told: str) -> None:
    stream = Stream(host="algo-1", folder=tmp_path / "logs", limit=1 << 20)
    for _ in range(5):
        stream.feed(b"x" * ((1 << 20) // 5 - 30) + b"\n")
    stream.feed((b"y" * 200 + b"\n") * beyond)
    stream.close()
    stream.close()  # and says it once
    messages = read_all(tmp_path / "logs")
    assert len(messages) == 7
    assert messages[-1] == f"simple-sagemaker: {told}"


def test_a_stream_that_nothing_was_printed_to_is_none(tmp_path: Path) -> None:
    assert log_stream.streams(tmp_path / "logs") == []
    stream = Stream(host="algo-1", folder=tmp_path / "logs")
    stream.feed(b"")
    stream.close()
    assert log_stream.streams(tmp_path / "logs") == []


def read_file(path: Path) -> list[str]:
    events, _ = log_stream.read(path, 0, most_bytes=1 << 24, most=1 << 24)
    return [str(event["message"]) for event in events]
