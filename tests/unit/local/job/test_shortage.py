"""What this machine ran out of, as people are told it."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from simple_sagemaker.local.job.shortage import shortage


@pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "open files of a process is reached (ulimit -n"),
        (OSError(errno.ENFILE, os.strerror(errno.ENFILE)), "open files of this machine is reached"),
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "processes and threads is reached (ulimit -u"),
        (RuntimeError("can't start new thread"), "processes and threads is reached (ulimit -u"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "no memory left"),
        (MemoryError(), "no memory left"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "The disk is full"),
    ],
)
def test_each_limit_is_named_with_the_way_out(error: Exception, said: str) -> None:
    assert said in shortage(error)


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "denied"), OSError("text"), RuntimeError("other"), KeyError()])
def test_any_other_error_is_none_of_them(error: Exception) -> None:
    assert shortage(error) == ""
