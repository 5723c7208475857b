"""What is told of a transfer that is under way."""

from __future__ import annotations

import pytest

from simple_sagemaker.core.progress import Meter, size


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456, "123 kB"), (2_500_000, "2.5 MB"), (4 * 10**12, "4.0 TB")],
)
def test_bytes_are_told_as_people_read_them(count: int, said: str) -> None:
    assert size(count) == said


def test_a_line_tells_files_bytes_rate_and_time_left() -> None:
    now = 0.0
    meter = Meter(what="Sending", files=4, size=40_000_000, clock=lambda: now)
    meter.skip_file(10_000_000)
    meter.add_bytes(10_000_000)
    meter.finish_file()
    now = 10.0
    assert meter.line() == "Sending: 2 of 4 files  20.0 MB of 40.0 MB  1.0 MB/s  0:10 left"


def test_many_small_files_count_for_the_time_left_too() -> None:
    now = 0.0
    meter = Meter(what="Sending", files=10_000, size=10_000, clock=lambda: now)
    for _ in range(1000):
        meter.add_bytes(1)
        meter.finish_file()
    now = 60.0
    assert meter.line().endswith("9:00 left")
    meter.files = 1_000_000
    assert meter.line().endswith("16:38:59 left")


def test_without_totals_no_time_is_guessed() -> None:
    now = 0.0
    meter = Meter(what="Fetching the state", clock=lambda: now)
    meter.add_bytes(500)
    now = 5.0
    assert meter.line() == "Fetching the state: 0 files  500 B  100 B/s"


@pytest.mark.parametrize(
    ("spent_s", "seen_files", "seen_size", "left"),
    [
        (0.9, 1, 10, ""),
        (1.0, 1, 10, "  0:01 left"),
        (5.0, 0, 0, ""),
        (5.0, 2, 20, ""),
        (5.0, 3, 99, ""),
        (120.0, 1, 10, "  2:00 left"),
    ],
)
def test_a_time_is_guessed_only_while_something_is_left(
    spent_s: float, seen_files: int, seen_size: int, left: str
) -> None:
    now = 0.0
    meter = Meter(what="x", files=2, size=20, clock=lambda: now)
    meter.seen_files, meter.seen_size = seen_files, seen_size
    now = spent_s
    line = meter.line()
    assert line.partition("/s")[2] == left
    assert f"{min(seen_size, 20)} B of 20 B" in line
