"""Files that are fetched ahead for a pipe are closed, however fetching ended."""

from __future__ import annotations

import io
import os
import sys
from concurrent.futures import Future

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.data import pipe_mode


def test_only_what_was_fetched_is_closed() -> None:
    fetched: Future[io.BufferedReader] = Future()
    file = open(os.devnull, "rb")  # noqa: SIM115 - closed by what is tested
    fetched.set_result(file)
    failed: Future[io.BufferedReader] = Future()
    failed.set_exception(OSError("gone"))
    cancelled: Future[io.BufferedReader] = Future()
    cancelled.cancel()
    for future in (fetched, failed, cancelled):
        pipe_mode._close(future)
    assert file.closed
