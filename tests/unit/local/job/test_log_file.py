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
