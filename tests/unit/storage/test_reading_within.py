"""Files read up to a size: no more is read, and no more memory taken than they need."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from simple_sagemaker.core.regular_files import read_plain, read_within


@pytest.mark.parametrize(("size", "is_read"), [(0, True), (9, True), (10, True), (11, False)])
def test_a_file_is_read_up_to_its_limit(tmp_path: Path, size: int, is_read: bool) -> None:
    (tmp_path / "f").write_bytes(b"x" * size)
    with open(tmp_path / "f", "rb") as file:
        assert read_within(file, 10) == (b"x" * size if is_read else None)
    if is_read:
        assert read_plain(tmp_path / "f", 10) == b"x" * size
    else:
        with pytest.raises(OSError, match="large"):
            read_plain(tmp_path / "f", 10)


def test_a_limit_of_terabytes_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    with open(tmp_path / "f", "rb") as file:
        assert read_within(file, 1 << 50) == b"x"


@pytest.mark.skipif(sys.platform != "linux", reason="files without a size are Linux's")
def test_a_file_that_has_more_than_it_says_is_read_to_its_end_or_refused() -> None:
    for most in (1 << 20, 100):
        with open("/proc/self/status", "rb") as file:
            read = read_within(file, most)
        assert (read is not None and read.count(b"\n") > 20) == (most > 100)
