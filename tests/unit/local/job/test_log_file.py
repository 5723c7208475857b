"""A log's file: what fits below its limit is kept, to the byte; what is read is whole events."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from simple_sagemaker.local.job import log_file
from simple_sagemaker.local.job.log_file import LogFile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")
LINES = [b"a" * 10, b"b" * 10, b"c" * 10]
WEIGHT = 10 + 20  # of one of them, with its stamp


def texts(path: Path) -> list[str]:
    events, _ = log_file.read(path, 0, most_bytes=1 << 20, most=1000)
    return [event["message"] for event in events]


@pytest.mark.parametrize(("limit", "kept"), [(3 * WEIGHT, 3), (3 * WEIGHT - 1, 2), (2 * WEIGHT, 2), (WEIGHT - 1, 0)])
def test_lines_that_fit_below_the_limit_are_kept_and_the_others_counted(tmp_path: Path, limit: int, kept: int) -> None:
    log = LogFile(tmp_path / "log", limit)
    assert log.write(LINES, 1000) == 3 - kept
    log.write_beyond(b"cut", 1001)
    log.close()
    assert texts(tmp_path / "log") == [*(line.decode() for line in LINES[:kept]), "cut"]


def test_what_a_file_has_already_counts(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"1000 " + b"x" * 94 + b"\n")
    for limit, dropped in ((100 + WEIGHT, 0), (100, 1), (100 + WEIGHT - 1, 1)):
        os.truncate(path, 100)
        log = LogFile(path, limit)
        assert log.write(LINES[:1], 1000) == dropped
        log.close()


def test_reading_begins_and_ends_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"")
    assert log_file.read(path, 0, most_bytes=100, most=10) == ([], 0)
    log = LogFile(path, 1 << 20)
    log.write(LINES, 1234)
    log.close()
    whole, end = log_file.read(path, 0, most_bytes=1 << 20, most=10)
    assert end == path.stat().st_size
    assert [event["timestamp"] for event in whole] == [1234] * 3
    first, after = log_file.read(path, 0, most_bytes=1 << 20, most=1)
    rest, _ = log_file.read(path, after, most_bytes=1 << 20, most=10)
    assert [*first, *rest] == whole  # a line without a stamp has that of the line before
    with open(path, "ab") as file:
        file.write(b"99 half a line")
    assert log_file.read(path, 0, most_bytes=1 << 20, most=10) == (whole, end)


def written(path: Path, count: int, *, each_ms: int = 0) -> list[str]:
    """A log of so many lines; their texts. With ``each_ms`` they are written one by one, that far apart."""
    lines = [b"line %d" % number for number in range(count)]
    log = LogFile(path, 1 << 20)
    if each_ms:
        for number, line in enumerate(lines):
            log.write([line], 1000 + number * each_ms)
    else:
        log.write(lines, 1000)
    log.close()
    return [line.decode() for line in lines]


@pytest.mark.parametrize(("most", "found"), [(1, 1), (2, 2), (200, 200), (201, 200)])
def test_the_last_events_begin_where_as_many_are_left(tmp_path: Path, most: int, found: int) -> None:
    path = tmp_path / "log"
    lines = written(path, 200)
    begin, end = log_file.start_of_last(path, None, most_bytes=1 << 20, most=most)
    assert end == path.stat().st_size
    events, after = log_file.read(path, begin, most_bytes=1 << 20, most=1000)
    assert [event["message"] for event in events] == lines[-found:]
    assert {event["timestamp"] for event in events} == {1000}
    assert after == end
    earlier, middle = log_file.start_of_last(path, begin, most_bytes=1 << 20, most=1000)
    assert (earlier, middle) == (0, begin)


@pytest.mark.parametrize("most_bytes", [8, 9, 20, 30, 99])
def test_the_last_events_within_so_many_bytes_are_whole(tmp_path: Path, most_bytes: int) -> None:
    path = tmp_path / "log"
    lines = written(path, 50)
    data = path.read_bytes()
    begin, end = log_file.start_of_last(path, None, most_bytes=most_bytes, most=1000)
    assert end == len(data)
    assert data[begin - 1 : begin] == b"\n"
    assert end - begin <= most_bytes
    events, _ = log_file.read(path, begin, most_bytes=1 << 20, most=1000)
    assert [event["message"] for event in events] == lines[len(lines) - len(events) :]
    next_longer = data.rfind(b"\n", 0, begin - 1) + 1
    assert end - next_longer >= most_bytes  # one more would not have been seen whole


def test_half_a_line_at_the_end_is_none_of_the_last_and_an_end_beyond_the_file_is_the_files(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, 3)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"2000 half")
    assert log_file.start_of_last(path, None, most_bytes=1 << 20, most=10) == (0, size)
    assert log_file.start_of_last(path, size + 1000, most_bytes=1 << 20, most=10) == (0, size)
    path.write_bytes(b"")
    assert log_file.start_of_last(path, None, most_bytes=1 << 20, most=10) == (0, 0)


def test_one_line_in_sixty_four_has_its_time_and_a_reader_anywhere_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, 130)
    stamped = [number for number, line in enumerate(path.read_bytes().split(b"\n")) if line.startswith(b"1000 ")]
    assert stamped == [0, 64, 128]
    start = path.read_bytes().index(b" line 63\n")
    events, _ = log_file.read(path, start, most_bytes=1 << 20, most=3)
    assert [(event["timestamp"], event["message"]) for event in events] == [
        *((1000, "line 63"), (1000, "line 64"), (1000, "line 65"))
    ]


def test_each_event_has_the_time_at_which_it_was_written_and_came_in(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, 5, each_ms=7)
    events, _ = log_file.read(path, 0, most_bytes=1 << 20, most=10)
    assert [event["timestamp"] for event in events] == [1000, 1007, 1014, 1021, 1028]
    assert [event["ingestionTime"] for event in events] == [1000, 1007, 1014, 1021, 1028]


def test_a_time_is_found_across_lines_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    long = b"y" * (1 << 16)
    path.write_bytes(b"5000 first\n " + long + b"\n " + long + b"\n last\n")
    start = path.stat().st_size - len(b" last\n")
    events, _ = log_file.read(path, start, most_bytes=100, most=1)
    assert (events[0]["timestamp"], events[0]["message"]) == (5000, "last")


@pytest.mark.parametrize(
    ("line", "when", "text"),
    [
        (b"253402300799999 x", 253402300799999, "x"),  # the last of the year 9999
        (b"253402300800000 x", 253402300799999, "x"),
        (b"9999999999999999 x", 7, "x"),  # no time: what the disk lost
        (b"\0\0\0 x", 7, "x"),
        (b"x", 7, ""),
        (b"12 two words", 12, "two words"),
    ],
)
def test_a_line_without_a_time_that_can_be_has_that_of_the_one_before(
    tmp_path: Path, line: bytes, when: int, text: str
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"7 before\n" + line + b"\n")
    events, _ = log_file.read(path, 0, most_bytes=100, most=10)
    assert (events[1]["timestamp"], events[1]["message"]) == (when, text)
