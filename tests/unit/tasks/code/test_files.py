"""Whether a file changed while it was read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.tasks.code import files


def test_a_file_is_steady_if_nothing_but_its_end_changed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"line\n")
    before = os.stat(path)
    assert files._is_steady(before, os.stat(path))
    with open(path, "ab") as log:
        log.write(b"another\n")
    grown = os.stat(path)
    assert files._is_steady(before, grown)
    os.utime(path, ns=(grown.st_atime_ns, grown.st_mtime_ns + 1))
    touched = os.stat(path)
    assert not files._is_steady(grown, touched)
    os.truncate(path, 3)
    assert not files._is_steady(touched, os.stat(path))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_file_that_became_a_pipe_is_named_and_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "requirements.txt")
    with pytest.raises(FileNotFoundError, match="no regular file"):
        files._read(str(tmp_path / "requirements.txt"))
